"""Write a ledger's entries as NDJSON, CSV or Parquet, for other tools to read."""

from counterfoil.ledger.export.run import EXPORT_FORMATS, Exported, export

__all__ = ["EXPORT_FORMATS", "Exported", "export"]

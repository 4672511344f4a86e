"""Write a ledger's entries as NDJSON, CSV, Parquet, Arrow or a Delta table, for other tools."""

from counterfoil.ledger.export.run import EXPORT_FORMATS, Exported, export

__all__ = ["EXPORT_FORMATS", "Exported", "export"]

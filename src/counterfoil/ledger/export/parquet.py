"""Write rows as Parquet or as an Arrow file, a batch at a time.

Imported only when one is asked for: pyarrow is an extra.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from counterfoil.extras import brings
from counterfoil.ledger.export.arrow import batches, schema_of
from counterfoil.ledger.export.columns import Columns
from counterfoil.ledger.export.rows import ExportRow

with brings("frames"):
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["write_arrow", "write_parquet"]


def write_parquet(columns: Columns, rows: Iterable[ExportRow], sink: Any) -> int:
    """Write rows to a binary file object; returns how many."""
    with pa.PythonFile(sink, mode="w") as file, pq.ParquetWriter(file, schema_of(columns)) as out:
        return _write(columns, rows, out)


def write_arrow(columns: Columns, rows: Iterable[ExportRow], sink: Any) -> int:
    """Write rows to a binary file object in Arrow's file format; returns how many.

    Source: Arrow columnar format, "IPC File Format" (Feather version 2).
    """
    with pa.PythonFile(sink, mode="w") as file, pa.ipc.new_file(file, schema_of(columns)) as out:
        return _write(columns, rows, out)


def _write(columns: Columns, rows: Iterable[ExportRow], out: Any) -> int:
    count = 0
    for table in batches(columns, rows):
        out.write_table(table)
        count += table.num_rows
    return count

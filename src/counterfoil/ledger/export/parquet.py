"""Write rows as Parquet, a row group at a time.

Imported only when Parquet is asked for: pyarrow is an extra.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from counterfoil.extras import brings
from counterfoil.ledger.export.columns import (
    HEADER_COLUMNS,
    ColumnKind,
    Columns,
    header_values,
)
from counterfoil.ledger.export.rows import ExportRow

with brings("frames"):
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["GROUP_CELLS", "write_parquet"]

GROUP_CELLS: Final = 1 << 20
"""About so many cells stand in a row group, which is held in memory."""

_GROUP_ROWS_MAX: Final = 16_384


def write_parquet(columns: Columns, rows: Iterable[ExportRow], sink: Any) -> int:
    """Write rows to a binary file object; returns how many."""
    schema = _schema(columns)
    group = max(1, min(_GROUP_ROWS_MAX, GROUP_CELLS // len(schema)))
    count = 0
    rows = iter(rows)
    with pa.PythonFile(sink, mode="w") as file, pq.ParquetWriter(file, schema) as writer:
        while table := [[*header_values(row), *columns.values(row)] for row in islice(rows, group)]:
            arrays = [
                pa.array(values, type=field.type)
                for values, field in zip(zip(*table, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(table)
    return count


def _schema(columns: Columns) -> pa.Schema:
    types: dict[ColumnKind, pa.DataType] = {
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "text": pa.string(),
    }
    header: dict[str, pa.DataType] = {
        "index": pa.int64(),
        "number": pa.int64(),
        "at_ms": pa.int64(),
        "signed_by": pa.list_(pa.string()),
    }
    fields = [(name, header.get(name, pa.string())) for name in HEADER_COLUMNS]
    named = zip(columns.names, columns.kinds, strict=True)
    return pa.schema([*fields, *((name, types[kind]) for name, kind in named)])

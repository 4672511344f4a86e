"""Make Arrow tables of rows: whole, or a batch at a time.

Imported only when such a table is asked for: pyarrow is an extra.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from counterfoil.extras import brings
from counterfoil.ledger.export.columns import (
    HEADER_COLUMNS,
    ColumnKind,
    Columns,
    cells,
    header_values,
)
from counterfoil.ledger.export.rows import ExportRow
from counterfoil.ledger.view import RecordView

with brings("frames"):
    import pyarrow as pa

__all__ = ["BATCH_CELLS", "batches", "field_of", "header_fields", "schema_of", "table_of"]

BATCH_CELLS: Final = 1 << 20
"""About so many cells stand in a batch, which is held in memory."""

_BATCH_ROWS_MAX: Final = 16_384


def schema_of(columns: Columns) -> pa.Schema:
    """Give the header's fields and those of the content, each of its kind."""
    named = zip(columns.names, columns.kinds, strict=True)
    return pa.schema([*header_fields(), *(field_of(name, kind) for name, kind in named)])


def header_fields() -> list[pa.Field]:
    """Give the fields of HEADER_COLUMNS."""
    types: dict[str, pa.DataType] = {
        "index": pa.int64(),
        "number": pa.int64(),
        "at_ms": pa.int64(),
        "signed_by": pa.list_(pa.string()),
    }
    return [pa.field(name, types.get(name, pa.string())) for name in HEADER_COLUMNS]


def field_of(name: str, kind: ColumnKind) -> pa.Field:
    """Give the field of a column."""
    types: dict[ColumnKind, pa.DataType] = {
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "text": pa.string(),
    }
    return pa.field(name, types[kind])


def batches(columns: Columns, rows: Iterable[ExportRow]) -> Iterator[pa.Table]:
    """Lay rows out in tables of `schema_of(columns)`, of a bounded number of cells."""
    schema = schema_of(columns)
    size = max(1, min(_BATCH_ROWS_MAX, BATCH_CELLS // len(schema)))
    rows = iter(rows)
    while values := [[*header_values(row), *columns.values(row)] for row in islice(rows, size)]:
        yield _table(schema, values)


def table_of(rows: Iterable[tuple[RecordView, Mapping[str, Any]]]) -> pa.Table:
    """Lay decoded entries out in one table, as an export of them would be.

    rows: an entry, and what is told about it beyond that: column -> plain value.
    Raises InputError with code export.columns.
    """
    columns, held = Columns(), []
    for view, more in rows:
        row = _row(view)
        found = {**cells(row), **more}
        columns.see_cells(found, view.index)
        held.append((header_values(row), found))
    values = [[*header, *columns.values_of(found)] for header, found in held]
    return _table(schema_of(columns), values)


def _table(schema: pa.Schema, values: Sequence[Sequence[Any]]) -> pa.Table:
    if not values:
        return schema.empty_table()
    arrays = [
        pa.array(column, type=field.type)
        for column, field in zip(zip(*values, strict=True), schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _row(view: RecordView) -> ExportRow:
    return ExportRow(
        view.index,
        view.leaf,
        view.kind,
        view.issuer,
        view.source,
        view.number,
        view.at_ms,
        view.signed_by,
        msgspec.Raw(msgspec.json.encode(view.content)),
        view.personal or msgspec.UNSET,
    )

"""One side of a comparison: a table whose columns are turned into cells when they are asked for.

Columns that are stored alike need neither a type nor cells; CSV is kept as text for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from counterfoil.provenance.fingerprint.cells import cells_of
from counterfoil.provenance.fingerprint.csv_types import TypeOf, check_types, converted
from counterfoil.provenance.fingerprint.extra import need
from counterfoil.provenance.fingerprint.reading import open_table
from counterfoil.provenance.fingerprint.table import schema_of

__all__ = ["Side", "shown"]


class Side:
    """A table in memory; arguments and errors as `open_table`."""

    def __init__(
        self,
        data: Any,
        *,
        types: Mapping[str, str] | None = None,
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
    ) -> None:
        arrow = need("pyarrow")
        opened = open_table(data, types=types, missing=missing, infer=False, columns=columns)
        table = arrow.Table.from_batches(opened.batches(), opened.schema)
        self.is_text = opened.kind == "csv"
        self._given = types or {}
        if self.is_text:
            check_types(self._given, table.column_names)
            self.names = list(table.column_names)
            self._types: dict[str, str] = {}
            self._stored: dict[str, str] = {}
        else:
            settled = schema_of(table.schema)
            self.names = [name for _, name, _ in settled]
            self._types = {name: kind for _, name, kind in settled}
        self._columns = {name: table.column(name) for name in self.names}
        self._arrays: dict[str, Any] = {}
        self._cells: dict[str, Any] = {}
        self.rows: int = table.num_rows

    def type_of(self, name: str) -> str:
        """Tell a column's logical type."""
        if name not in self._types:
            learning = TypeOf(name, self._given.get(name))
            learning.see(self._columns[name])
            self._types[name], self._stored[name] = learning.type, learning.stored
        return self._types[name]

    def same_stored(self, other: Side, name: str, rows: Any = None) -> bool:
        """Tell whether a column is stored alike on both sides; then its values are the same.

        rows: (k, 2) int64, the rows of both to compare; all when None.
        """
        one, two = self._columns[name], other._columns[name]
        if self.is_text != other.is_text or one.type != two.type:
            return False
        if rows is not None:
            one, two = one.take(rows[:, 0]), two.take(rows[:, 1])
        return bool(one.equals(two))

    def keep_text(self, name: str) -> None:
        """Take a column of CSV as the text that it is."""
        self._types[name] = self._stored[name] = "string"

    def array(self, name: str) -> Any:
        """Give a column as one pyarrow Array of its type."""
        if name not in self._arrays:
            arrow, column = need("pyarrow"), self._columns[name].combine_chunks()
            column = arrow.concat_arrays(column.chunks) if hasattr(column, "chunks") else column
            self._arrays[name] = self._typed(column, name)
        return self._arrays[name]

    def cells(self, name: str) -> Any:
        """Give a column's cells; see `cells`."""
        if name not in self._cells:
            self._cells[name] = cells_of(self.array(name))
        return self._cells[name]

    def taken(self, name: str, rows: Any) -> Any:
        """Give some rows of a column as a pyarrow Array of its type; rows: (k,) int64."""
        if name in self._arrays or not self.is_text:
            return self.array(name).take(rows)
        arrow, column = need("pyarrow"), self._columns[name].take(rows).combine_chunks()
        column = arrow.concat_arrays(column.chunks) if hasattr(column, "chunks") else column
        return self._typed(column, name)

    def _typed(self, column: Any, name: str) -> Any:
        if not self.is_text:
            return column
        self.type_of(name)
        return converted(column, self._stored[name], name)


def shown(scalar: Any) -> Any:
    """Give a pyarrow value for people and JSON: as it is, or as text where JSON has no such."""
    value = scalar.as_py()
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    if isinstance(value, bytes):
        return value.hex()
    plain = value is None or isinstance(value, (bool, int, float, str, list, dict))
    return value if plain else str(value)

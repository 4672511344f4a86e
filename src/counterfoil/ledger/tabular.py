"""What lists of entries have in common: they can be taken as an Arrow table.

Whatever reads the Arrow PyCapsule interface (polars, DuckDB, pandas, pyarrow) takes them as they
are. The columns are those of an export. This module refuses to import Arrow before somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from counterfoil.ledger.view import RecordView

__all__ = ["Listed", "TableRow", "Tabular"]

TableRow = tuple[RecordView, Mapping[str, Any]]
"""An entry, and what the list tells about it beyond that: column -> plain value."""

T = TypeVar("T")


class Tabular:
    """A list of entries that is a table, too. Needs the extra `frames`."""

    __slots__ = ()

    def table_rows(self) -> Iterable[TableRow]:
        """List its rows."""
        raise NotImplementedError

    def to_arrow(self) -> Any:
        """Give a `pyarrow.Table`, with a column for each field of the header and of the content.

        Columns are named and typed as in an export: `index`, `leaf`, ..., `content.<path>`.
        Raises Unavailable with code extra.missing, InputError with code export.columns.
        """
        from counterfoil.ledger.export.arrow import table_of

        return table_of(self.table_rows())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the table over as the Arrow PyCapsule interface says; raises as `to_arrow`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class Listed(Iterator[T], Tabular, Generic[T]):
    """Things that come one by one, as they are read; each is a row.

    As a table it is what has not been iterated yet, which is then used up.
    """

    __slots__ = ("_row", "_things")

    def __init__(self, things: Iterator[T], row: Callable[[T], TableRow]) -> None:
        self._things, self._row = things, row

    def __next__(self) -> T:
        return next(self._things)

    def table_rows(self) -> Iterable[TableRow]:
        """List what is left."""
        return map(self._row, self._things)

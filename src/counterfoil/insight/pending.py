"""Blocks that were read and are not in a sealed part yet; they may still be replaced by others.

This module refuses to know where they come from and where they go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.insight.extra import need
from counterfoil.insight.tables import TABLES, arrow_schema

__all__ = ["Pending"]

_NUMBER: Final = {"blocks": "number"}


class Pending:
    """Consecutive blocks from `first` on. before: hash of the block before them, "" if unknown."""

    def __init__(self, first: int, before: str) -> None:
        self.first, self.before = first, before
        self.hashes: list[str] = []
        self.rows = 0
        self._tables: dict[str, list[Any]] = {table: [] for table in TABLES}

    @property
    def next(self) -> int:
        """The number of the block that comes next."""
        return self.first + len(self.hashes)

    @property
    def last_hash(self) -> str:
        """The hash that the next block must name as its parent's; "" if it is not known."""
        return self.hashes[-1] if self.hashes else self.before

    def add(self, tables: Mapping[str, Any]) -> None:
        """Add the rows of the blocks that come next."""
        for table, found in tables.items():
            self._tables[table].append(found)
            self.rows += found.num_rows
        self.hashes += tables["blocks"]["hash"].to_pylist()

    def cut(self, number: int) -> None:
        """Forget the blocks from `number` on."""
        self._keep_below(number)
        del self.hashes[max(number - self.first, 0) :]

    def take(self, number: int) -> dict[str, Any]:
        """Give the rows of the blocks below `number`, which then stand before the first one."""
        compute = need("pyarrow.compute")
        taken, left = {}, {}
        for table in TABLES:
            whole = self._whole(table)
            below = compute.less(whole[_NUMBER.get(table, "block_number")], number)
            taken[table] = whole.filter(below)
            left[table] = [whole.filter(compute.invert(below))]
        count = number - self.first
        self.before, self.first = self.hashes[count - 1], number
        self.hashes = self.hashes[count:]
        self._tables = left
        self.rows = sum(one.num_rows for held in left.values() for one in held)
        return taken

    def whole(self) -> dict[str, Any]:
        """Give all rows: table -> `pyarrow.Table`."""
        return {table: self._whole(table) for table in TABLES}

    def _whole(self, table: str) -> Any:
        held: Sequence[Any] = self._tables[table] or [arrow_schema(table).empty_table()]
        whole = need("pyarrow").concat_tables(held)
        self._tables[table] = [whole]
        return whole

    def _keep_below(self, number: int) -> None:
        compute = need("pyarrow.compute")
        for table in TABLES:
            whole = self._whole(table)
            below = compute.less(whole[_NUMBER.get(table, "block_number")], number)
            self._tables[table] = [whole.filter(below)]
        self.rows = sum(one.num_rows for held in self._tables.values() for one in held)

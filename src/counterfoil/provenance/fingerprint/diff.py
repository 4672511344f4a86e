"""Say how two tables differ: columns, rows, and cells, by value and not by how they are stored.

Columns are compared by name, rows by place, by alignment (`alignment`) or by a key column. By
place is tried first; where rows were added or many differ, the description with fewer changed rows
is given. This module refuses to print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint.alignment import Alignment, align
from counterfoil.provenance.fingerprint.cells import cells_of, join, offsets_of, strings_of
from counterfoil.provenance.fingerprint.extra import need
from counterfoil.provenance.fingerprint.sides import Side, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CellChange", "Retyped", "TableDiff", "diff_tables"]

_ALIGN_FROM: Final = 0.2
"""Share of rows that differ by place, between the first and the last that do, from which rows are
aligned: an inserted row shifts all that follow, edited ones stand apart."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that differs.

    row_before, row_after: numbers from 0, a header not counted. before, after: the values as JSON
    has them, or text.
    """

    row_before: int
    row_after: int
    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Retyped:
    """A column of another logical type; its values are compared only where both sides are text."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TableDiff:
    """How two tables differ.

    same: not at all. method: how rows were matched. rows_changed, cells_changed, rows_inserted,
    rows_deleted: how many. by_column: column -> changed cells. changes: the first cells, and
    inserted, deleted: the first row numbers, up to the limit that was asked for. columns_reordered
    and rows_reordered: in another order; moved: the first (before, after) of rows that are the
    same ones in another order, rows_moved how many.
    """

    same: bool
    method: Literal["place", "alignment", "key"]
    rows_before: int
    rows_after: int
    rows_changed: int = 0
    cells_changed: int = 0
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_reordered: bool = False
    rows_moved: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[Retyped, ...] = ()
    columns_reordered: bool = False
    by_column: dict[str, int] = field(default_factory=dict)
    changes: tuple[CellChange, ...] = ()
    inserted: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    moved: tuple[tuple[int, int], ...] = ()


def diff_tables(
    before: Side, after: Side, *, key: str | None = None, limit: int = 100
) -> TableDiff:
    """Compare two tables.

    key: a column whose values name rows, each once a table. limit: how many changes are listed.
    Raises InputError with code dataset.key, and what reading raises.
    """
    common = [name for name in before.names if name in after.names]
    retyped = tuple(_retyped(before, after, common))
    apart = {one.column for one in retyped} if not (before.is_text and after.is_text) else set()
    compared = [name for name in common if name not in apart]
    if key is not None and key not in compared:
        raise InputError(
            "dataset.key",
            f"expected a key column that both tables have, found {key[:80]!a}",
            hint=f"Both have: {', '.join(compared)[:300]}.",
        )
    method, rows, moves = _match(before, after, compared, key)
    cells = _Cells(before, after, rows.changed, limit)
    for name in compared:
        cells.compare(name)
    added = tuple(name for name in after.names if name not in before.names)
    removed = tuple(name for name in before.names if name not in after.names)
    moved = common != [name for name in after.names if name in before.names]
    return TableDiff(
        same=not (rows.edits or len(moves) or added or removed or retyped or moved),
        method=method,
        rows_before=before.rows,
        rows_after=after.rows,
        rows_changed=len(rows.changed),
        cells_changed=sum(cells.counts.values()),
        rows_inserted=len(rows.inserted),
        rows_deleted=len(rows.deleted),
        rows_reordered=bool(len(moves)),
        rows_moved=len(moves),
        by_column=cells.counts,
        changes=tuple(sorted(cells.found, key=lambda one: (one.row_before, one.row_after))[:limit]),
        inserted=tuple(rows.inserted[:limit].tolist()),
        deleted=tuple(rows.deleted[:limit].tolist()),
        moved=tuple((row, place) for row, place in moves[:limit].tolist()),
        columns_added=added,
        columns_removed=removed,
        columns_retyped=retyped,
        columns_reordered=moved,
    )


def _retyped(before: Side, after: Side, common: Sequence[str]) -> Iterator[Retyped]:
    """Find columns of other types; CSV has its text to compare all the same."""
    for name in common:
        if before.same_stored(after, name):
            continue
        one, other = before.type_of(name), after.type_of(name)
        if one != other:
            if before.is_text and after.is_text:
                before.keep_text(name)
                after.keep_text(name)
            yield Retyped(name, one, other)


def _match(
    before: Side, after: Side, names: Sequence[str], key: str | None
) -> tuple[Literal["place", "alignment", "key"], Alignment, NDArray[np.int64]]:
    """Match rows, and tell which are the same ones in another order: (k, 2)."""
    none = np.empty((0, 2), np.int64)
    if key is not None:
        return "key", *_by_key(before, after, names, key)
    shared = min(before.rows, after.rows)
    unlike = np.zeros(shared, bool)
    columns = 0
    for name in names:
        here = _unlike(before, after, name, shared)
        columns += bool(here.any())
        unlike |= here
    changed = np.flatnonzero(unlike)
    placed = Alignment(
        np.stack([changed, changed], axis=1),
        np.arange(shared, before.rows),
        np.arange(shared, after.rows),
    )
    if before.rows == after.rows:
        lone = columns < min(2, len(names))  # rows that moved differ in more than one column
        if lone or len(changed) < 2:
            return "place", placed, none
        moves = _moves(before, after, names, changed)
        if len(moves):
            return "alignment", Alignment(none, none[:, 0], none[:, 0]), moves
        if len(changed) < _ALIGN_FROM * (changed[-1] + 1 - changed[0]):
            return "place", placed, none
    first = int(changed[0]) if len(changed) else shared
    ends = before.rows, after.rows
    if before.rows == after.rows:
        ends = int(changed[-1]) + 1, int(changed[-1]) + 1
    pairs = [(side, np.arange(first, end)) for side, end in zip((before, after), ends, strict=True)]
    found = align(*(_digests(side, names, rows) for side, rows in pairs))
    if found.edits < placed.edits:
        moved = Alignment(found.changed + first, found.deleted + first, found.inserted + first)
        return "alignment", moved, none
    return "place", placed, none


def _moves(
    before: Side, after: Side, names: Sequence[str], changed: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where rows went that are the same ones in another order: (k, 2); none if they are not."""
    one, other = (_digests(side, names, changed) for side in (before, after))
    order, places = (np.argsort(digests, kind="stable") for digests in (one, other))
    if not np.array_equal(one[order], other[places]):
        return np.empty((0, 2), np.int64)
    moves = np.stack([changed[order], changed[places]], axis=1)
    return moves[np.argsort(moves[:, 0])]


def _unlike(before: Side, after: Side, name: str, rows: int) -> NDArray[np.bool_]:
    """Which of the first rows differ in a column."""
    if before.same_stored(after, name):
        return np.zeros(rows, bool)
    one, other = before.cells(name), after.cells(name)
    if isinstance(one, np.ndarray):
        return _unequal(one[:rows], other[:rows])
    return _unequal(one.slice(0, rows), other.slice(0, rows))


def _digests(side: Side, names: Sequence[str], rows: NDArray[np.int64]) -> NDArray[Any]:
    """Name some rows by 16 bytes each: equal rows of the compared columns have equal names."""
    if len(rows) == side.rows:
        parts = [side.cells(name) for name in names]
    else:
        parts = [cells_of(side.taken(name, rows)) for name in names]
    joined = strings_of(join(parts, len(rows)))
    data, ends = memoryview(joined.buffers()[2] or b""), offsets_of(joined).tolist()
    found, start = [], ends[0]
    for end in ends[1:]:
        found.append(blake2b(data[start:end], digest_size=16).digest())
        start = end
    return np.frombuffer(b"".join(found), dtype="V16").view("S16") if found else np.empty(0, "S16")


def _by_key(
    before: Side, after: Side, names: Sequence[str], key: str
) -> tuple[Alignment, NDArray[np.int64]]:
    """Match rows by a key; those that stand in another order among the matched ones moved."""
    places = []
    for side in (before, after):
        named = {bytes(one): row for row, one in enumerate(strings_of(side.cells(key)).to_pylist())}
        if len(named) != side.rows:
            raise InputError(
                "dataset.key",
                f"expected each value of {key[:80]!a} once, found {side.rows - len(named)} "
                "rows with one that stands before",
                hint="Name another column, or leave the key out.",
            )
        places.append(named)
    one, other = places
    pairs = np.array([(row, other[name]) for name, row in one.items() if name in other], np.int64)
    pairs = pairs.reshape(-1, 2)
    unlike = np.zeros(len(pairs), bool)
    for name in names:
        if not before.same_stored(after, name) or not np.array_equal(pairs[:, 0], pairs[:, 1]):
            unlike |= _differ(before.cells(name), after.cells(name), pairs)
    deleted = np.array([row for name, row in one.items() if name not in other], np.int64)
    inserted = np.array([row for name, row in other.items() if name not in one], np.int64)
    moved = np.sort(pairs[:, 1]) != pairs[:, 1]
    return Alignment(pairs[unlike], deleted, inserted), pairs[moved]


def _differ(one: Any, other: Any, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the paired rows differ in a column's cells."""
    if isinstance(one, np.ndarray):
        return _unequal(one[pairs[:, 0]], other[pairs[:, 1]])
    return _unequal(one.take(pairs[:, 0]), other.take(pairs[:, 1]))


class _Cells:
    """Counts and lists the cells that differ in rows that changed."""

    def __init__(self, before: Side, after: Side, rows: NDArray[np.int64], limit: int) -> None:
        self._before, self._after, self._rows, self._limit = before, after, rows, limit
        self.counts: dict[str, int] = {}
        self.found: list[CellChange] = []

    def compare(self, name: str) -> None:
        """Compare a column."""
        if not len(self._rows) or self._before.same_stored(self._after, name, self._rows):
            return
        one = self._before.taken(name, self._rows[:, 0])
        other = self._after.taken(name, self._rows[:, 1])
        unlike = np.flatnonzero(_unequal(cells_of(one), cells_of(other)))
        if not len(unlike):
            return
        self.counts[name] = len(unlike)
        for at in unlike[: self._limit].tolist():
            row, place = self._rows[at].tolist()
            self.found.append(CellChange(row, place, name, shown(one[at]), shown(other[at])))


def _unequal(one: Any, other: Any) -> NDArray[np.bool_]:
    """Which cells differ: (n,)."""
    if isinstance(one, np.ndarray):
        return np.asarray((one != other).any(axis=1), dtype=bool)
    found = need("pyarrow.compute").not_equal(one, other)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

"""Compare a ledger's database with what its entries say it must hold, table by table.

SQLite compares, on disk, so memory stays flat whatever the tables hold. The database may be
damaged: what cannot be read is a difference too. This module refuses to mend.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.storage.sqlite_schema import READ_FAULTS, connect_reader

__all__ = ["Difference", "compare_tables", "integrity_faults", "span_gaps"]

_LIMIT: Final = 1000

_SPAN: Final = (
    "SELECT s.issuer, s.name, p.first, p.count, p.at FROM {0}.span p "
    "LEFT JOIN {0}.source s ON s.id = p.source"
)
_TABLES: Final = {
    # table: (query, columns that name a row)
    "schema": ("SELECT type || ' ' || name, sql FROM {0}.sqlite_schema", 1),
    "source": ("SELECT issuer, name FROM {0}.source", 2),
    "span": (_SPAN, 3),
    "identity": ("SELECT hash, at FROM {0}.identity", 1),
    "counter": ("SELECT key, typeof(value), value FROM {0}.counter", 1),
    "key_entry": ("SELECT at FROM {0}.key_entry", 1),
}

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as it must be.

    table, row: where, in words. expected, found: the other columns, in words. at: the entry that
    the row points to, with its count where it is a run; None where it points to none.
    """

    table: str
    row: str
    expected: str
    found: str
    at: tuple[int, int] | None = None


def compare_tables(found: Path, expected: Path) -> Iterator[Difference]:
    """Compare the tables that can be derived from the entries; at most 1,000 rows a table.

    found: the ledger's database. expected: one that was derived anew.
    """
    for table, (query, naming) in _TABLES.items():
        try:
            with contextlib.closing(_attach(found, expected)) as connection:
                extra = _except(connection, query, "found", "main")
                missing = _except(connection, query, "main", "found")
        except (*READ_FAULTS, OverflowError) as err:
            yield Difference(table, "all rows", "rows that can be read", str(err))
            continue
        yield from _pair(table, naming, extra, missing)


def integrity_faults(path: Path) -> list[str]:
    """Let SQLite look for structural damage; one line each, none when whole."""
    try:
        with contextlib.closing(connect_reader(path)) as connection:
            rows = connection.execute("PRAGMA integrity_check(100)").fetchall()
    except READ_FAULTS as err:
        return [str(err)]
    return [_show(line) for (line,) in rows if line != "ok"]


def span_gaps(path: Path) -> Iterator[tuple[str, str, int, int]]:
    """List the numbers that are missing as (issuer, source, first, end), by source.

    path: a sound database.
    """
    query = _SPAN.format("main") + " ORDER BY p.source, p.first"
    with contextlib.closing(connect_reader(path)) as connection:
        source, at = None, 0
        for issuer, name, first, count, _ in connection.execute(query):
            if (issuer, name) != source:
                source, at = (issuer, name), 0
            if first > at:
                yield issuer, name, at, first
            at = first + count


def _attach(found: Path, expected: Path) -> sqlite3.Connection:
    connection = connect_reader(expected)
    connection.text_factory = bytes  # a damaged text need not be one
    connection.execute("ATTACH ? AS found", (str(found),))
    return connection


def _except(connection: sqlite3.Connection, query: str, one: str, other: str) -> list[Row]:
    both = f"{query.format(one)} EXCEPT {query.format(other)} LIMIT {_LIMIT}"
    return connection.execute(both).fetchall()


def _pair(
    table: str, naming: int, extra: Sequence[Row], missing: Sequence[Row]
) -> Iterator[Difference]:
    """Tell changed rows from those that are too many or too few."""
    wanted = {row[:naming]: row for row in missing}
    for row in extra:
        right = wanted.pop(row[:naming], None)
        yield _difference(table, naming, right, row)
    for row in wanted.values():
        yield _difference(table, naming, row, None)


def _difference(table: str, naming: int, right: Row | None, came: Row | None) -> Difference:
    row = came if came is not None else right or ()
    name = ", ".join(_text(value) for value in row[:naming])
    shown = [
        "no such row"
        if values is None
        else ", ".join(_show(value) for value in values[naming:]) or "this row"
        for values in (right, came)
    ]
    return Difference(table, name, shown[0], shown[1], _points_to(table, row))


def _points_to(table: str, row: Row) -> tuple[int, int] | None:
    if table == "span":
        return (row[4], row[3]) if isinstance(row[4], int) and isinstance(row[3], int) else None
    if table in ("identity", "key_entry") and isinstance(row[-1], int):
        return row[-1], 1
    return None


def _text(value: object) -> str:
    """Show a name, whatever bytes it became."""
    if not isinstance(value, bytes):
        return str(value)
    text = value.decode("utf-8", "replace")
    return text[:200] if text.isprintable() else value[:40].hex()


def _show(value: object) -> str:
    """Show a value so that text and number differ."""
    return repr(_text(value)) if isinstance(value, bytes) else str(value)

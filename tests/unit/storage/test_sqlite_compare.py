"""Tables are compared row by row, also those of a damaged database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from counterfoil.ports import Commit, Head, Span
from counterfoil.storage import SqliteStore
from counterfoil.storage.sqlite_compare import compare_tables, integrity_faults, span_gaps


def store_with(path: Path, *spans: Span) -> Path:
    """Make a database that holds runs of numbers, and a counter."""
    store = SqliteStore(path, create=True)
    size = max((span.index + span.count for span in spans), default=0)
    head = Head(size, (bytes(32),) * size.bit_count(), b"note", 1, 0)
    store.commit(Commit(0, head, (), spans, {b"i" * 32: 3}, {"book": 7}, [0]))
    store.close()
    return path


RUNS = (Span("urn:o", "a", 0, 10, 0), Span("urn:o", "a", 15, 5, 10), Span("urn:o", "b", 2, 1, 15))


def test_tables_that_are_equal(tmp_path: Path) -> None:
    """Databases that hold the same have no difference, in whatever order they were filled."""
    one = store_with(tmp_path / "one.db", *RUNS)
    two = store_with(tmp_path / "two.db", *reversed(RUNS))
    assert list(compare_tables(one, two)) == []
    assert list(span_gaps(one)) == [("urn:o", "a", 10, 15), ("urn:o", "b", 0, 2)]


def test_tables_that_differ(tmp_path: Path) -> None:
    """Rows that are changed, missing or too many are told apart, with the entry they point to."""
    one, two = store_with(tmp_path / "one.db", *RUNS), store_with(tmp_path / "two.db", *RUNS)
    with closing(sqlite3.connect(two)) as connection:
        connection.execute("UPDATE span SET at = 99 WHERE first = 15")
        connection.execute("UPDATE counter SET value = '7'")
        connection.execute("DELETE FROM key_entry")
        connection.execute("UPDATE identity SET hash = x'ff00'")
        connection.commit()
    found = {(d.table, d.row): (d.expected, d.found, d.at) for d in compare_tables(two, one)}
    assert found["span", "urn:o, a, 15"] == ("5, 10", "5, 99", (99, 5))
    assert found["counter", "book"] == ("'integer', 7", "'text', '7'", None)
    assert found["key_entry", "0"] == ("this row", "no such row", (0, 1))
    assert found["identity", "ff00"] == ("no such row", "3", (3, 1))
    assert found["identity", "i" * 32] == ("3", "no such row", (3, 1))


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    """A table or file that cannot be read is a difference, and the others are compared."""
    one, two = store_with(tmp_path / "one.db", *RUNS), store_with(tmp_path / "two.db", *RUNS)
    with closing(sqlite3.connect(two)) as connection:
        connection.execute("DROP TABLE identity")
        connection.commit()
    found = {difference.table: difference.found for difference in compare_tables(two, one)}
    assert "no such table" in found["identity"]
    assert set(found) == {"identity", "schema"}
    two.write_bytes(b"\x5a" * 9000)
    assert len(list(compare_tables(two, one))) == 6
    assert integrity_faults(two)

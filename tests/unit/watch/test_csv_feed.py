"""A growing file is read row by row, and only on while it is the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.watch.csv_feed import CsvFeed, millis_of
from tests.log_rig import raises_code


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Make a file of three rows, the last of which is not written whole."""
    path = tmp_path / "load.csv"
    path.write_bytes(b'\xef\xbb\xbfat,load\r\n1700000000,1\r\n1700000060,"2,5"\r\n17000001')
    return path


def read(file: Path, cursor: Any = None, limit: int = 100) -> list[Any]:
    feed = CsvFeed(f"{file}#at")
    assert feed.poll()
    return list(feed.steps(cursor, limit))


def test_whole_rows_are_read_as_they_come(file: Path) -> None:
    """A row that is being written is read once it is whole; places and cursors go on."""
    first = read(file)
    assert [step.event.cells for step in first] == [
        {"at": "1700000000", "load": "1"},
        {"at": "1700000060", "load": "2,5"},
    ]
    assert [(step.place, step.at_ms) for step in first] == [
        (0, 1_700_000_000_000),
        (1, 1_700_000_060_000),
    ]
    with file.open("ab") as more:
        more.write(b"20,3\n1700000180,4\n")
    later = read(file, first[-1].cursor)
    assert [step.event.cells["load"] for step in later] == ["3", "4"]
    assert read(file, first[0].cursor, 2)[-1].place == 2


def test_a_file_is_noticed_to_grow(file: Path) -> None:
    """Each look says whether there is more, and a file that is gone is named."""
    feed = CsvFeed(f"{file}#at")
    assert feed.poll()
    assert not feed.poll()
    file.unlink()
    with raises_code("watch.unreadable", Unavailable):
        feed.poll()
    with raises_code("watch.unreadable", Unavailable):
        list(feed.steps(None, 1))
    feed.close()


def test_another_file_is_refused(file: Path) -> None:
    """A file that was cut or replaced is not read on."""
    cursor = read(file)[-1].cursor
    for text in (b"at,load\n", b"at,load\n1700000000,1\n1700000060,9\n"):
        file.write_bytes(text)
        with raises_code("watch.history", VerificationError):
            list(CsvFeed(f"{file}#at").steps(cursor, 5))
    with raises_code("watch.cursor", InputError):
        read(file, {"next": 1})


def test_what_is_no_place_is_refused(tmp_path: Path) -> None:
    """A file without a column of times, and one that is not there, are named."""
    for where in ("load.csv", "#at", "load.csv#"):
        with raises_code("watch.from", InputError):
            CsvFeed(where)
    with raises_code("watch.file", NotFound):
        CsvFeed(f"{tmp_path / 'none.csv'}#at")


def test_odd_files_are_survived(tmp_path: Path) -> None:
    """No heading yet, short rows, bad bytes and endless lines end in rows or in an error."""
    path = tmp_path / "odd.csv"
    path.write_bytes(b"at,lo")
    assert read(path) == []
    path.write_bytes(b"at,load\n\n1\n\xff,\xff,3,4\n")
    assert [step.event.cells for step in read(path)][1] == {"at": "1"}
    path.write_bytes(b"at,load\n" + b"1" * (1 << 20))
    with raises_code("watch.line", InputError):
        read(path)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        (None, 0),
        ("", 0),
        ("nan", 0),
        ("-5", 0),
        ("1e300", 2**53 - 1),
        ("1700000000.5", 1_700_000_000_500),
        ("1700000000000", 1_700_000_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
    ],
)
def test_times_are_read_in_their_usual_forms(text: str | None, ms: int) -> None:
    """Seconds, milliseconds and ISO 8601; what is none is 0."""
    assert millis_of(text) == ms

"""Read a CSV file row by row for watchers, and go on as it grows.

Only whole lines count: a row that is still being written is read later. A row is a line, so text
in quotes cannot hold a line break. This module refuses to go on where the file is not the one that
was read before.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.ports.watchers import Step

__all__ = ["CsvFeed", "CsvRow", "millis_of"]

_LINE_MAX: Final = 1 << 20
_MS_FROM: Final = 1e11  # a number of this size is milliseconds: as seconds it is the year 5138


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a file.

    row: counted from 0, the heading apart. at_ms: its time, Unix ms; 0 where it says none. cells:
    by heading. digest: SHA-256 of its line.
    """

    file: str
    row: int
    at_ms: int
    cells: dict[str, str]
    digest: str


class _Cursor(msgspec.Struct):
    """offset: byte after the last row. row: number of the next. seen: digest of the last line."""

    offset: int
    row: int
    start: int
    seen: str


class CsvFeed:
    """Feeds watchers with the rows of one file.

    where: the file, `#`, and the column with the times, oldest first: `load.csv#at`. Raises
    InputError with code watch.from, NotFound with code watch.file.
    """

    def __init__(self, where: str) -> None:
        name, mark, time = where.rpartition("#")
        if not mark or not name or not time:
            raise InputError(
                "watch.from",
                f"expected FILE#COLUMN with the column of the times, found {where[:200]!a}",
                hint="For example --from load.csv#at.",
            )
        path = Path(name)
        if not path.is_file():
            raise NotFound(
                "watch.file",
                f"expected a CSV file at {path}, found none",
                hint="A watcher of files follows one that is there; it may have a heading only.",
            )
        self._path, self._time = path, time
        self.origin = f"file {path.name}"
        self._size = 0

    def poll(self) -> bool:
        """Look whether the file has grown. Raises Unavailable with code watch.unreadable."""
        try:
            size = self._path.stat().st_size
        except OSError as err:
            raise _unreadable(self._path, err) from err
        grown, self._size = size > self._size, size
        return grown

    def steps(self, cursor: Any, limit: int) -> Iterator[Step]:
        """Read whole rows after a cursor; see `Feed.steps`.

        Raises VerificationError with code watch.history, InputError with code watch.cursor or
        watch.line, Unavailable with code watch.unreadable.
        """
        try:
            with self._path.open("rb") as file:
                yield from self._steps(file, cursor, limit)
        except OSError as err:
            raise _unreadable(self._path, err) from err

    def close(self) -> None:
        """Hold nothing open."""

    def _steps(self, file: Any, cursor: Any, limit: int) -> Iterator[Step]:
        head = file.readline(_LINE_MAX)
        if not head.endswith(b"\n"):
            return  # not even a heading yet
        names = _cells(head)
        at = _Cursor(len(head), 0, 0, sha256(head).hexdigest())
        if cursor is not None:
            at = _converted(cursor)
            file.seek(at.start)
            if sha256(file.readline(_LINE_MAX)).hexdigest() != at.seen or file.tell() != at.offset:
                raise self._other_file()
        while limit > 0 and (line := file.readline(_LINE_MAX)):
            if not line.endswith(b"\n"):
                if len(line) >= _LINE_MAX:
                    raise InputError(
                        "watch.line", f"expected lines below 1 MiB in {self._path}, found a longer"
                    )
                return
            digest, cells = sha256(line).hexdigest(), dict(zip(names, _cells(line), strict=False))
            at = _Cursor(at.offset + len(line), at.row + 1, at.offset, digest)
            limit -= 1
            at_ms = millis_of(cells.get(self._time))
            event = CsvRow(self._path.name, at.row - 1, at_ms, cells, digest)
            yield Step(event, msgspec.to_builtins(at), at.row - 1, at_ms)

    def _other_file(self) -> VerificationError:
        return VerificationError(
            "watch.history",
            f"expected {self._path} to go on where it was read, found another file or a shorter",
            hint="Where you replaced the file yourself, remove the watcher's state.",
        )


def millis_of(text: str | None) -> int:
    """Read a time: Unix seconds, or ms, or ISO 8601 (UTC where it says no zone); 0 for none.

    >>> millis_of("1700000000"), millis_of("2023-11-14T22:13:20Z"), millis_of("soon")
    (1700000000000, 1700000000000, 0)
    """
    if not text:
        return 0
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return 0
        zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        number = zoned.timestamp()
    if not isfinite(number) or number <= 0:
        return 0
    return min(int(number if number >= _MS_FROM else number * 1000), 2**53 - 1)


def _cells(line: bytes) -> list[str]:
    text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
    return next(csv.reader([text]), [])


def _converted(cursor: Any) -> _Cursor:
    try:
        return msgspec.convert(cursor, _Cursor)
    except msgspec.ValidationError as err:
        raise InputError(
            "watch.cursor",
            f"expected a place in a file, but: {err}",
            hint="The state is of another kind of watcher: name another folder.",
        ) from err


def _unreadable(path: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "watch.unreadable",
        f"expected to read {path}, but: {err}",
        hint="Check that it is there, and its permissions.",
    )

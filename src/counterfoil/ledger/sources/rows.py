"""What every source promises: numbered rows in chunks, each row one compact JSON object.

This module refuses to know a file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from counterfoil.errors import InputError

__all__ = [
    "CHUNK_MAX_BYTES",
    "CONTENT_MAX_BYTES",
    "RowChunk",
    "RowSource",
    "bounded",
    "encode_row",
    "pack",
]

CONTENT_MAX_BYTES: Final = 1 << 20
"""Largest content of one row, and longest line or CSV record that is read, bytes."""

CHUNK_MAX_BYTES: Final = 16 << 20
"""A chunk ends when its contents reach this many bytes, even if more rows were asked for."""

# Every value given to it comes from strict UTF-8 and from columns whose numbers were checked, so
# the second look that json_text.format takes would find nothing and cost more than the rest.
encode_row: Final[Callable[[dict[str, Any]], bytes]] = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Consecutive rows of a source.

    first: row number of contents[0], from 0; blank lines have no number. contents: compact JSON
    objects, UTF-8, at most CONTENT_MAX_BYTES each, never empty. bytes_read: how far the source
    has been read, bytes, for progress; it may run ahead of the rows.
    """

    first: int
    contents: list[bytes]
    bytes_read: int


class RowSource(Protocol):
    """A file or stream of rows.

    A source with no rows raises InputError with code source.empty, at the latest from `chunks`.
    """

    @property
    def id(self) -> str:
        """`sha256:` and the hex digest of the file's bytes, or the name that was given."""

    @property
    def media(self) -> str:
        """`ndjson`, `csv` or `parquet`."""

    @property
    def size(self) -> int | None:
        """Bytes; None for a stream."""

    @property
    def rows(self) -> int | None:
        """Number of rows where it is known before reading (Parquet)."""

    def chunks(self, rows: int = 1000) -> Iterator[RowChunk]:
        """Read from the first row and yield chunks of at most `rows` rows, in order.

        rows: >= 1. Raises InputError naming the line, row or column that is not what it must be,
        after the lines (in Parquet: the batches) before it were handed out; Conflict
        with code source.changed, before handing out a chunk, when the file is no longer the one
        that was opened; NotFound or Unavailable when it is gone or cannot be read.
        """


def bounded(content: bytes, where: str) -> bytes:
    """Return `content`, or raise InputError with code source.row-too-long naming `where`."""
    if len(content) > CONTENT_MAX_BYTES:
        raise InputError(
            "source.row-too-long",
            f"{where}: expected at most {CONTENT_MAX_BYTES:,} bytes, found {len(content):,}",
            hint="Record large payloads as files of their own.",
        )
    return content


def pack(
    groups: Iterable[list[bytes]],
    rows: int,
    *,
    position: Callable[[], int],
    check: Callable[[], None],
    paused: Callable[[], bool] = lambda: False,
) -> Iterator[RowChunk]:
    """Cut groups of contents into chunks of at most `rows` rows and about CHUNK_MAX_BYTES.

    position: tells how far the source has been read, bytes. check: raises when the source is not
    what it was; it is asked before every chunk and before any error. paused: says after each
    group whether the source waits for its writer, so that a live stream's rows do not wait for
    a full chunk.
    Raises InputError with code source.rows (bad `rows`) or source.empty.
    """
    if rows < 1:
        raise InputError("source.rows", f"expected chunks of at least 1 row, got {rows}")
    first = 0
    held: list[bytes] = []
    weight = 0
    groups = iter(groups)
    while True:
        failure: InputError | None = None
        try:
            group = next(groups, None)
        except InputError as err:
            group, failure = None, err
        for content in group or ():
            held.append(content)
            weight += len(content)
            if len(held) >= rows or weight >= CHUNK_MAX_BYTES:
                check()
                yield RowChunk(first, held, position())
                first, held, weight = first + len(held), [], 0
        if held and (group is None or paused()):
            check()
            yield RowChunk(first, held, position())
            first, held, weight = first + len(held), [], 0
        if group is None:
            check()
            _end(first, failure)
            return


def _end(rows: int, failure: InputError | None) -> None:
    if failure is not None:
        raise failure
    if rows == 0:
        raise InputError(
            "source.empty",
            "expected at least one row, found no rows",
            hint="Check that the file or stream is the one you mean.",
        )

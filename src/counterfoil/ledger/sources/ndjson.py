"""Read NDJSON: one JSON object a line, from a file or from a stream.

Blank lines (only white space) are skipped and take no row number; errors name lines as an editor
counts them, from 1, and rows count records, from 0. A UTF-8 byte-order mark at the start is
skipped (RFC 8259, 8.1, lets a reader do so). This module refuses everything else that strict
JSON refuses: it repairs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from counterfoil.errors import Conflict, InputError
from counterfoil.formats import json_text
from counterfoil.ledger.sources.file import SourceFile
from counterfoil.ledger.sources.lines import Lines, line_error
from counterfoil.ledger.sources.rows import RowChunk, bounded, pack

__all__ = ["NdjsonFile", "NdjsonStream"]

_BLANK: Final = b" \t\r"


class NdjsonFile:
    """A file of NDJSON; see RowSource."""

    media: Final = "ndjson"
    rows: Final = None

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self.id: Final = file.id
        self.size: Final = file.size

    def chunks(self, rows: int = 1000) -> Iterator[RowChunk]:
        """Read the file from its start; see RowSource.chunks."""
        with self._file.open() as stream:
            lines = Lines(stream, str(self._file.path))
            yield from pack(
                _contents(lines),
                rows,
                position=lines.position,
                check=lambda: self._file.check(stream),
            )


class NdjsonStream:
    """A stream of NDJSON, read once; see RowSource.

    stream: bytes, closed by its owner. Rows are handed out when the stream pauses, so a live
    stream is recorded as it comes.
    """

    media: Final = "ndjson"
    rows: Final = None
    size: Final = None

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._lines: Lines | None = Lines(stream, "the stream")
        self.id: Final = name

    def chunks(self, rows: int = 1000) -> Iterator[RowChunk]:
        """Read the stream; see RowSource.chunks. Raises Conflict when it was read before."""
        lines, self._lines = self._lines, None
        if lines is None:
            raise Conflict(
                "source.read-once",
                "expected to read a stream once, but it has been read",
                hint="Write the stream to a file, and record that.",
            )
        yield from pack(
            _contents(lines),
            rows,
            position=lines.position,
            check=lambda: None,
            paused=lines.paused,
        )


def _contents(lines: Lines) -> Iterator[list[bytes]]:
    number = 0
    normalise = json_text.normalise_object
    for group in lines.groups():
        contents: list[bytes] = []
        for line in group:
            number += 1
            if not line.strip(_BLANK):
                continue
            try:
                contents.append(bounded(normalise(line), f"line {number:,}"))
            except InputError as err:
                yield contents
                raise _explain(line, number, err) from err
        yield contents


def _explain(line: bytes, number: int, err: InputError) -> InputError:
    """Return the error of a line: what JSON says, or better what the file seems to be."""
    if err.code == "source.row-too-long":
        return err
    if b"\0" in line:
        return line_error(
            "source.binary",
            number,
            "expected text, found a NUL byte",
            hint="NDJSON is UTF-8 text, one JSON object a line; is this another kind of file?",
        )
    hint = err.hint
    if number == 1 and line.lstrip().startswith(b"["):
        hint = "Write one object a line, without the surrounding array."
    elif line.strip() == b"{":
        hint = "Write each object on one line."
    return line_error("source.line", number, err.message, hint=hint)

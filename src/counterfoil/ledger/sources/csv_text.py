"""Read CSV as the text that it is: every cell is a string, exactly as it stands in the file.

CSV has no types; we invent none, so 007, 1e3, TRUE and the empty cell stay what they are. The
first row is the header. Cells are separated by commas; only when the header's first line has no
comma are `;` and tab tried. Empty lines are skipped and take no row number. A UTF-8 byte-order
mark at the start is skipped. This module refuses ragged rows, unnamed or repeated columns, NUL
bytes, other encodings and broken quotes, and names the line: it repairs nothing.
Source: RFC 4180, read by Python's csv module in strict mode.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Final

from counterfoil.errors import InputError
from counterfoil.ledger.sources.file import SourceFile
from counterfoil.ledger.sources.lines import Lines, line_error
from counterfoil.ledger.sources.rows import (
    CONTENT_MAX_BYTES,
    RowChunk,
    bounded,
    encode_row,
    pack,
)

__all__ = ["CsvFile"]

_GROUP_ROWS: Final = 256


class CsvFile:
    """A file of comma-separated values; see RowSource."""

    media: Final = "csv"
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
                _Records(lines).groups(),
                rows,
                position=lines.position,
                check=lambda: self._file.check(stream),
            )


class _Records:
    """The records of CSV text, with the line that the parser has reached."""

    def __init__(self, lines: Lines) -> None:
        self._groups = lines.groups()
        self._number = 0  # of the last line that was handed to the parser
        self._open_line = 1  # where the record that is being read begins
        self._open_bytes = 0  # of that record so far

    def groups(self) -> Iterator[list[bytes]]:
        """Yield the rows as contents, in groups; see the module for what is refused."""
        contents: list[bytes] = []
        try:
            for content in self._rows():
                contents.append(content)
                if len(contents) == _GROUP_ROWS:
                    yield contents
                    contents = []
        except InputError as err:
            failure: InputError | None = err
        except csv.Error as err:
            failure = self._broken(err)
        else:
            failure = None
        yield contents
        if failure is not None:
            raise failure

    def _rows(self) -> Iterator[bytes]:
        text = self._text()
        first = next((line for line in text if line.strip("\r\n")), "")
        header: list[str] = []
        for cells in csv.reader(chain((first,), text), strict=True, delimiter=_delimiter(first)):
            self._open_line, self._open_bytes = self._number + 1, 0
            if not cells:
                continue
            if not header:
                header = self._header(cells)
                continue
            if len(cells) != len(header):
                raise line_error(
                    "source.csv-ragged",
                    self._number,
                    f"expected {len(header):,} cells as in the header, found {len(cells):,}",
                    hint="Quote cells that hold the separator or a line break.",
                )
            content = encode_row(dict(zip(header, cells, strict=True)))
            yield bounded(content, f"line {self._number:,}")

    def _header(self, cells: list[str]) -> list[str]:
        hint = "The first row names the columns, each once."
        seen: set[str] = set()
        for place, name in enumerate(cells, 1):
            if not name.strip():
                message = f"expected a name for column {place:,}, found an empty cell"
                raise line_error("source.csv-header", self._number, message, hint=hint)
            if name in seen:
                message = f"expected each column once, found {name[:80]!r} twice"
                raise line_error("source.csv-header", self._number, message, hint=hint)
            seen.add(name)
        return cells

    def _text(self) -> Iterator[str]:
        """Yield the lines as text, each with its line break: inside quotes it is content."""
        for group in self._groups:
            for line in group:
                self._number += 1
                self._open_bytes += len(line) + 1
                # A quote that is never closed would otherwise swallow the file.
                if self._open_bytes > CONTENT_MAX_BYTES + 1:
                    raise line_error(
                        "source.line-too-long",
                        self._open_line,
                        f"expected a record of at most {CONTENT_MAX_BYTES:,} bytes, found more",
                        hint="Look for a quote that is not closed.",
                    )
                if b"\0" in line:
                    raise line_error(
                        "source.binary",
                        self._number,
                        "expected text, found a NUL byte",
                        hint="CSV is UTF-8 text; is this UTF-16, or another kind of file?",
                    )
                try:
                    yield line.decode() + "\n"
                except UnicodeDecodeError as err:
                    raise line_error(
                        "source.encoding",
                        self._number,
                        f"expected UTF-8 text, found byte {line[err.start]:#04x} "
                        f"at offset {err.start:,}",
                        hint="Save the file as UTF-8.",
                    ) from err

    def _broken(self, err: csv.Error) -> InputError:
        # A quote that is not closed is noticed at the end of the file, and is best looked for
        # where its record begins.
        return line_error(
            "source.csv",
            self._open_line,
            f"expected well-formed CSV, but: {str(err).partition(' - ')[0]}",
            hint="Quote cells that hold a separator, quote or line break; double quotes inside.",
        )


def _delimiter(header: str) -> str:
    return next((mark for mark in ",;\t" if mark in header), ",")

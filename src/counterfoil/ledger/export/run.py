"""Export a ledger's entries, in order, with flat memory; a file is whole or not there.

NDJSON holds one object a line: index, leaf, kind, issuer, source, number, at_ms, signed_by and
content, whose text is as it was recorded. CSV, Parquet and Arrow are made in two passes, the first
for their columns (see `columns`). In CSV null, absent and empty text look the same, and keys stand
in one cell with spaces between. Text is exported as it is: a spreadsheet may take text that begins
with =, +, - or @ for a formula. A Delta table grows: see `delta`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec

from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger.csv_lines import CsvLines
from counterfoil.ledger.export.columns import HEADER_COLUMNS, Columns, header_values
from counterfoil.ledger.export.rows import ExportRow, rows
from counterfoil.ledger.people.erasures import Erasures

__all__ = ["EXPORT_FORMATS", "Exportable", "Exported", "Progress", "export"]

EXPORT_FORMATS: Final = ("ndjson", "csv", "parquet", "arrow")
"""Names of the formats that are one file."""

Progress = Callable[[int, int], None]
"""Told (done, total) entries, now and then; what it raises stops the work."""

_REPORT_ENTRIES: Final = 1024
_BUFFER_BYTES: Final = 1 << 20


class Exportable(Protocol):
    """What is read: an open ledger."""

    @property
    def size(self) -> int:
        """Number of entries."""

    @property
    def erasures(self) -> Erasures:
        """What was erased of people's data."""

    def entries(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Read the bytes of entries [first, end), in order."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: entries, and bytes."""

    entries: int
    bytes: int


def export(
    ledger: Exportable,
    out: Path | BinaryIO,
    format: str = "ndjson",
    *,
    first: int = 0,
    end: int | None = None,
    kind: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write entries [first, end), or to the log's end, to a file or an open binary stream.

    out: a file is written beside its place and renamed, replacing what was there; a stream is
    not closed. format: one of EXPORT_FORMATS. kind: only entries of this kind, such as `record`.
    progress: counts an entry twice where there are two passes.
    Raises InputError with code export.format, export.range or export.columns, Unavailable with
    code export.write or extra.missing, FatalLogError with code log.damaged.
    """
    if format not in EXPORT_FORMATS:
        raise InputError(
            "export.format",
            f"expected one of {', '.join(EXPORT_FORMATS)}, found {format[:40]!r}",
        )
    size = ledger.size
    last = size if end is None else min(end, size)
    if first < 0 or (end is not None and end < first):
        raise InputError("export.range", f"expected 0 <= first <= end, found {first} and {end}")
    write = {
        "ndjson": _write_ndjson,
        "csv": _write_csv,
        "parquet": _write_parquet,
        "arrow": _write_arrow,
    }[format]
    passes = 1 if format == "ndjson" else 2
    source = _Rows(ledger, first, last, kind, progress, passes)
    with _opened(out) as sink:
        entries = write(source, sink)
        return Exported(entries, sink.tell())


class _Rows:
    """The rows to export; each pass reads them anew."""

    def __init__(
        self,
        ledger: Exportable,
        first: int,
        end: int,
        kind: str | None,
        progress: Progress | None,
        passes: int,
    ) -> None:
        self._ledger, self._first, self._end, self._kind = ledger, first, end, kind
        self._progress, self._total = progress, max(end - first, 0) * passes
        self._done = 0

    def __iter__(self) -> Iterator[ExportRow]:
        for row in rows(self._ledger.entries, self._first, self._end, self._ledger.erasures):
            if self._progress is not None and self._done % _REPORT_ENTRIES == 0:
                self._progress(self._done, self._total)
            self._done += 1
            if self._kind is None or row.kind == self._kind:
                yield row


class _Sink:
    """Counts what is written; what a CSV or Parquet writer takes for a file."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._written = stream, 0

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        view = memoryview(data)
        while view:
            done = self._stream.write(view) or 0
            self._written += done
            view = view[done:]
        return len(data)

    def tell(self) -> int:
        """Tell how many bytes were written."""
        return self._written

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: who opened it closes it."""


@contextmanager
def _opened(out: Path | BinaryIO) -> Iterator[_Sink]:
    try:
        if isinstance(out, Path):
            with _fresh_file(out) as file:
                yield _Sink(file)
        else:
            yield (sink := _Sink(out))
            sink.flush()
    except OSError as err:
        name = out if isinstance(out, Path) else "the stream"
        raise Unavailable(
            "export.write",
            f"expected to write {name}, but: {err}",
            hint="Check the space and the permissions; no file was changed.",
        ) from err


@contextmanager
def _fresh_file(target: Path) -> Iterator[BinaryIO]:
    """Lend a new file that takes the target's place when all went well, and is gone otherwise."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}.new")
    try:
        with fresh.open("xb", buffering=_BUFFER_BYTES) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)


def _write_ndjson(source: _Rows, sink: _Sink) -> int:
    encode = msgspec.json.Encoder().encode
    count = 0
    for row in source:
        sink.write(encode(row) + b"\n")
        count += 1
    return count


def _write_csv(source: _Rows, sink: _Sink) -> int:
    columns = _columns(source)
    lines = CsvLines()
    lines.row([*HEADER_COLUMNS, *columns.names])
    count = 0
    for row in source:
        *header, signed_by = header_values(row)
        lines.row([*header, " ".join(signed_by), *map(_csv_cell, columns.values(row))])
        count += 1
        if lines.characters > _BUFFER_BYTES:
            sink.write(lines.take())
    sink.write(lines.take())
    return count


def _csv_cell(value: object) -> object:
    return ("true" if value else "false") if type(value) is bool else value


def _write_parquet(source: _Rows, sink: _Sink) -> int:
    from counterfoil.ledger.export.parquet import write_parquet

    return write_parquet(_columns(source), source, sink)


def _write_arrow(source: _Rows, sink: _Sink) -> int:
    from counterfoil.ledger.export.parquet import write_arrow

    return write_arrow(_columns(source), source, sink)


def _columns(source: _Rows) -> Columns:
    columns = Columns()
    for row in source:
        columns.see(row)
    return columns

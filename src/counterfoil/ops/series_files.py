"""Read a column of numbers, and perhaps their times, from a CSV file, row by row.

What is no finite number stays in its place and says why, so that rows keep their numbers. This
module refuses to fill gaps, to sort, and to guess which column is meant.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Final, TextIO

from counterfoil.errors import InputError, NotFound
from counterfoil.ports import STANDARD_STREAM, Channel

__all__ = ["Measured", "finite", "open_csv", "read_column", "seconds"]

_MS_FROM: Final = 1e11  # Unix times above are ms: in seconds they would be after the year 5138


@dataclass(frozen=True, slots=True)
class Measured:
    """One row. row: counted from 0, the heading apart. time: as it stands in the file.

    at: seconds since 1970, None where not given or not readable. value: finite, or None.
    note: what is wrong with the row; empty when nothing is.
    """

    row: int
    time: str | None
    at: float | None
    value: float | None
    note: str


def read_column(
    file: Path, value: str, time: str | None, channel: Channel | None = None
) -> Iterator[Measured]:
    """Read a column of a CSV file (.gz, too) with a heading, or of standard input.

    Times: ISO 8601 (without a zone they count as UTC), or Unix seconds or milliseconds.
    Raises NotFound with code file.missing, InputError with code series.column or series.csv.
    """
    with open_csv(file, channel) as stream:
        rows = csv.reader(stream)
        try:
            heading = [name.strip() for name in next(rows, [])]
            columns = _place(heading, value), None if time is None else _place(heading, time)
            for number, cells in enumerate(rows):
                yield _measured(number, cells, *columns)
        except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile) as err:
            raise InputError(
                "series.csv",
                f"expected a CSV file in UTF-8, but after line {rows.line_num}: {err}",
                hint="Export the table as CSV with a heading.",
            ) from err


@contextmanager
def open_csv(file: Path, channel: Channel | None) -> Iterator[TextIO]:
    """Open a CSV file (.gz, too), or standard input, as text. Raises NotFound, file.missing."""
    if file == STANDARD_STREAM and channel is not None:
        text = io.TextIOWrapper(channel.source, encoding="utf-8-sig", newline="")
        try:
            yield text
        finally:
            text.detach()
        return
    try:
        plain = file.open("rb")
    except OSError as err:
        raise NotFound(
            "file.missing",
            f"expected a file to read at {file}, but: {err.strerror or err}",
            hint="Check the path.",
        ) from err
    with plain, ExitStack() as stack:
        packed = file.suffix == ".gz"
        raw = stack.enter_context(gzip.GzipFile(fileobj=plain)) if packed else plain
        yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))


def _place(heading: list[str], name: str) -> int:
    if heading.count(name) != 1:
        raise InputError(
            "series.column",
            f"expected one column {name!a}, found {', '.join(heading)[:200] or 'no heading'}",
            hint="Name a column of the first line.",
        )
    return heading.index(name)


def _measured(row: int, cells: list[str], value: int, time: int | None) -> Measured:
    notes = []
    number = finite(cells[value]) if value < len(cells) else None
    if number is None:
        what = cells[value].strip()[:40] if value < len(cells) else ""
        notes.append(f"no finite number: {what!a}" if what else "no value")
    if time is None:
        return Measured(row, None, None, number, "; ".join(notes))
    text = cells[time].strip()[:80] if time < len(cells) else ""
    at = seconds(text)
    if at is None:
        notes.append(f"no time: {text!a}")
    return Measured(row, text, at, number, "; ".join(notes))


def finite(text: str) -> float | None:
    """Read a finite number; None where the text is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


def seconds(text: str) -> float | None:
    """Read a time as seconds since 1970; None where the text is none."""
    number = finite(text)
    if number is not None:
        return number / 1000 if abs(number) >= _MS_FROM else number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

"""Read files of names row by row: columns by their names, packed or not, of any length.

This module refuses a file without the columns that are needed, and to skip a row.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from counterfoil.ops.files import shown
from counterfoil.ports import STANDARD_STREAM, Channel

__all__ = ["name_lines", "name_rows"]

_GZIP: Final = b"\x1f\x8b"
_LINE_MAX: Final = 1 << 20  # characters; a longer line comes in pieces


def name_rows(file: Path, channel: Channel, needed: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV file by their columns' names; what a row lacks is empty.

    needed: columns that must be there; names are compared in small letters. The heading is read
    at once. Raises NotFound with code file.missing, InputError with code names.columns or
    names.csv, Unavailable with code file.read; those while it is read, too.
    """
    rows = _rows(file, channel, needed)
    next(rows)  # the heading, so that a wrong file is told before anything else
    return rows


def name_lines(file: Path, channel: Channel) -> Iterator[str]:
    """Yield the lines of a text, with their ends; errors as `name_rows`."""
    name = "standard input" if file == STANDARD_STREAM else shown(file)
    with ExitStack() as closing:
        try:
            stream = _open(file, channel, closing)
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            while line := text.readline(_LINE_MAX):
                yield line
        except (OSError, EOFError) as err:
            raise _unreadable(name, err) from err


def _rows(file: Path, channel: Channel, needed: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    name = "standard input" if file == STANDARD_STREAM else shown(file)
    number = 0
    reader = csv.reader(name_lines(file, channel))
    try:
        heading = [column.strip().casefold() for column in next(reader, [])]
        _require(heading, needed, name)
        yield {}
        for row in reader:
            if not row:
                continue
            number += 1
            padded = row + [""] * (len(heading) - len(row))
            yield dict(zip(heading, padded, strict=False))
    except csv.Error as err:
        raise InputError(
            "names.csv",
            f"expected CSV in {name}, but after row {number}: {err}",
            hint="Check its quotes, and that no field is longer than 131,072 characters.",
        ) from err


def _open(file: Path, channel: Channel, closing: ExitStack) -> IO[bytes]:
    if file == STANDARD_STREAM:
        return io.BufferedReader(channel.source)  # type: ignore[type-var]  # it reads bytes
    raw = closing.enter_context(file.open("rb"))
    packed = raw.read(2) == _GZIP
    raw.seek(0)
    return io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw


def _require(heading: list[str], needed: tuple[str, ...], name: str) -> None:
    missing = [column for column in needed if column not in heading]
    if not missing:
        return
    if not heading:
        raise InputError(
            "names.columns",
            f"expected the columns {', '.join(needed)} in {name}, found an empty file",
            hint="Name the columns in the first line, and write a row a line below it.",
        )
    found = ", ".join(heading)[:80]
    raise InputError(
        "names.columns",
        f"expected the columns {', '.join(needed)} in {name}, found no {missing[0]}; found "
        f"{found!a}",
        hint="Name the columns in the first line.",
    )


def _unreadable(name: str, err: OSError | EOFError) -> CounterfoilError:
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return NotFound(
            "file.missing", f"expected a file at {name}, found none", hint="Check the path."
        )
    if isinstance(err, IsADirectoryError | PermissionError):
        return InputError(
            "file.unreadable",
            f"expected a file that can be read at {name}, but: {err.strerror}",
            hint="Check the path and its permissions.",
        )
    return Unavailable("file.read", f"expected to read {name}, but: {err}", hint="Check the disk.")

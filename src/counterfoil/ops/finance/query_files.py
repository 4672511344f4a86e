"""Read whom to screen: a CSV file with a column `name`, JSON lines, or plain lines of names.

This module refuses a CSV file of which it cannot tell the column with the names.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.ops.finance.name_files import name_lines
from counterfoil.ports import STANDARD_STREAM, Channel

if TYPE_CHECKING:
    from counterfoil.apps.finance.names.screening import Query

__all__ = ["AskedName", "asked_names", "make_query"]

_NAMES: Final = ("name", "query", "full_name", "fullname")
_BORN: Final = ("born", "birth_date", "birthdate", "date_of_birth", "dob")
_COUNTRIES: Final = ("countries", "country", "nationality")
_SCHEMAS: Final = ("schema", "type")
_IDS: Final = ("id", "customer_id")
_LINE_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class AskedName:
    """A row that asks for somebody. id: of the person in the asker's systems; empty if not said."""

    row: int
    id: str
    query: Query


def asked_names(file: Path, channel: Channel) -> Iterator[AskedName]:
    """Read names to be screened, with what is known beside them.

    CSV where the heading has a column `name`; then also `schema`, `born`, `countries` (several by
    semicolons) and `id`. JSON objects, one a line, with the same names. Else a name a line.
    Raises NotFound with code file.missing, InputError with code names.columns, names.csv or
    names.query, Unavailable with code file.read.
    """
    lines = name_lines(file, channel)
    first = next(lines, "")
    if first.lstrip()[:1] == "{":
        return _numbered(_objects(chain([first], lines)))
    heading = [column.strip().casefold() for column in next(csv.reader([first]), [])]
    if not {*heading} & {*_NAMES}:
        if file != STANDARD_STREAM and ".csv" in "".join(file.suffixes).lower():
            raise InputError(
                "names.columns",
                "expected a column name in the first line, found "
                + (ascii(first.strip()[:80]) if first else "an empty file"),
                hint="Name the column with the names: name.",
            )
        whole = (line.rstrip("\r\n") for line in chain([first], lines))
        return _numbered({"name": line} for line in whole if line.strip())
    return _numbered(_csv(heading, lines))


def make_query(row: Mapping[str, Any]) -> Query:
    """Make a query of a row's fields."""
    from counterfoil.apps.finance.names.lists import country_code, read_dates
    from counterfoil.apps.finance.names.screening import Query

    born = [date for text in _several(row, _BORN) for date in read_dates(text)]
    countries = sorted({country_code(text) for text in _several(row, _COUNTRIES)})
    return Query(_one(row, _NAMES), _one(row, _SCHEMAS), tuple(born), tuple(countries))


def _numbered(rows: Iterator[Mapping[str, Any]]) -> Iterator[AskedName]:
    for number, row in enumerate(rows, 1):
        yield AskedName(number, _one(row, _IDS), make_query(row))


def _csv(heading: list[str], lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    number = 0
    try:
        for row in csv.reader(lines):
            number += 1
            if row:
                padded = row + [""] * (len(heading) - len(row))
                yield dict(zip(heading, padded, strict=False))
    except csv.Error as err:
        raise InputError(
            "names.csv",
            f"expected CSV, but after row {number}: {err}",
            hint="Check its quotes, and that no field is longer than 131,072 characters.",
        ) from err


def _objects(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json_text.parse(line.encode())
        except InputError as err:
            raise _no_object(number) from err
        if not isinstance(found, Mapping):
            raise _no_object(number)
        yield {name.casefold(): value for name, value in found.items()}


def _no_object(number: int) -> InputError:
    return InputError(
        "names.query",
        f"expected a JSON object with a name on line {number}, found another text",
        hint='For example {"name": "Jane Doe", "born": "1970-05-01"}.',
    )


def _one(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    found = next((row[name] for name in names if row.get(name)), "")
    return found if isinstance(found, str) else str(found)


def _several(row: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    found = next((row[name] for name in names if row.get(name)), "")
    texts = found if isinstance(found, list) else str(found).split(";")
    return [str(text).strip() for text in texts if str(text).strip()]

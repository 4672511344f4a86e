"""Read lists in the formats of OpenSanctions: `targets.simple.csv`, and FollowTheMoney entities.

FollowTheMoney lists hold addresses, passports and relations beside those who are listed; entities
of other schemas than persons, organisations and ships are passed over. This module refuses a line
that is no JSON object.
Source: OpenSanctions, "Bulk data" (targets.simple.csv, entities.ftm.json); FollowTheMoney's model.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.names.lists.countries import country_code
from counterfoil.apps.finance.names.lists.dates import read_dates
from counterfoil.apps.finance.names.lists.entry import ListEntry, SanctionsList, make_list
from counterfoil.apps.finance.names.lists.opened import open_list_file, text_of, wrong
from counterfoil.apps.finance.names.parsing import Kind

__all__ = ["SIMPLE_COLUMNS", "read_ftm", "read_simple_csv"]

SIMPLE_COLUMNS: Final = frozenset({"id", "schema", "name", "aliases", "birth_date", "countries"})
"""Columns of `targets.simple.csv` that are read."""

_KINDS: Final[dict[str, Kind]] = {
    "Person": "person",
    "Company": "organisation",
    "Organization": "organisation",
    "LegalEntity": "organisation",
    "PublicBody": "organisation",
    "Vessel": "vessel",
    "Airplane": "vessel",
}
_ORIGINS: Final = ("nationality", "citizenship", "country", "jurisdiction", "mainCountry", "flag")
_LINE_MAX: Final = 32 << 20


def read_simple_csv(path: Path) -> SanctionsList:
    """Read `targets.simple.csv`; several values of a field stand between semicolons.

    Raises InputError with code names.list-form, and as `open_list_file`.
    """
    entries, passed, seen = [], 0, ""
    with text_of(path) as stream:
        try:
            for row in csv.DictReader(stream):
                name, kind = (row["name"] or "").strip(), _KINDS.get(row["schema"] or "")
                seen = max(seen, (row.get("last_change") or "")[:10])
                if not name or kind is None:
                    passed += 1
                    continue
                entries.append(
                    ListEntry(
                        id=row["id"] or "",
                        name=name,
                        kind=kind,
                        aliases=_split(row["aliases"]),
                        born=_born(_split(row["birth_date"])),
                        countries=_codes(_split(row["countries"])),
                        programmes=_split(row.get("sanctions")),
                    )
                )
        except csv.Error as err:
            raise wrong(path.name, f"CSV, but: {err}") from err
    return make_list("opensanctions-csv", entries, date=seen, passed=passed)


def read_ftm(path: Path) -> SanctionsList:
    """Read FollowTheMoney entities, one JSON object a line.

    Raises InputError with code names.list-form, and as `open_list_file`.
    """
    entries, passed, seen = [], 0, ""
    with open_list_file(path) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LINE_MAX), b""), 1):
            if not line.strip():
                continue
            found = _object(line, number, path)
            entry = _entity(found)
            seen = max(seen, str(found.get("last_change") or "")[:10])
            if entry is None:
                passed += 1
            else:
                entries.append(entry)
    return make_list("ftm-json", entries, date=seen, passed=passed)


def _object(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise wrong(path.name, f"a JSON object on line {number}") from err
    if not isinstance(found, dict):
        raise wrong(path.name, f"a JSON object on line {number}")
    return found


def _entity(found: dict[str, Any]) -> ListEntry | None:
    said = found.get("properties")
    kind = _KINDS.get(str(found.get("schema")))
    if kind is None or not isinstance(said, dict):
        return None

    def all_of(*names: str) -> list[str]:
        values = (said.get(name) for name in names)
        texts = [one for many in values if isinstance(many, list) for one in many]
        return [one for one in texts if isinstance(one, str) and one.strip()]

    names = all_of("name")
    caption = found.get("caption")
    if isinstance(caption, str) and caption in names:  # the one that the list shows comes first
        names = [caption, *names]
    if not names:
        return None
    main, *rest = dict.fromkeys(names)
    return ListEntry(
        id=str(found.get("id") or ""),
        name=main,
        kind=kind,
        aliases=tuple(dict.fromkeys([*rest, *all_of("alias", "previousName")])),
        weak=tuple(dict.fromkeys(all_of("weakAlias"))),
        born=_born(all_of("birthDate")),
        countries=_codes(all_of(*_ORIGINS)),
        programmes=tuple(dict.fromkeys(all_of("program", "programId"))),
    )


def _split(text: str | None) -> tuple[str, ...]:
    """Split at semicolons; a value that has one is in quotes, as CSV does it."""
    if not text:
        return ()
    values = next(csv.reader([text], delimiter=";"), [])
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def _born(said: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for one in said for found in read_dates(one)))


def _codes(said: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({country_code(one) for one in said}))

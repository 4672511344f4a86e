"""Read the list of Specially Designated Nationals of the US Treasury, as CSV files or XML.

CSV: `sdn.csv`, `alt.csv` and `add.csv` without headings, `-0-` for nothing; dates of birth, origin
and weak aliases stand in the remarks. XML: `sdn.xml`, all in one. This module refuses a row whose
first field is no number.
Source: OFAC, "Data formats and data schemas" (dat_spec.txt; sdn.xsd).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from counterfoil.apps.finance.names.lists.countries import country_code
from counterfoil.apps.finance.names.lists.dates import read_dates
from counterfoil.apps.finance.names.lists.entry import ListEntry, SanctionsList, make_list
from counterfoil.apps.finance.names.lists.opened import text_of, wrong
from counterfoil.apps.finance.names.lists.xml_elements import elements, first, texts
from counterfoil.apps.finance.names.parsing import Kind

__all__ = ["is_sdn_row", "read_ofac_csv", "read_ofac_xml"]

_NULL: Final = "-0-"
_SDN_COLUMNS: Final = 12
_ALT_COLUMNS: Final = 5
_ADD_COLUMNS: Final = 6
_END: Final = "\x1a"  # the files of the Treasury end with one
_KINDS: Final[dict[str, Kind]] = {
    "individual": "person",
    "vessel": "vessel",
    "aircraft": "vessel",
    "entity": "organisation",
}
_BORN: Final = re.compile(r"(?:^|; )(?:alt\. )?DOB ([^;]+?)(?=;|\.?$)")
_OF: Final = re.compile(r"(?:^|; )(?:alt\. )?(?:nationality|citizen) ([^;]+?)(?=;|\.?$)")
_AKA: Final = re.compile(r"(?:a|f|n)\.k\.a\. ['\"]([^'\"]+)['\"]")


def is_sdn_row(row: list[str]) -> bool:
    """Tell whether a row is one of `sdn.csv`."""
    return len(row) == _SDN_COLUMNS and row[0].strip().isdigit()


def read_ofac_csv(sdn: Path, alt: Path | None = None, add: Path | None = None) -> SanctionsList:
    """Read the CSV files; alt: aliases, add: addresses, where they are at hand.

    Raises InputError with code names.list-form, and as `open_list_file`.
    """
    aliases: defaultdict[str, list[str]] = defaultdict(list)
    countries: defaultdict[str, list[str]] = defaultdict(list)
    if alt is not None:
        for row in _rows(alt, _ALT_COLUMNS):
            aliases[row[0]].append(row[3])
    if add is not None:
        for row in _rows(add, _ADD_COLUMNS):
            countries[row[0]].append(row[4])
    entries, passed = [], 0
    for row in _rows(sdn, _SDN_COLUMNS):
        if not row[1]:
            passed += 1
            continue
        remarks = row[11]
        origin = [*_OF.findall(remarks), *countries[row[0]]]
        entries.append(
            ListEntry(
                id=row[0],
                name=row[1],
                kind=_KINDS.get(row[2].casefold(), "organisation"),
                aliases=tuple(dict.fromkeys(filter(None, aliases[row[0]]))),
                weak=tuple(dict.fromkeys(_AKA.findall(remarks))),
                born=_born(_BORN.findall(remarks)),
                countries=_codes(origin),
                programmes=tuple(row[3].replace("[", "").split("] ")) if row[3] else (),
            )
        )
    return make_list("ofac-csv", entries, passed=passed)


def read_ofac_xml(path: Path) -> SanctionsList:
    """Read `sdn.xml`. Raises InputError with code names.list-form, and as `open_list_file`."""
    entries: list[ListEntry] = []
    date, passed = "", 0
    for name, element in elements(path, {"publshInformation", "sdnEntry"}):
        if name == "publshInformation":
            date = next(iter(read_dates(first(element, "Publish_Date"))), "")
            continue
        entry = _xml_entry(element)
        if entry is None:
            passed += 1
        else:
            entries.append(entry)
    return make_list("ofac-xml", entries, date=date, passed=passed)


def _xml_entry(element: Any) -> ListEntry | None:
    name = _xml_name(element)
    if not name:
        return None
    aliases: list[str] = []
    weak: list[str] = []
    for aka in element.iterfind(".//{*}aka"):
        to = weak if first(aka, "category").casefold() == "weak" else aliases
        to.append(_xml_name(aka))
    countries = [*texts(element, "country"), *texts(element, "nationality/country")]
    return ListEntry(
        id=first(element, "uid"),
        name=name,
        kind=_KINDS.get(first(element, "sdnType").casefold(), "organisation"),
        aliases=tuple(dict.fromkeys(filter(None, aliases))),
        weak=tuple(dict.fromkeys(filter(None, weak))),
        born=_born(texts(element, "dateOfBirth")),
        countries=_codes(countries),
        programmes=tuple(texts(element, "program")),
    )


def _xml_name(element: Any) -> str:
    family, given = first(element, "lastName"), first(element, "firstName")
    return f"{family}, {given}" if family and given else family or given


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    with text_of(path) as stream:
        try:
            for number, row in enumerate(csv.reader(stream), 1):
                if not row or row == [_END]:
                    continue
                if len(row) != columns or not row[0].strip().isdigit():
                    raise wrong(
                        path.name, f"{columns} fields, of which the first is a number, a row, "
                        f"found {len(row)} in row {number}"
                    )  # fmt: skip
                yield ["" if field.strip() == _NULL else field.strip() for field in row]
        except csv.Error as err:
            raise wrong(path.name, f"CSV, but: {err}") from err


def _born(said: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for one in said for found in read_dates(one)))


def _codes(said: list[str]) -> tuple[str, ...]:
    return tuple(sorted({country_code(one) for one in said if one}))

"""Read the consolidated list of the UN Security Council, and others that use its XML.

Individuals have up to four names in order, aliases of good or low quality, and dates of several
types. This module refuses to order names anew: the list writes them as they are said.
Source: UN Security Council, consolidated list (consolidated.xsd).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from counterfoil.apps.finance.names.lists.countries import country_code
from counterfoil.apps.finance.names.lists.dates import read_dates
from counterfoil.apps.finance.names.lists.entry import ListEntry, SanctionsList, make_list
from counterfoil.apps.finance.names.lists.xml_elements import elements, first, texts
from counterfoil.apps.finance.names.parsing import Kind

__all__ = ["read_un_xml"]

_NAMES: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read_un_xml(path: Path) -> SanctionsList:
    """Read the list. Raises InputError with code names.list-form, and as `open_list_file`."""
    entries: list[ListEntry] = []
    date, passed = "", 0
    for name, element in elements(path, {"INDIVIDUAL", "ENTITY", "CONSOLIDATED_LIST"}):
        if name == "CONSOLIDATED_LIST":
            date = element.get("dateGenerated", "")[:10]
            continue
        entry = _entry(element, "person" if name == "INDIVIDUAL" else "organisation")
        if entry is None:
            passed += 1
        else:
            entries.append(entry)
    return make_list("un-xml", entries, date=date, passed=passed)


def _entry(element: Any, kind: Kind) -> ListEntry | None:
    name = " ".join(filter(None, (first(element, one) for one in _NAMES)))
    if not name:
        return None
    prefix = "INDIVIDUAL" if kind == "person" else "ENTITY"
    aliases = texts(element, "NAME_ORIGINAL_SCRIPT")
    weak: list[str] = []
    for alias in element.iterfind(f"{{*}}{prefix}_ALIAS"):
        low = first(alias, "QUALITY").casefold() == "low"
        (weak if low else aliases).append(first(alias, "ALIAS_NAME"))
    countries = [
        *texts(element, "NATIONALITY/VALUE"),
        *texts(element, f"{prefix}_ADDRESS/COUNTRY"),
    ]
    return ListEntry(
        id=first(element, "DATAID") or first(element, "REFERENCE_NUMBER"),
        name=name,
        kind=kind,
        aliases=tuple(dict.fromkeys(filter(None, aliases))),
        weak=tuple(dict.fromkeys(filter(None, weak))),
        born=_born(element),
        countries=tuple(sorted({country_code(one) for one in countries})),
        programmes=tuple(dict.fromkeys(texts(element, "UN_LIST_TYPE"))),
    )


def _born(element: Any) -> tuple[str, ...]:
    found: list[str] = []
    for said in element.iterfind("{*}INDIVIDUAL_DATE_OF_BIRTH"):
        span = first(said, "FROM_YEAR"), first(said, "TO_YEAR")
        for text in (first(said, "DATE"), first(said, "YEAR"), "-".join(span)):
            dates = read_dates(text)
            if dates:
                found += dates
                break
    return tuple(dict.fromkeys(found))

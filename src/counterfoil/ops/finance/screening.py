"""Screen names against sanctions lists, on record where a ledger is given.

What compares is `apps.finance.names`. This module refuses to clear anybody: it tells whom a name
may be, and an empty answer says only that no listed name is near enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from counterfoil.errors import InputError
from counterfoil.ops.finance.names import parse_score
from counterfoil.ops.finance.own_lists import made_ready, read_once
from counterfoil.ops.finance.query_files import AskedName, asked_names, make_query
from counterfoil.ops.finance.screen_runs import recorded, screened_many
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_writing
from counterfoil.ports import Channel, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.names.lists import ListVersion, SanctionsList
    from counterfoil.apps.finance.names.recorded import ScreeningRecord
    from counterfoil.apps.finance.names.rescreening import Rescreened
    from counterfoil.apps.finance.names.screening import Query, Screened

__all__ = ["RescreenedName", "ScreenedName", "read_lists", "rescreen", "screen"]

Lists = Annotated[
    tuple[Path, ...],
    Param(
        "A list: a file (.gz, too) or a folder, of OFAC, the UN or OpenSanctions.",
        "LIST",
        holds="tree",
    ),
]
"""The parameter that names lists."""


@dataclass(frozen=True, slots=True)
class ScreenedName:
    """What screening found for a name.

    asked: the row. found: the hits. versions: of the lists. record: where it stands in the ledger;
    None where none was given.
    """

    asked: AskedName
    found: Screened
    versions: tuple[ListVersion, ...]
    record: ScreeningRecord | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        query = self.found.query
        said = {
            "row": self.asked.row,
            "query": query.name,
            "schema": query.schema,
            "outcome": self.found.outcome,
            "hits": [hit.to_json() for hit in self.found.hits],
            "more": self.found.more,
            "lists": [version.to_json() for version in self.versions],
        }
        return said if self.record is None else {**said, "record": self.record.to_json()}


@dataclass(frozen=True, slots=True)
class RescreenedName:
    """What screening again found for a name that was screened before."""

    found: Rescreened

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return self.found.to_json()


def screen(
    name: Annotated[
        str | None, Param("The name to screen; else a file with --queries.", "NAME")
    ] = None,
    *,
    list: Lists = (),
    queries: Annotated[
        Path | None,
        Param(
            "Names to screen: CSV with a column name, JSON lines, plain lines, or -.",
            "FILE",
            holds="file",
        ),
    ] = None,
    schema: Annotated[str, Param("What bears the name: Person, Company, Vessel ...")] = "",
    born: Annotated[str, Param("Date of birth: YYYY, YYYY-MM or YYYY-MM-DD.", "DATE")] = "",
    country: Annotated[str, Param("Country of nationality, by code or name.")] = "",
    threshold: Annotated[
        str | None, Param("Score from which on an entry is a hit; 0.8 if left out.", "SCORE")
    ] = None,
    ledger: Annotated[
        Path | None,
        Param("Record each screening in this ledger, names sealed.", "DIR", holds="also-ledger"),
    ] = None,
    source: Annotated[
        str | None, Param("Name of the series of records; else the file's digest.", "NAME")
    ] = None,
    receipts: Annotated[
        Path | None,
        Param(
            "Folder for a receipt of each recorded screening with hits.",
            "DIR",
            holds="output-folder",
        ),
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[ScreenedName]:
    """Screen names against sanctions lists: who on them each may be, and why.

    One answer for each name, in order. With --ledger the lists' versions and each screening are
    durable before it is told of. Raises InputError with code names.nothing, names.list-*,
    names.columns, names.csv, names.query or names.threshold, NotFound with code file.missing or
    ledger.missing, and as `Ledger.record_statements`.
    """
    from counterfoil.apps.finance.names.screening import HIT_FROM

    if (name is None) == (queries is None):
        raise InputError(
            "names.nothing",
            "expected a name or a file of names, found " + ("neither" if name is None else "both"),
            hint="For example: counterfoil finance screen 'Jane Doe' --list sdn.csv.",
        )
    if receipts is not None and ledger is None:
        raise InputError(
            "names.nothing",
            "expected a ledger to take receipts from, found none",
            hint="Add --ledger DIR.",
        )
    hit_from = HIT_FROM if threshold is None else parse_score(threshold)
    folder = None if ledger is None else find_ledger(ledger)
    if queries is not None:
        asked = asked_names(queries, channel)
    else:
        row = {"name": name, "schema": schema, "born": born, "country": country}
        query = make_query(row)
        if born.strip() and not query.born:
            raise InputError(
                "names.query",
                f"expected a date of birth, found {born[:40]!a}",
                hint="Write it as YYYY, YYYY-MM or YYYY-MM-DD.",
            )
        _require_countries(query)
        asked = iter([AskedName(1, "", query)])
    lists = read_lists(list)
    versions = tuple(one.version for one in lists)
    found = screened_many(lists, asked, hit_from, progress)
    if folder is None:
        return (ScreenedName(one, its, versions) for one, its in found)
    kept = recorded(folder, list, lists, found, queries, source, hit_from, receipts, progress)
    return (ScreenedName(one, its, versions, record) for one, its, record in kept)


def rescreen(
    *,
    list: Lists = (),
    actor: Annotated[str, Param("Who looks; that what is sealed is opened is recorded.", "NAME")],
    every: Annotated[bool, Param("Tell of names of which nothing changed, too.")] = False,
    threshold: Annotated[
        str | None, Param("Score from which on an entry is a hit; 0.8 if left out.", "SCORE")
    ] = None,
    ledger: LedgerFolder = None,
    progress: Progress = no_progress,
) -> Iterator[RescreenedName]:
    """Screen again the names that a ledger has screened, against lists as they are now.

    Tells of the hits that came and went; what changed is recorded in the place of the earlier
    screening. Raises InputError with code names.nothing, names.list-* or names.threshold, and as
    `People.open_many` and `Ledger.record_statements`.
    """
    from counterfoil.apps.finance.names.recorded import former_screenings, record_basis
    from counterfoil.apps.finance.names.rescreening import rescreen as again
    from counterfoil.apps.finance.names.screening import HIT_FROM

    hit_from = HIT_FROM if threshold is None else parse_score(threshold)
    lists = read_lists(list)
    screener = made_ready(lists, hit_from)
    with open_for_writing(ledger) as opened:
        basis = record_basis(opened, tuple(zip(list, lists, strict=True)))
        former = former_screenings(opened, actor=actor)
        for number, one in enumerate(again(opened, former, screener, basis), 1):
            progress(number, None, "names screened again")
            if every or one.changed:
                yield RescreenedName(one)


def read_lists(paths: tuple[Path, ...]) -> list[SanctionsList]:
    """Read the lists that were named. Raises InputError with code names.nothing; as `read_list`."""
    if not paths:
        raise InputError(
            "names.nothing",
            "expected a list to screen against, found none",
            hint="Add --list FILE; docs/guides/finance-screening.md says which forms are read.",
        )
    return [read_once(path) for path in paths]


def _require_countries(query: Query) -> None:
    from counterfoil.apps.finance.names.lists import is_country

    for country in query.countries:
        if not is_country(country):
            raise InputError(
                "names.query",
                f"expected a country, found {country[:40]!a}",
                hint="Write its ISO 3166 code, such as VE or VEN, or its name in English.",
            )

"""What people call places, products and parties, and where they are: put on record, and looked up.

Events name things by numbers; pages, journeys on a map, and the check of how fast a thing went need
more. What is said of a thing counts from its time on, until something later is said of it; what
one's own log says comes before what was taken over from another's. This module refuses half a
place: a latitude comes with a longitude.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

import msgspec

from counterfoil.apps.supply.events.identifiers import canonical, class_of
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.master import EPC_CLASS, LOCATION, MDA, PARTY, Master
from counterfoil.apps.supply.events.recording import record_missing
from counterfoil.apps.supply.events.records import SUPPLY_MASTER
from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ports import Said
from counterfoil.provenance.statements.parts import Reference

__all__ = [
    "SERIES",
    "Known",
    "Place",
    "called_of",
    "calls",
    "coordinates_of",
    "names_of",
    "places_of",
    "read_places",
    "record_masters",
]

SERIES: Final = "supply-master"
"""The series that master data is recorded in."""

_TEXT_MAX: Final = 200
_REQUIRED: Final = ("place", "latitude", "longitude")
_COLUMNS: Final = {
    "name": f"{MDA}name",
    "latitude": f"{MDA}latitude",
    "longitude": f"{MDA}longitude",
    "address": f"{MDA}streetAddressOne",
    "city": f"{MDA}city",
    "postalCode": f"{MDA}postalCode",
    "countryCode": f"{MDA}countryCode",
    "party": "urn:epcglobal:cbv:sdt:owning_party",
}
"""Column of a CSV -> attribute that it gives."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a thing.

    place: its canonical name. called: by people, or empty. at: (latitude, longitude), degrees.
    entry: the newest that says so. origin: the log that it was taken over from, or empty.
    """

    place: str
    called: str = ""
    at: tuple[float, float] | None = None
    entry: int = -1
    origin: str = ""


class Known(dict[str, T]):
    """Canonical name -> what is known. A part of a site is where its site is, unless it says so."""

    def get(self, name: str, default: Any = None) -> Any:
        """Look a name up, then that of the site or class that it is of."""
        found = super().get(name)
        if found is None and "/254/" in name:
            found = super().get(name.partition("/254/")[0])
        return default if found is None else found


def read_places(data: bytes) -> tuple[Master, ...]:
    """Read places, products and parties as CSV: place, latitude and longitude, which may be empty.

    Further columns, where they are: name, address, city, postalCode, countryCode, party.
    Raises InputError with code supply.places, naming the line.
    """
    found, line = [], 1
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        missing = [one for one in _REQUIRED if one not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"no column {missing[0]}")
        for row in rows:
            line = rows.line_num
            found.append(_of_row(row))
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as err:
        raise InputError(
            "supply.places",
            f"expected CSV with {', '.join(_REQUIRED)} and perhaps "
            f"{', '.join(one for one in _COLUMNS if one not in _REQUIRED)}; found in line {line}: "
            f"{str(err)[:120]}",
            hint="The first line names the columns; a place is a URI, as events name it.",
        ) from err
    return tuple(found)


def _of_row(row: Mapping[str, str | None]) -> Master:
    said = {key: (row.get(key) or "").strip() for key in ("place", *_COLUMNS)}
    name = canonical(said.pop("place"))
    if not name.isascii() or not name.isprintable() or " " in name or ":" not in name[1:]:
        raise ValueError(f"{name[:80]!a} is no URI of a place")
    long = next((key for key, value in said.items() if len(value) > _TEXT_MAX), None)
    if long is not None or len(name) > 2 * _TEXT_MAX:
        raise ValueError(f"{long or 'place'} is longer than {_TEXT_MAX} characters")
    party, product = "/417/" in name or ":pgln:" in name, "/01/" in name
    kind = PARTY if party else EPC_CLASS if product else LOCATION
    attributes = {_COLUMNS[key]: value for key, value in said.items() if value}
    one = Master(name, kind, attributes)
    if (said["latitude"] or said["longitude"]) and one.at is None:
        raise ValueError(f"{said['latitude']}, {said['longitude']} is no place on Earth")
    return one


def record_masters(
    ledger: Ledger,
    masters: Sequence[Master],
    *,
    since_ms: int | None = None,
    on_behalf_of: str | None = None,
    received: Sequence[tuple[int, Reference | None]] = (),
) -> tuple[int, ...]:
    """Record what is said of things, where it says something new; give the entries.

    since_ms: from when on it counts, Unix ms; at most now, which is the default. on_behalf_of: the
    organisation that says it, by a mandate. received: of each, its own time and the statement that
    it was taken over from. Raises Conflict with code epcis.busy, and as `Ledger.record_statements`.
    """
    now = time.time_ns() // 1_000_000
    since = now if since_ms is None else min(since_ms, now)
    at = received or [(since, None)] * len(masters)
    wanted = {
        (one.thing, one.vocabulary): (one, *more) for one, more in zip(masters, at, strict=True)
    }.values()

    def missing() -> list[Said]:
        with index_of(ledger) as index:
            return [
                _said(one, when, whence, on_behalf_of)
                for one, when, whence in wanted
                if not _in_force(index, one, when, whence)
            ]

    return record_missing(ledger, SERIES, missing)[0]


def _in_force(index: Index, one: Master, since_ms: int, received: Reference | None) -> bool:
    """Tell whether just that counts already from that time on."""
    row = index.database.execute(
        "SELECT digest FROM master WHERE name = ? AND vocabulary = ? AND origin = ? AND since <= ? "
        "ORDER BY since DESC, entry DESC LIMIT 1",
        (one.thing, one.vocabulary, _origin(received), since_ms),
    ).fetchone()
    return row is not None and row[0] == one.digest


def _origin(received: Reference | None) -> str:
    return "" if received is None else received.origin or "?"


def _said(one: Master, since_ms: int, received: Reference | None, on_behalf_of: str | None) -> Said:
    fields: dict[str, Any] = {
        "thing": one.thing,
        "vocabulary": one.vocabulary,
        "since_ms": since_ms,
        "attributes": dict(one.attributes),
    }
    if one.children:
        fields["children"] = list(one.children)
    if received is not None:
        fields["received"] = msgspec.to_builtins(received)
    if on_behalf_of is not None:
        fields["on_behalf_of"] = on_behalf_of
    return Said(SUPPLY_MASTER.uri, fields, (Subject(digest={"sha256": one.digest}, name="master"),))


_Row = tuple[str, str, str, int, int, str, float | None, float | None]
_ALL: Final = (
    "SELECT name, vocabulary, origin, since, entry, called, north, east FROM master "
    "ORDER BY name, origin != '', since DESC, entry DESC"
)


def places_of(index: Index, as_of_ms: int | None = None) -> dict[str, Place]:
    """Give what is known of places, products and parties: canonical name -> what counts.

    as_of_ms: by what counted then; where nothing did yet, by what was said first.
    """
    rows = index.database.execute(_ALL)
    return {
        name: _known(name, list(said), as_of_ms) for name, said in groupby(rows, lambda row: row[0])
    }


def _known(name: str, rows: list[_Row], as_of_ms: int | None) -> Place:
    """Choose what counts: of each vocabulary and log the one that is in force, our own first."""
    force: dict[tuple[str, str], _Row] = {}
    for row in rows:
        before = force.get(row[1:3])
        if before is None or (as_of_ms is not None and before[3] > as_of_ms):
            force[row[1], row[2]] = row
    chosen = sorted(force.values(), key=lambda row: (row[2] != "", -row[3], -row[4]))
    called = next((row for row in chosen if row[5]), None)
    located = next((row for row in chosen if row[6] is not None), None)
    first = called or located or chosen[0]
    at = None if located is None else (located[6] or 0.0, located[7] or 0.0)
    return Place(name, "" if called is None else called[5], at, first[4], first[2])


def names_of(index: Index, as_of_ms: int | None = None) -> Known[str]:
    """Give what people call things: canonical name -> words, for those that have some."""
    return Known(
        {name: one.called for name, one in places_of(index, as_of_ms).items() if one.called}
    )


def coordinates_of(index: Index, as_of_ms: int | None = None) -> Known[tuple[float, float]]:
    """Give where things are: canonical name -> (latitude, longitude), degrees."""
    found = places_of(index, as_of_ms)
    return Known({name: one.at for name, one in found.items() if one.at is not None})


def called_of(called: Mapping[str, str], name: str) -> str:
    """Say what people call a thing, or an item or lot of a product; empty where nobody says."""
    found = called.get(name)
    if found:
        return found
    kind = class_of(name)
    product = called.get(kind) if kind else None
    if not product:
        return ""  # perhaps a name of another kind, without a slash
    key, value = name.split("/")[-2:]
    return f"{'lot' if key == '10' else 'serial'} {value} of {product}"


def calls(index: Index, names: Iterable[str], as_of_ms: int | None = None) -> dict[str, str]:
    """Give what people call just these things: canonical name -> words, where somebody says."""
    known = names_of(index, as_of_ms)
    words = ((name, called_of(known, name)) for name in sorted(set(names)) if name)
    return {name: said for name, said in words if said}

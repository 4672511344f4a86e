"""Places and parties in words: what people call them, and where they are on Earth.

Events name places by numbers; journeys on a map, and the check of how fast a thing travelled, need
more. What is known of a place is a statement like any other, and the last one counts. This module
refuses half a place: a latitude comes with a longitude.
Source: GS1 CBV 2.0, 10 (master data of locations).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.records import SUPPLY_PLACE
from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ports import Said
from counterfoil.provenance.statements.parts import decimal_text

__all__ = [
    "SERIES",
    "Place",
    "coordinates_of",
    "names_of",
    "places_of",
    "read_places",
    "record_places",
]

SERIES: Final = "supply-places"
"""The series that places are recorded in."""

_NAME_MAX: Final = 200
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_COLUMNS: Final = ("place", "latitude", "longitude")


@dataclass(frozen=True, slots=True)
class Place:
    """A place or party. place: its URI. called: by people, or empty. at: (latitude, longitude)."""

    place: str
    called: str = ""
    at: tuple[float, float] | None = None


def read_places(data: bytes) -> tuple[Place, ...]:
    """Read places as CSV: place, name, latitude and longitude (degrees), of which some are empty.

    The column of names may be missing. Raises InputError with code supply.places.
    """
    found = []
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        for row in rows:
            place = row["place"].strip()
            if not place:
                raise ValueError(f"line {rows.line_num} names no place")
            called = (row.get("name") or "").strip()
            found.append(Place(place, called[:_NAME_MAX], _at(row["latitude"], row["longitude"])))
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as err:
        raise InputError(
            "supply.places",
            f"expected CSV with {', '.join(_COLUMNS)} and perhaps name, but: {str(err)[:120]}",
            hint="The first line names the columns.",
        ) from err
    return tuple(found)


def _at(north: str | None, east: str | None) -> tuple[float, float] | None:
    if not (north or "").strip() and not (east or "").strip():
        return None
    at = float(north or ""), float(east or "")
    if not (-90 <= at[0] <= 90 and -180 <= at[1] <= 180):
        raise ValueError(f"{at[0]}, {at[1]} is no place on Earth")
    return at


def record_places(ledger: Ledger, index: Index, places: Sequence[Place]) -> tuple[int, ...]:
    """Record what is known of places, where it says something new; give the entries.

    Raises InputError with code supply.places, and as `Ledger.record_statements`.
    """
    for one in places:
        if _URI.fullmatch(one.place) is None:
            raise InputError(
                "supply.places",
                f"expected the URI of a place, found {one.place[:80]!a}",
                hint="Name it as events do, such as urn:epc:id:sgln:4012345.00001.0.",
            )
    known = places_of(index)
    said = []
    for one in {canonical(one.place): one for one in places}.values():
        name = canonical(one.place)
        if known.get(name) != Place(name, one.called, one.at):
            said.append(_said(one))
    if not said:
        return ()
    first = ledger.next_number(SERIES)
    return ledger.record_statements(said, source=SERIES, first=first).result().indices


def _said(one: Place) -> Said:
    fields: dict[str, Any] = {"place": one.place}
    if one.called:
        fields["name"] = one.called
    if one.at is not None:
        north, east = one.at
        fields |= {"latitude": decimal_text(north), "longitude": decimal_text(east)}
    digest = sha256(canonical(one.place).encode()).hexdigest()
    return Said(SUPPLY_PLACE.uri, fields, (Subject(digest={"sha256": digest}, name="place"),))


def places_of(index: Index) -> dict[str, Place]:
    """Give what is known of places: canonical name -> what was said last."""
    rows: Iterable[tuple[str, str, float | None, float | None]] = index.database.execute(
        "SELECT name, called, north, east FROM place"
    )
    return {
        name: Place(name, called, None if north is None or east is None else (north, east))
        for name, called, north, east in rows
    }


def names_of(index: Index) -> dict[str, str]:
    """Give what people call places: canonical name -> words, for those that have some."""
    return {name: one.called for name, one in places_of(index).items() if one.called}


def coordinates_of(index: Index) -> dict[str, tuple[float, float]]:
    """Give where places are: canonical name -> (latitude, longitude), degrees."""
    return {name: one.at for name, one in places_of(index).items() if one.at is not None}

"""What cannot have happened, by the events of a ledger.

Distances are known between places that are on record, and those of a file. This module refuses to
guess where another is: a place without coordinates is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from counterfoil.apps.supply.events.degrees import celsius
from counterfoil.apps.supply.events.doubts import Doubt, Limits, doubts
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import Known, coordinates_of, names_of
from counterfoil.apps.supply.events.places import read_places as read_rows
from counterfoil.ops.files import read_file
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param

__all__ = ["PLACES_MAX_BYTES", "check_events", "read_places"]

PLACES_MAX_BYTES: Final = 64 << 20
"""Largest file of places, bytes."""


def check_events(
    thing: Annotated[str | None, Param("Only of this thing; else of all.", "EPC")] = None,
    *,
    places: Annotated[
        Path | None,
        Param("More places as CSV: place, latitude, longitude (degrees).", "FILE", holds="file"),
    ] = None,
    speed_kmh: Annotated[int, Param("Fastest that anything travels, km/h.", "KMH")] = 120,
    low_c: Annotated[str | None, Param("Coldest that is allowed, degrees C.", "C")] = None,
    high_c: Annotated[str | None, Param("Warmest that is allowed, degrees C.", "C")] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Doubt]:
    """Find impossible journeys, serial numbers used twice, masses and cold chains that broke.

    Raises InputError with code supply.places or supply.limit, NotFound with code supply.thing.
    """
    known = {} if places is None else read_places(read_file(places, PLACES_MAX_BYTES))
    limits = Limits(speed_kmh=speed_kmh, low_c=celsius(low_c), high_c=celsius(high_c))
    with open_for_reading(ledger) as opened, index_of(opened) as index:
        located = Known({**coordinates_of(index), **known})
        limits = replace(limits, places=located, called=names_of(index))
        yield from doubts(index, limits, thing)


def read_places(data: bytes) -> dict[str, tuple[float, float]]:
    """Read places with coordinates: canonical name -> (latitude, longitude), degrees.

    Raises InputError with code supply.places.
    """
    found = read_rows(data)
    return {one.thing: one.at for one in found if one.at is not None}

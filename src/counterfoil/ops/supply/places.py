"""What people call places, products and parties, and where they are: on record, and listed.

This module refuses to look a place up anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import places_of, read_places, record_masters
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.supply.doubts import PLACES_MAX_BYTES
from counterfoil.ops.supply.traces import moment_of
from counterfoil.ports import Channel, Param

__all__ = ["KnownPlaces", "Named", "know_places", "list_names"]


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """What was recorded of places. new: how many statements. indices: of their entries.

    known: how many places are known in all; located: of these, with coordinates.
    """

    new: int
    indices: tuple[int, ...]
    known: int
    located: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "new": self.new,
            "indices": list(self.indices),
            "known": self.known,
            "located": self.located,
        }


@dataclass(frozen=True, slots=True)
class Named:
    """What is known of a thing, and by whom.

    latitude, longitude: degrees, or None. entry: that says so. origin: the log that it was taken
    over from; empty for what this ledger's own organisation said.
    """

    thing: str
    called: str
    latitude: float | None
    longitude: float | None
    entry: int
    origin: str

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def list_names(
    thing: Annotated[
        str | None, Param("Only of this place, product or party; else of all.", "URI")
    ] = None,
    *,
    as_of: Annotated[str | None, Param("What was said by then; else by now.", "TIME")] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Named]:
    """List what places, products and parties are called, where they are, and who says so.

    Raises InputError with code supply.time.
    """
    by, only = moment_of(as_of), None if thing is None else canonical(thing)
    with open_for_reading(ledger) as opened, index_of(opened) as index:
        for name, one in places_of(index, by).items():
            if only in (None, name):
                north, east = one.at or (None, None)
                yield Named(name, one.called, north, east, one.entry, one.origin)


def know_places(
    places: Annotated[
        Path,
        Param(
            "CSV: place, latitude and longitude (degrees), and perhaps name, address, city, "
            "postalCode, countryCode and party; or -.",
            "PLACES",
            holds="file",
        ),
    ],
    *,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> KnownPlaces:
    """Record what people call places, products and parties, and where they are.

    What is known already is not recorded again. Journeys are drawn on a map by it, and the check of
    how fast things travel knows distances.
    Raises InputError with code supply.places, and as `Ledger.record_statements`.
    """
    found = read_places(read_input(places, channel, PLACES_MAX_BYTES))
    with open_for_writing(ledger) as opened:
        done = record_masters(opened, found)
        with index_of(opened) as index:
            known = places_of(index).values()
    return KnownPlaces(len(done), done, len(known), sum(one.at is not None for one in known))

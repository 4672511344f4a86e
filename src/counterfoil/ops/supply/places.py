"""What people call places and parties, and where they are: on record, for maps and checks.

This module refuses to look a place up anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import places_of, read_places, record_masters
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.supply.doubts import PLACES_MAX_BYTES
from counterfoil.ports import Channel, Param

__all__ = ["KnownPlaces", "know_places"]


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


def know_places(
    places: Annotated[
        Path,
        Param(
            "CSV with place, name, latitude and longitude (degrees), or -.", "PLACES", holds="file"
        ),
    ],
    *,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> KnownPlaces:
    """Record what people call places and parties, and where they are; what is known stays.

    Journeys are drawn on a map by it, and the check of how fast things travel knows distances.
    Raises InputError with code supply.places, and as `Ledger.record_statements`.
    """
    found = read_places(read_input(places, channel, PLACES_MAX_BYTES))
    with open_for_writing(ledger) as opened:
        done = record_masters(opened, found)
        with index_of(opened) as index:
            known = places_of(index).values()
    return KnownPlaces(len(done), done, len(known), sum(one.at is not None for one in known))

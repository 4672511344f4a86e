"""Events: named by their hashes.

This module refuses a document that is no EPCIS document as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.apps.supply.events.prehash import event_name
from counterfoil.apps.supply.events.prehash import prehash as written
from counterfoil.apps.supply.events.reading import DOCUMENT_MAX_BYTES, read
from counterfoil.ops.files import read_input
from counterfoil.ports import Channel, Param

__all__ = ["EventsFile", "Hashed", "hash_events"]

EventsFile = Annotated[
    Path,
    Param("EPCIS 2.0 events as JSON-LD or XML, or - for standard input.", "EVENTS", holds="file"),
]
"""The parameter of operations that read events."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """An event's name. at: its place in the document, from 0. hash: the name itself, a ni URI.

    event_id: the one that stands in the event, if any. prehash: what was hashed, where asked for.
    """

    at: int
    type: str
    hash: str
    event_id: str | None
    prehash: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found = {"at": self.at, "type": self.type, "hash": self.hash, "event_id": self.event_id}
        return found if self.prehash is None else {**found, "prehash": self.prehash}


def hash_events(
    events_file: EventsFile,
    *,
    prehash: Annotated[bool, Param("Show the text that was hashed, too.")] = False,
    channel: Channel,
) -> Iterator[Hashed]:
    """Name each event of an EPCIS document by its hash, as the CBV 2.0 standard has it.

    Raises InputError as `reading.read`.
    """
    document = read(read_input(events_file, channel, DOCUMENT_MAX_BYTES))
    for at, event in enumerate(document.events):
        said = event.body.get("eventID")
        yield Hashed(
            at,
            str(event.body.get("type", "")),
            event_name(event),
            said if isinstance(said, str) else None,
            "".join(written(event)) if prehash else None,
        )

"""Events: named by their hashes, and recorded.

This module refuses a document with a wrong event as a whole, unless it was asked to proceed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from counterfoil.apps.supply.events.capture import Captured, capture_document
from counterfoil.apps.supply.events.prehash import event_name
from counterfoil.apps.supply.events.prehash import prehash as written
from counterfoil.apps.supply.events.reading import DOCUMENT_MAX_BYTES, read
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops.files import read_file, read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.receipt_folder import write_receipts
from counterfoil.ops.receipts import open_published
from counterfoil.ports import Channel, Param, Progress, no_progress

__all__ = ["EventsFile", "Hashed", "capture_events", "count_events", "hash_events"]

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
    """Name each event of an EPCIS document by its CBV hash, as the reference 1.9.3 has it.

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


def capture_events(
    events_file: EventsFile,
    *,
    proceed: Annotated[bool, Param("Record right events beside wrong ones.")] = False,
    on_behalf_of: Annotated[
        str | None, Param("The organisation whose events they are, by a mandate.", "URI")
    ] = None,
    receipts: Annotated[
        Path | None,
        Param("Write the receipt of each event into this folder.", "DIR", holds="output-folder"),
    ] = None,
    ledger: LedgerFolder = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Captured:
    """Record the events and master data of an EPCIS document, each once and with a receipt.

    Raises InputError with code epcis.rollback for a wrong event, unless told to proceed, and as
    `reading.read`, `capture.capture` and `write_file`.
    """
    document = read(read_input(events_file, channel, DOCUMENT_MAX_BYTES))
    with open_for_writing(ledger) as opened:
        done = capture_document(opened, document, proceed=proceed, on_behalf_of=on_behalf_of)
    if done.wrong and not proceed:
        first = done.wrong[0]
        raise InputError(
            "epcis.rollback",
            f"expected right events, found {len(done.wrong)} wrong of {len(document.events)}, and "
            f"recorded none; in event {first.at}: {first.message} [{first.code}]",
            hint="Mend it, or record the others with --proceed.",
        )
    named = [(at, "supply-event") for at in sorted({at for at in done.indices if at is not None})]
    named += [(at, "supply-master") for at in done.masters]
    if receipts is None or not named:
        return done
    with open_published(ledger, str(max(at for at, _ in named))) as opened:
        return replace(done, receipts=write_receipts(opened, named, receipts, progress))


def count_events(path: Path) -> int:
    """Count what a document says, for who accounts for it; 1 for what is no document."""
    try:
        found = read(read_file(path, DOCUMENT_MAX_BYTES))
        return max(1, len(found.events) + len(found.masters))
    except CounterfoilError:  # it is refused when it is captured
        return 1

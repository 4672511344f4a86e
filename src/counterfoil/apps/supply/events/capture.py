"""Record events: each a statement with a receipt, each once, many under one signature.

An event is known by its hash, so that whoever sends a document again gets the first receipts. This
module refuses a document with a wrong event as a whole, unless it was asked to proceed.
Source: GS1 EPCIS 2.0, 12.6 (GS1-Capture-Error-Behaviour).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.linking import Linked, link
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.records import SERIES, said_of
from counterfoil.errors import Conflict, InputError
from counterfoil.ledger import Ledger
from counterfoil.provenance.statements.parts import Reference

__all__ = ["Captured", "Wrong", "capture"]

_TRIES: Final = 8
_ALONE: Final = Lock()


@dataclass(frozen=True, slots=True)
class Wrong:
    """An event that was not recorded. at: its place in the document. code, message: why."""

    at: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of events. indices: of their entries, in order; None for a wrong one.

    new: how many were not in the log before. hashes: of each. receipts: files that they were
    written to, where they were asked for.
    """

    indices: tuple[int | None, ...]
    hashes: tuple[str | None, ...]
    new: int
    wrong: tuple[Wrong, ...] = ()
    receipts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "new": self.new,
            "events": [
                {"hash": one, "index": at}
                for one, at in zip(self.hashes, self.indices, strict=True)
            ],
            "wrong": [{"at": w.at, "code": w.code, "message": w.message} for w in self.wrong],
            **({"receipts": list(self.receipts)} if self.receipts else {}),
        }


def capture(
    ledger: Ledger,
    events: Sequence[Event],
    *,
    proceed: bool = False,
    on_behalf_of: str | None = None,
    received: Sequence[Reference] = (),
) -> Captured:
    """Record events and wait until they are durable: all or none, but what is there already.

    proceed: record those that are right beside wrong ones. on_behalf_of: the organisation whose
    event it is, by a mandate. received: of each event, the statement that it was taken over from;
    empty where they are one's own. With a wrong event and without `proceed` nothing is recorded,
    and `wrong` says why. Raises Conflict with code epcis.busy, and as `Ledger.record_statements`.
    """
    linked, wrong = _checked(events)
    hashes = tuple(None if one is None else one.digest for one in linked)
    if wrong and not proceed:
        return Captured((None,) * len(events), hashes, 0, tuple(wrong))
    right = {one.key: at for at, one in reversed(list(enumerate(linked))) if one is not None}
    with _ALONE:
        known, new = _record(ledger, events, right, on_behalf_of, received)
    indices = tuple(None if one is None else known[one.key] for one in linked)
    return Captured(indices, hashes, new, tuple(wrong))


def _record(
    ledger: Ledger,
    events: Sequence[Event],
    right: dict[str, int],
    on_behalf_of: str | None,
    received: Sequence[Reference],
) -> tuple[dict[str, int], int]:
    """Record what is not there yet; another process may do the same at the same time."""
    for _ in range(_TRIES):
        first = ledger.next_number(SERIES)
        with index_of(ledger) as index:
            known = index.known(right)
        missing = [(key, at) for key, at in right.items() if key not in known]
        if not missing:
            return known, 0
        missing.sort(key=lambda one: one[1])
        said = [
            said_of(events[at], on_behalf_of, received[at] if received else None)
            for _, at in missing
        ]
        try:
            done = ledger.record_statements(said, source=SERIES, first=first).result()
        except Conflict as err:
            if err.code != "record.number-taken":
                raise
            continue  # somebody else recorded under these numbers: look again what is there
        keys = [key for key, _ in missing]
        return {**known, **dict(zip(keys, done.indices, strict=True))}, done.new
    raise Conflict(
        "epcis.busy",
        f"expected to record {len(right)} events, found others doing so {_TRIES} times",
        hint="Send them again.",
    )


def _checked(events: Sequence[Event]) -> tuple[list[Linked | None], list[Wrong]]:
    linked: list[Linked | None] = []
    wrong = []
    for at, event in enumerate(events):
        try:
            check(event)
            said_of(event)  # which has to fit
            linked.append(link(event))
        except InputError as err:
            linked.append(None)
            wrong.append(Wrong(at, err.code, err.message))
    return linked, wrong

"""Record events: each a statement with a receipt, each once, many under one signature.

An event is known by its hash, so that whoever sends a document again gets the first receipts. This
module refuses a document with a wrong event as a whole, unless it was asked to proceed.
Source: GS1 EPCIS 2.0, 12.6 (GS1-Capture-Error-Behaviour).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.linking import Linked, link
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.places import record_masters
from counterfoil.apps.supply.events.reading import Document
from counterfoil.apps.supply.events.recording import record_missing
from counterfoil.apps.supply.events.records import SERIES, said_of
from counterfoil.errors import InputError
from counterfoil.ledger import Ledger
from counterfoil.ports import Said
from counterfoil.provenance.statements.parts import Reference

__all__ = ["Captured", "Wrong", "capture", "capture_document"]

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
    written to, where they were asked for. masters: entries of master data that is new.
    """

    indices: tuple[int | None, ...]
    hashes: tuple[str | None, ...]
    new: int
    wrong: tuple[Wrong, ...] = ()
    receipts: tuple[str, ...] = ()
    masters: tuple[int, ...] = ()

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
            **({"masters": list(self.masters)} if self.masters else {}),
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


def capture_document(
    ledger: Ledger,
    document: Document,
    *,
    proceed: bool = False,
    on_behalf_of: str | None = None,
) -> Captured:
    """Record a document's events as `capture` does, then its master data, as of its time.

    Raises as `capture` and `record_masters`.
    """
    done = capture(ledger, document.events, proceed=proceed, on_behalf_of=on_behalf_of)
    if (done.wrong and not proceed) or not document.masters:
        return done
    since = document.since_ms
    masters = record_masters(ledger, document.masters, since_ms=since, on_behalf_of=on_behalf_of)
    return replace(done, masters=masters)


def _record(
    ledger: Ledger,
    events: Sequence[Event],
    right: dict[str, int],
    on_behalf_of: str | None,
    received: Sequence[Reference],
) -> tuple[dict[str, int], int]:
    """Record what is not there yet; another process may do the same at the same time."""
    known: dict[str, int] = {}
    keys: list[str] = []

    def missing() -> list[Said]:
        with index_of(ledger) as index:
            known.update(index.known(right))
        keys[:] = sorted((key for key in right if key not in known), key=right.__getitem__)
        whence = [received[right[key]] if received else None for key in keys]
        return [
            said_of(events[right[key]], on_behalf_of, one)
            for key, one in zip(keys, whence, strict=True)
        ]

    indices, new = record_missing(ledger, SERIES, missing)
    return {**known, **dict(zip(keys, indices, strict=True))}, new


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

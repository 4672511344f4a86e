"""Take events over from another organisation: by their receipts, verified before they are believed.

Goods change hands, and what is known of them does, too. A receipt proves who said it and in whose
log; the event then stands in one's own log, which names that entry, so that one trace goes through
all hands. This module refuses an event whose receipt does not hold under the
policy that one has for the other, and says nothing of whether the event is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.records import SUPPLY_EVENT, SupplyEvent
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.proofs.verify import verify_receipt
from counterfoil.provenance.statements.parts import Reference

__all__ = ["Handed", "Proven", "event_of_receipt", "take_over"]


@dataclass(frozen=True, slots=True)
class Handed:
    """What was taken over. indices: of the events in one's own log. new: not there before.

    origin: the other's log. grades: how far each receipt is trusted.
    """

    indices: tuple[int, ...]
    new: int
    origin: str
    grades: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "new": self.new,
            "origin": self.origin,
            "events": [
                {"index": at, "grade": grade}
                for at, grade in zip(self.indices, self.grades, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True)
class Proven:
    """An event that a receipt proves to have been said. statement: where. grade: how trusted."""

    event: Event
    statement: Reference
    grade: str


def event_of_receipt(data: bytes, policy: Policy) -> Proven:
    """Verify a receipt and read its event.

    Raises VerificationError, InputError with code supply.handover where it is of no event, and as
    `verify_receipt`.
    """
    verified = verify_receipt(data, policy)
    said, found = verified.statement, None
    if said is not None and said.predicate_type == SUPPLY_EVENT.uri:
        found = parse_registered(said)
    if not isinstance(found, SupplyEvent):
        raise InputError(
            "supply.handover",
            "expected the receipt of a supply event, found one of something else",
            hint="`counterfoil supply capture --receipts DIR` writes those of events.",
        )
    origin = verified.trusted.checkpoint.origin
    statement = Reference(
        leaf=verified.leaf.hex(), digest=found.digest, origin=origin, role="received"
    )
    return Proven(found.parsed(), statement, verified.grade)


def take_over(ledger: Ledger, receipts: Iterable[bytes], policy: Policy) -> Handed:
    """Verify receipts of another's events, and record these: all or none, each once.

    policy: whom one trusts about that log. Raises as `event_of_receipt` and `capture`, and
    VerificationError with code supply.handover where they are of several logs.
    """
    found = [event_of_receipt(one, policy) for one in receipts]
    origins = {one.statement.origin or "" for one in found}
    if len(origins) != 1:
        raise VerificationError(
            "supply.handover",
            f"expected receipts of one log, found {len(origins)} logs",
            hint="Take over each organisation's events by themselves.",
        )
    done = capture(ledger, [one.event for one in found], received=[one.statement for one in found])
    if done.wrong:
        first = done.wrong[0]
        raise InputError(
            "supply.handover",
            f"expected events that can be recorded, but the one of receipt {first.at}: "
            f"{first.message} [{first.code}]",
        )
    indices = tuple(at for at in done.indices if at is not None)
    return Handed(indices, done.new, origins.pop(), tuple(one.grade for one in found))

"""Take events and master data over from another organisation: by receipts, verified first.

Goods change hands, and what is known of them does, too. A receipt proves who said it and in whose
log; the event then stands in one's own log, which names that entry, so that one trace goes through
all hands. What the other calls its places comes along in the same way. This module refuses what
has a receipt that does not hold under the policy that one has for the other, and says nothing of
whether it is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.places import record_masters
from counterfoil.apps.supply.events.records import (
    SUPPLY_EVENT,
    SUPPLY_MASTER,
    SupplyEvent,
    SupplyMaster,
)
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.proofs.verify import verify_receipt
from counterfoil.provenance.statements.parts import Reference

__all__ = ["Handed", "Proven", "read_receipt", "take_over"]


@dataclass(frozen=True, slots=True)
class Handed:
    """What was taken over. indices: of the events in one's own log. new: not there before.

    origin: the other's log. grades: how far each event's receipt is trusted. masters: entries of
    master data that is new here.
    """

    indices: tuple[int, ...]
    new: int
    origin: str
    grades: tuple[str, ...]
    masters: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "new": self.new,
            "origin": self.origin,
            "events": [
                {"index": at, "grade": grade}
                for at, grade in zip(self.indices, self.grades, strict=True)
            ],
            **({"masters": list(self.masters)} if self.masters else {}),
        }


@dataclass(frozen=True, slots=True)
class Proven:
    """What a receipt proves to have been said. statement: where. grade: how trusted."""

    said: SupplyEvent | SupplyMaster
    statement: Reference
    grade: str


def read_receipt(data: bytes, policy: Policy) -> Proven:
    """Verify a receipt and read its event or master data.

    Raises VerificationError, InputError with code supply.handover where it is of neither, and as
    `verify_receipt`.
    """
    verified = verify_receipt(data, policy)
    said, found = verified.statement, None
    if said is not None and said.predicate_type in (SUPPLY_EVENT.uri, SUPPLY_MASTER.uri):
        found = parse_registered(said)
    if not isinstance(found, SupplyEvent | SupplyMaster):
        raise InputError(
            "supply.handover",
            "expected the receipt of a supply event or master data, found one of something else",
            hint="`counterfoil supply capture --receipts DIR` writes those of events.",
        )
    digest = found.digest if isinstance(found, SupplyEvent) else found.master.digest
    origin = verified.trusted.checkpoint.origin
    statement = Reference(leaf=verified.leaf.hex(), digest=digest, origin=origin, role="received")
    return Proven(found, statement, verified.grade)


def take_over(ledger: Ledger, receipts: Iterable[bytes], policy: Policy) -> Handed:
    """Verify receipts of another's events and master data, and record these: each once.

    policy: whom one trusts about that log. All events or none; master data comes after them, with
    its own time. Raises as `read_receipt`, `capture` and `record_masters`, and VerificationError
    with code supply.handover where they are of several logs.
    """
    found = [read_receipt(one, policy) for one in receipts]
    origins = {one.statement.origin or "" for one in found}
    if len(origins) != 1:
        raise VerificationError(
            "supply.handover",
            f"expected receipts of one log, found {len(origins)} logs",
            hint="Take over each organisation's events by themselves.",
        )
    events = [one for one in found if isinstance(one.said, SupplyEvent)]
    done = capture(
        ledger,
        [one.said.parsed() for one in events if isinstance(one.said, SupplyEvent)],
        received=[one.statement for one in events],
    )
    if done.wrong:
        first = done.wrong[0]
        raise InputError(
            "supply.handover",
            f"expected events that can be recorded, but the one of receipt {first.at}: "
            f"{first.message} [{first.code}]",
        )
    masters = [(one.said, one.statement) for one in found if isinstance(one.said, SupplyMaster)]
    new = record_masters(
        ledger,
        [said.master for said, _ in masters],
        received=[(said.since_ms, statement) for said, statement in masters],
    )
    indices = tuple(at for at in done.indices if at is not None)
    return Handed(indices, done.new, origins.pop(), tuple(one.grade for one in events), new)

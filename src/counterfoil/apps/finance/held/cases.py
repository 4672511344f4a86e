"""Cases: each decision to hold a payment, and what people and contracts made of it since.

A case is read from the log and from nothing else, so it cannot say other than what is recorded:
its number is the place of the decision that began it. This module refuses to open what is sealed,
and to decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from counterfoil.apps.finance.held.escrowing import Agreed, find_agreed
from counterfoil.apps.finance.payments import PAYMENT_ROLE
from counterfoil.errors import InputError
from counterfoil.ledger.decisions import FoundDecision

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = [
    "DECIDED",
    "HOLD",
    "RELEASE",
    "RETURN",
    "Case",
    "CaseState",
    "find_case",
    "list_cases",
    "payment_of",
]

HOLD: Final = "hold"
"""Outcome of a decision that begins a case."""

RELEASE: Final = "release"
RETURN: Final = "return"

DECIDED: Final = (RELEASE, RETURN)
"""Outcomes of a person's decision on a case."""

HELD_ROLE: Final = "held"
"""Role of the reference by which a person's decision names the decision to hold."""

CaseState = Literal["open", "release", "return"]
"""Nobody has decided, or what was decided last."""

_PAGE: Final = 100
_FOLLOWERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Case:
    """A held payment.

    hold: the decision that began it. payment: its id, where the decision names it. agreed: its
    terms, where it goes through an escrow. people: what people decided, oldest first; the last one
    counts.
    """

    hold: FoundDecision
    payment: str | None
    agreed: Agreed | None
    people: tuple[FoundDecision, ...]

    @property
    def number(self) -> int:
        """The case's number: the place of its first decision in the log."""
        return self.hold.index

    @property
    def state(self) -> CaseState:
        """What people made of it."""
        if not self.people:
            return "open"
        return "release" if self.people[-1].said["outcome"] == RELEASE else "return"

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "case": self.number,
            "state": self.state,
            "payment": self.payment,
            "at_ms": self.hold.at_ms,
            "score": self.hold.said.get("score"),
            "threshold": self.hold.said.get("threshold"),
            "maker": (self.hold.said.get("model") or {}).get("name"),
            "escrow": None if self.agreed is None else self.agreed.to_json(),
            "hold": msgspec.to_builtins(self.hold),
            "people": [msgspec.to_builtins(one) for one in self.people],
        }


def find_case(ledger: Ledger, number: int) -> Case:
    """Find a case by the place of its decision to hold.

    Raises InputError with code decision.kind or held.case, NotFound as `Ledger.get`.
    """
    hold = ledger.decisions.get(number)
    if hold.said.get("outcome") != HOLD or hold.said.get("by") == "person":
        raise InputError(
            "held.case",
            f"expected a decision to hold at entry {number}, found one to "
            f"{str(hold.said.get('outcome'))[:60]!a}",
            hint="`counterfoil case ls` lists what is held.",
        )
    payment = payment_of(hold.said)
    people = ledger.search(
        f"kind=decision by=person based_on.leaf={hold.leaf}",
        limit=_FOLLOWERS_MAX,
        newest_first=False,
    ).hits
    return Case(
        hold,
        payment,
        None if payment is None else find_agreed(ledger, payment),
        tuple(ledger.decisions.get(one.index) for one in people),
    )


def list_cases(
    ledger: Ledger, *, state: CaseState | None = None, limit: int = 50, before: int | None = None
) -> Iterator[Case]:
    """List cases, the newest first. before: only with smaller numbers."""
    after = before
    while limit > 0:
        page = ledger.search(f"kind=decision outcome={HOLD}", limit=_PAGE, after=after)
        for hit in page.hits:
            if hit.content.get("by") == "person" or limit <= 0:
                continue
            case = find_case(ledger, hit.index)
            if state is None or case.state == state:
                yield case
                limit -= 1
        after = page.next
        if after is None:
            return


def payment_of(said: Mapping[str, Any]) -> str | None:
    """Tell which payment a decision is about, by its reference to it."""
    for one in said.get("based_on") or ():
        if one.get("role") == PAYMENT_ROLE and one.get("name"):
            return str(one["name"])
    return None

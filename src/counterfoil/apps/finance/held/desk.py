"""The desk: have a contract hold what was decided to be held, and do what a person decides.

Holding is a model's or rule's decision, releasing and returning a person's, each by a key of its
own that governance allows for that scope alone: whoever steals the one can do nothing of the
other. Each step is recorded before it is sent and found again after a crash, so that asking again
never does it twice. This module refuses a person's decision without a name or a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.act import actions
from counterfoil.act.acted import Acted
from counterfoil.act.actor import Actor
from counterfoil.act.escrow_contract import PaymentState
from counterfoil.act.verdicts import Wanted
from counterfoil.apps.finance.held.cases import (
    DECIDED,
    HELD_ROLE,
    RELEASE,
    Case,
    find_case,
)
from counterfoil.apps.finance.held.escrowing import Agreed, EscrowDesk
from counterfoil.apps.finance.held.policy import desk_policy, record_policy
from counterfoil.apps.finance.payments import PAYMENT_ROLE
from counterfoil.errors import Conflict, InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Recorded

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.provenance.statements.parts import Accountable

__all__ = ["DESK_DECIDER", "HOLD_DECIDER", "CaseDecided", "Desk", "decide_case"]

HOLD_DECIDER: Final = "payment-holds"
"""Name of the key that signs verdicts of models and rules to hold."""

DESK_DECIDER: Final = "payment-desk"
"""Name of the key that signs verdicts of people's decisions."""

_RULE: Final = "rule"
_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class CaseDecided:
    """What a person decided. recorded: the decision. acted: what the contract did, where it did."""

    case: int
    outcome: str
    recorded: Recorded
    acted: Acted | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "case": self.case,
            "outcome": self.outcome,
            "index": self.recorded.index,
            "leaf": self.recorded.leaf,
            "acted": None if self.acted is None else self.acted.to_json(),
        }


class Desk:
    """Holds and settles payments of a ledger on one chain; see `Actor`.

    escrow: the contract's side. Raises NotFound with code act.not-deployed.
    """

    def __init__(self, actor: Actor, token: str | None = None) -> None:
        self.actor = actor
        self.escrow = EscrowDesk(actor, token)

    @property
    def ledger(self) -> Ledger:
        """The ledger that it acts for."""
        return self.actor.ledger

    def hold(self, number: int, *, wait_s: float = _WAIT_S) -> Acted:
        """Have the escrow hold the payment that a decision says to hold.

        number: of the case. wait_s: seconds, as of `Actor.act`. Raises InputError with code
        held.case, NotFound with code held.no-escrow, and as `Actor.act`: Refused with code
        act.consumer where the escrow has held or settled it already.
        """
        case = find_case(self.ledger, number)
        agreed = _require_agreed(case)
        call = actions.hold(self.escrow.contract.address, agreed.said.terms)
        model = case.hold.said.get("model") or {}
        wanted = Wanted(
            call=call,
            scope=actions.HOLD_SCOPE,
            decider=HOLD_DECIDER,
            amount=int(agreed.said.amount),
            maker_kind="rule" if model.get("role") == _RULE else "model",
        )
        return self.actor.act(number, wanted, subject=case.payment, wait_s=wait_s)

    def decide(
        self,
        number: int,
        outcome: str,
        *,
        why: str,
        by: Accountable,
        wait_s: float = _WAIT_S,
    ) -> CaseDecided:
        """Record what a person decides on a case, and have the escrow do it.

        outcome: `release` or `return`. why: the reason, in words. by: who decides. Asked again with
        the same outcome after a crash, the decision that stands is carried out.
        Raises as `decide_case`, and as `Actor.act`.
        """
        case, recorded = decide_case(self.ledger, number, outcome, why=why, by=by)
        if case.agreed is None:
            return CaseDecided(number, outcome, recorded, None)
        return CaseDecided(number, outcome, recorded, self.carry_out(case, recorded, wait_s=wait_s))

    def carry_out(self, case: Case, decided: Recorded, *, wait_s: float = _WAIT_S) -> Acted:
        """Have the escrow do what was decided. Raises as `Actor.act`."""
        agreed = _require_agreed(case)
        outcome = self.ledger.decisions.get(decided.index).said["outcome"]
        standing = self.escrow.standing(agreed)
        left = standing.left or int(agreed.said.amount)
        if standing.state is PaymentState.NONE:
            raise Conflict(
                "held.unpaid",
                f"expected payment {case.payment!a} to be in the escrow, found nothing paid in",
                hint="Bring the payer's authorization first.",
            )
        move = actions.release if outcome == RELEASE else actions.return_
        scope = actions.RELEASE_SCOPE if outcome == RELEASE else actions.RETURN_SCOPE
        wanted = Wanted(
            call=move(self.escrow.contract.address, agreed.said.terms, left),
            scope=scope,
            decider=DESK_DECIDER,
            amount=left,
            maker_kind="rule",
        )
        return self.actor.act(decided.index, wanted, subject=case.payment, wait_s=wait_s)


def decide_case(
    ledger: Ledger, number: int, outcome: str, *, why: str, by: Accountable
) -> tuple[Case, Recorded]:
    """Record what a person decides on a case, under the desk's policy; wait until it is durable.

    The same outcome again gives the decision that stands. Gives the case as it was before, too.
    Raises InputError with code held.outcome, held.why, decision.kind or held.case; Conflict with
    code held.decided where another outcome stands.
    """
    if outcome not in DECIDED:
        raise InputError(
            "held.outcome",
            f"expected {' or '.join(DECIDED)}, found {outcome[:40]!a}",
            hint="A held payment goes to the payee (release) or back to the payer (return).",
        )
    case = find_case(ledger, number)
    if case.people:
        last = case.people[-1]
        if last.said["outcome"] == outcome:
            return case, Recorded(last.index, last.leaf, _series(case), 0, duplicate=True)
        raise Conflict(
            "held.decided",
            f"expected case {number} to be open, found that it was decided to "
            f"{last.said['outcome']!a} in entry {last.index}",
            hint="What a contract has paid out it cannot take back; an arbiter can rule on appeal.",
        )
    if len(why.split()) < 2:
        raise InputError(
            "held.why",
            f"expected the reason in two words or more, found {why[:60]!a}",
            hint="Say what was seen: whoever audits this was not there.",
        )
    policy = desk_policy(ledger) or record_policy(ledger)
    based_on: list[dict[str, Any]] = [{"leaf": case.hold.leaf, "role": HELD_ROLE}]
    based_on += [
        one for one in case.hold.said.get("based_on") or () if one.get("role") == PAYMENT_ROLE
    ]
    fields: dict[str, Any] = {
        "model": msgspec.to_builtins(policy),
        "outcome": outcome,
        "by": "person",
        "accountable": msgspec.to_builtins(by),
        "purpose": "payment.desk",
        "based_on": based_on,
        "note": why,
    }
    subject = Subject(digest={"sha256": case.hold.leaf}, name="case")
    # One series a case, one number: two analysts at once cannot both decide.
    recorded = ledger.record_statement(
        "decision", fields, subjects=[subject], source=_series(case), number=0
    )
    return case, recorded


def _require_agreed(case: Case) -> Agreed:
    if case.agreed is None:
        raise NotFound(
            "held.no-escrow",
            f"expected the payment of case {case.number} to go through the escrow, found that it "
            "does not",
            hint="Only payments whose terms were agreed on can be held by a contract.",
        )
    return case.agreed


def _series(case: Case) -> str:
    """Name the series of a case's decisions."""
    return f"case/{case.hold.leaf}"

"""Gather all that an analyst needs to decide a case: what is known, what happened, what is proven.

Everything is looked up by what statements name, never by guessing; what is sealed is opened only
for somebody who is named, which is recorded first. This module refuses to advise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act.token_contract import TokenContract
from counterfoil.apps.finance.held.cases import Case, find_case
from counterfoil.errors import CounterfoilError, NotFound

if TYPE_CHECKING:
    from counterfoil.act.escrow_contract import Standing
    from counterfoil.apps.finance.held.desk import Desk
    from counterfoil.formats.receipt import Receipt
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["CaseFile", "Event", "gather"]

_OTHERS_MAX: Final = 50
_PURPOSE: Final = "payment.desk"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's history. index: of its statement; link: a transaction, or empty."""

    at_ms: int | None
    index: int
    what: str
    who: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case and what is around it.

    inputs, contributions: of the decision to hold; opened: personal ones were opened for somebody;
    sealed: they exist and were not. standing: on the chain, where it was asked; amount, left: with
    the token's decimals and symbol, then. falls_to: account that gets the money if nobody decides,
    and from when, POSIX seconds. about: other decisions on the same payment. same_payer: other
    escrowed payments of its payer. receipts: role -> receipt.
    """

    case: Case
    inputs: Mapping[str, Any]
    contributions: Mapping[str, str]
    unit: str
    opened: bool
    sealed: bool
    history: tuple[Event, ...]
    about: tuple[RecordView, ...]
    same_payer: tuple[RecordView, ...]
    standing: Standing | None = None
    amount: str = ""
    left: str = ""
    falls_to: tuple[str, int] | None = None
    receipts: Mapping[str, Receipt] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            **self.case.to_json(),
            "inputs": dict(self.inputs),
            "contributions": dict(self.contributions),
            "unit": self.unit,
            "opened": self.opened,
            "sealed": self.sealed,
            "history": [
                {"at_ms": one.at_ms, "index": one.index, "what": one.what, "who": one.who,
                 "link": one.link}
                for one in self.history
            ],
            "about": [
                {"index": one.index, "outcome": one.content.get("outcome"),
                 "note": one.content.get("note", "")}
                for one in self.about
            ],
            "same_payer": [
                {"index": one.index, "payment": one.content["payment"],
                 "amount": one.content["amount"]}
                for one in self.same_payer
            ],
            "standing": None if self.standing is None else {
                "state": self.standing.state.value, "left": str(self.standing.left),
            },
            "falls_to": None if self.falls_to is None else {
                "account": self.falls_to[0], "from_s": self.falls_to[1],
            },
        }  # fmt: skip


def gather(
    ledger: Ledger, number: int, *, actor: str | None = None, desk: Desk | None = None
) -> CaseFile:
    """Gather the file of a case.

    actor: who looks; personal inputs and reasons are opened for them, which is recorded first.
    desk: asks the chain where the payment stands. Raises as `find_case`, and Refused where the
    ledger's rules for personal data say so; what was erased is left out.
    """
    case = find_case(ledger, number)
    said = case.hold.said
    explanation = said.get("explanation") or {}
    inputs: Mapping[str, Any] = said.get("inputs") or {}
    contributions: Mapping[str, str] = explanation.get("contributions") or {}
    has_sealed, opened = said.get("sealed") is not None, False
    if has_sealed and actor is not None:
        inputs, contributions = _open(ledger, number, actor)
        opened = True
    standing, falls_to, amount, left = None, None, "", ""
    if desk is not None and case.agreed is not None:
        standing = desk.escrow.standing(case.agreed)
        falls_to = _falls_to(case, standing)
        token = TokenContract(desk.actor.chain, case.agreed.said.token)
        amount, left = token.shown(int(case.agreed.said.amount)), token.shown(standing.left)
    return CaseFile(
        case=case,
        inputs=inputs,
        contributions=contributions,
        unit=str(explanation.get("unit") or ""),
        opened=opened,
        sealed=has_sealed and not opened,
        history=_history(case),
        about=_about(ledger, case),
        same_payer=_same_payer(ledger, case),
        standing=standing,
        amount=amount,
        left=left,
        falls_to=falls_to,
        receipts=_receipts(ledger, case),
    )


def _open(ledger: Ledger, number: int, actor: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Open what is sealed in a decision; nothing where the person was erased."""
    try:
        values = ledger.people.open(number, actor=actor, purpose=_PURPOSE)["sealed"]
    except CounterfoilError as err:
        if err.code != "person.erased":
            raise
        return {}, {}
    reasons = values.get("explanation") or {}
    found = {
        name.removeprefix("inputs/"): value
        for name, value in values.items()
        if name.startswith("inputs/")
    }
    return found, dict(reasons.get("contributions") or {})


def _falls_to(case: Case, standing: Standing) -> tuple[str, int] | None:
    """Tell who gets the money if nobody does anything, and from when."""
    if case.agreed is None or standing.left == 0:
        return None
    terms = case.agreed.said.terms
    if standing.pending:
        account = terms.payee if standing.to_payee else terms.payer
        return account, standing.until_s
    if terms.due_s and not standing.held:
        return terms.payee, terms.due_s
    return terms.payer, terms.deadline_s


def _history(case: Case) -> tuple[Event, ...]:
    events: list[Event] = []
    if case.agreed is not None:
        said = case.agreed.said
        events.append(Event(said.at_ms, case.agreed.index, "terms agreed", said.issuer))
    for one in (case.hold, *case.people):
        who = (one.said.get("accountable") or {}).get("name", "")
        maker = (one.said.get("model") or {}).get("name", "model")
        person = one.said.get("by") == "person"
        what = f"decided to {one.said['outcome']}"
        events.append(Event(one.at_ms, one.index, what, who if person else maker))
        for action in one.actions:
            did, shown = action.content, action.content.get("evidence") or {}
            result = did.get("result") or "done"
            events.append(
                Event(
                    action.at_ms,
                    action.index,
                    f"{did['action']}: {result}",
                    did.get("target") or "",
                    shown.get("transaction", ""),
                )
            )
    return tuple(sorted(events, key=lambda event: event.index))


def _about(ledger: Ledger, case: Case) -> tuple[RecordView, ...]:
    """Find what else was decided on the same payment."""
    if case.payment is None:
        return ()
    escaped = case.payment.replace("\\", "\\\\").replace('"', '\\"')
    hits = ledger.search(f'kind=decision based_on.name="{escaped}"', limit=_OTHERS_MAX).hits
    known = {case.number, *(one.index for one in case.people)}
    return tuple(hit for hit in hits if hit.index not in known)


def _same_payer(ledger: Ledger, case: Case) -> tuple[RecordView, ...]:
    if case.agreed is None:
        return ()
    query = f"kind=escrowed-payment payer={case.agreed.said.payer}"
    hits = ledger.search(query, limit=_OTHERS_MAX).hits
    return tuple(hit for hit in hits if hit.index != case.agreed.index)


def _receipts(ledger: Ledger, case: Case) -> dict[str, Receipt]:
    """Take a receipt of each decision that is published; the others have none yet."""
    found: dict[str, Receipt] = {}
    for one in (case.hold, *case.people):
        role = f"decision to {one.said['outcome']}, entry {one.index}"
        try:
            found[role] = ledger.receipt(one.index)
        except NotFound:
            continue
    return found

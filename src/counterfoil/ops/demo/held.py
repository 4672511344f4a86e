"""The demonstration's held payments: a contract holds, a person decides, and nobody gets around it.

The two strangest payments are settled through an escrow on the ledger's own chain, in a token made
for this. What is loaded here needs the `chain` extra. This module refuses to pay anything that is
not decided, and to cheat otherwise than by asking the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import Told, broken
from counterfoil.ops.demo.watch import MODELS, Decided
from counterfoil.ops.files import shown, write_file
from counterfoil.provenance.statements.parts import Accountable, Reference

if TYPE_CHECKING:
    from counterfoil.act import Acted, Actor
    from counterfoil.apps.finance.attempts import Used
    from counterfoil.apps.finance.held.desk import Desk
    from counterfoil.apps.finance.held.escrowing import Agreed
    from counterfoil.chain import Account

__all__ = ["HeldPayments"]

_ANALYST: Final = Accountable(name="Ada Example", role="payments desk")
_PAYMENT_CAP: Final = 2_000_000  # minor units; the simulation's largest amount
_DAY_CAP: Final = 20_000_000
_TOKEN: Final = {"name_": "Demonstration euro", "symbol_": "DEUR", "decimals_": "2"}
_DUE_S: Final = 86_400
_THE_GATE: Final = "the gate contract"
_WHY: Final = {
    "return": "the cardholder was called and did not make this payment",
    "release": "the cardholder was called and confirms this payment",
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A payment that the escrow holds: its case, its terms, and what the gate let by."""

    case: int
    agreed: Agreed
    held: Acted
    done: Acted | None = None


class HeldPayments:
    """The held payments of one demonstration, on an open ledger. Use it as a context manager.

    worst: decisions of the stream, the strangest first.
    """

    def __init__(self, ledger: Ledger, place: DemoPlace, worst: list[Decided]) -> None:
        from counterfoil.act import Actor
        from counterfoil.apps.finance.held.desk import Desk

        self._ledger, self._place = ledger, place
        self._worst = worst
        self._actor: Actor = Actor(ledger)
        self._make_desk: Callable[[], Desk] = partial(Desk, self._actor)
        self._held: list[_Held] = []

    def close(self) -> None:
        """Let go of the chain."""
        self._actor.close()

    def __enter__(self) -> HeldPayments:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self) -> Told:
        """Set the desk up, bring the payments into the escrow, and have it hold them."""
        from counterfoil.apps.finance.held.setting_up import DeskLimits, set_up

        model = str(self._worst[0].fields["model"]["digest"])
        (said,) = self._ledger.search(f"source={MODELS} digest={model}", limit=1).hits
        limits = DeskLimits(payment=_PAYMENT_CAP, day=_DAY_CAP)
        done = set_up(self._actor, model, said.leaf, limits, token=_TOKEN)
        desk = self._make_desk()
        payer, payee = self._account("payer"), self._account("payee")
        for decided in self._worst:
            self._held.append(self._hold_one(desk, decided, payer, payee))
        first = self._held[0]
        says = (
            "The two strangest payments go through an escrow contract. The model's decisions "
            "became verdicts: signed by a key that the registry allows to speak for this model, up "
            "to a limit, recorded, anchored, and proven to the gate. The escrow holds the money."
        )
        facts = {
            "cases": [one.case for one in self._held],
            "transaction": first.held.transaction,
            "verdict": first.held.verdict,
            "contracts": {one.name: one.address for one in done.contracts},
        }
        return "hold", says, facts

    def decide(self) -> Told:
        """Let a person decide on each, and have the escrow do it; write the first case's page."""
        from counterfoil.apps.finance.held.file import gather
        from counterfoil.apps.finance.held.page import case_page

        desk = self._make_desk()
        outcomes = []
        for at, (one, outcome) in enumerate(zip(self._held, ("return", "release"), strict=False)):
            done = desk.decide(one.case, outcome, why=_WHY[outcome], by=_ANALYST)
            if done.acted is None or done.acted.phase != "done":
                raise broken("the escrow to do what was decided")
            self._held[at] = _Held(one.case, one.agreed, one.held, done.acted)
            outcomes.append(f"case {one.case}: {outcome}")
        self._ledger.publish()
        page = case_page(self._ledger, gather(self._ledger, self._held[0].case, desk=desk))
        write_file(self._place.case, page)
        says = (
            f"{_ANALYST.name} of the payments desk looks at each and decides; the decisions are "
            "recorded with their reasons, and the escrow returns the one to its payer and releases "
            "the other to its payee. What nobody decides goes back to the payer, by the clock."
        )
        last = self._held[0].done
        facts = {
            "decided": outcomes,
            "transaction": None if last is None else last.transaction,
            "page": shown(self._place.case),
        }
        return "decide", says, facts

    def cheats(self) -> Iterator[Callable[[], Told]]:
        """List ways around the gate, with a verdict that it let by."""
        from counterfoil.apps.finance.attempts import refusals

        for tried, code, act in refusals():
            yield partial(self._refused, tried, code, act)

    def _hold_one(self, desk: Desk, decided: Decided, payer: Account, payee: Account) -> _Held:
        """Bring one payment into the escrow, say that the model holds it, and have it held."""
        paid = self._ledger.get(decided.payment_entry)
        payment = f"{paid.source}/{paid.number}"
        amount = int(paid.content["amount_minor"])
        agreed = desk.escrow.agree(
            payment,
            payer=payer.address,
            payee=payee.address,
            amount=amount,
            due_after_s=_DUE_S,
            entry=Reference(leaf=paid.leaf),
        )
        self._mint(desk, payer.address, amount)
        desk.escrow.pay_in(agreed, payer)
        # What was decided before anybody was approved to speak for the model does not count.
        again = {**decided.fields, "supersedes": self._ledger.get(decided.index).leaf}
        case = self._ledger.record_statement("decision", again).index
        held = desk.hold(case)
        if held.phase != "done":
            raise broken("the escrow to hold what was decided to be held")
        return _Held(case, agreed, held)

    def _refused(self, tried: str, code: str, act: Callable[[Used], None]) -> Told:
        """Ask the gate on the chain about a verdict that was used, used otherwise than it says."""
        from counterfoil.apps.finance.attempts import used_verdict

        what = f"a verdict, which was used: {tried}"
        try:
            act(used_verdict(self._actor))
        except CounterfoilError as err:
            if err.code == code:
                says = f"Tried: {what}. Caught by {_THE_GATE}: {err.message}"
                facts = {"tried": what, "caught_by": _THE_GATE, "code": code}
                return "cheat", says, {**facts, "words": err.message}
            raise broken(f"the gate to say {code}, not {err.code}") from err
        raise broken(f"the gate to refuse: {tried}")

    def _account(self, name: str) -> Account:
        """Give an account of the story's people."""
        from counterfoil.chain import create_account, load_account

        path = self._place.folder / f"{name}.key"
        return load_account(path) if path.exists() else create_account(path)

    def _mint(self, desk: Desk, account: str, amount: int) -> None:
        """Give the payer the money, as the token's owner."""
        from counterfoil.act.token_contract import TokenContract
        from counterfoil.chain import transact

        call = TokenContract(self._actor.chain, desk.escrow.token).mint(account, amount)
        transact(self._actor.chain, self._actor.account("owner"), call)

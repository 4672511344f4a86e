"""What the escrow's gate must refuse after the app's story, for the checks that every app passes.

Each attempt asks the contracts on the story's own chain, with a verdict that was really used. This
module refuses to ask for anything that could succeed and change the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from counterfoil.act import Actor, actions
from counterfoil.act.packing import pack
from counterfoil.apps.finance.held.cases import find_case
from counterfoil.chain.anchor_contract import AnchorContract
from counterfoil.contracts import load_artifact
from counterfoil.errors import Unavailable
from counterfoil.formats import verdict as verdicts
from counterfoil.ledger import open_ledger
from counterfoil.ports import APP_LEDGER, Attempt

__all__ = ["Used", "attempts", "refusals", "used_verdict"]

_STRANGER = "0x" + "11" * 20


@dataclass(frozen=True, slots=True)
class Used:
    """A verdict that was used, as the gate takes it, and what it was used for."""

    actor: Actor
    packed: bytes
    scope: bytes
    action_hash: bytes
    amount: int
    consumer: str
    other_action: bytes = field(repr=False)
    outcome: bytes = field(repr=False)

    def check(
        self,
        *,
        scope: bytes | None = None,
        action_hash: bytes | None = None,
        amount: int | None = None,
        consumer: str | None = None,
        packed: bytes | None = None,
    ) -> None:
        """Ask the gate about it, used as it was but for what is given. Raises as the gate does."""
        self.actor.gate.check(
            scope or self.scope,
            action_hash or self.action_hash,
            self.amount if amount is None else amount,
            consumer or self.consumer,
            packed or self.packed,
        )


def attempts(folder: Path) -> Iterator[Attempt]:
    """List what is tried after the story in `folder`; each opens its ledger anew."""

    def at_ledger(act: Callable[[Used], None]) -> Callable[[], None]:
        def run() -> None:
            with open_ledger(folder / APP_LEDGER) as ledger, Actor(ledger) as actor:
                act(used_verdict(actor))

        return run

    for what, _, act in refusals():
        yield Attempt(what, at_ledger(act))


def refusals() -> Iterator[tuple[str, str, Callable[[Used], None]]]:
    """List ways around the gate: in words, the code of its refusal, and how it is tried."""
    yield "the same verdict again", "gate.replayed", lambda used: used.check()
    yield (
        "another amount",
        "gate.action",
        lambda used: used.check(action_hash=used.other_action, amount=used.amount - 1),
    )
    yield (
        "another purpose",
        "gate.scope",
        lambda used: used.check(scope=verdicts.hash_text("payment.hold.other")),
    )
    yield (
        "a consumer that it does not name",
        "gate.consumer",
        lambda used: used.check(consumer=_STRANGER),
    )
    yield (
        "another outcome written into it",
        "gate.inclusion",
        lambda used: used.check(packed=_changed(used.packed, used.outcome)),
    )
    yield (
        "a proof that is cut short",
        "gate.form",
        lambda used: used.check(packed=used.packed[:100]),
    )


def used_verdict(actor: Actor) -> Used:
    """Find the newest verdict that a contract used, with a person's decision behind it."""
    for acted in actor.ls():
        if acted.phase == "done" and acted.scope in (actions.RETURN_SCOPE, actions.RELEASE_SCOPE):
            break
    else:
        raise Unavailable("finance.story", "expected a verdict that was used, found none")
    if acted.verdict is None:
        raise Unavailable("finance.story", "expected a verdict in the log, found none")
    ledger, gate = actor.ledger, actor.gate
    anchor = AnchorContract(actor.chain, gate.anchor(), load_artifact("anchor").abi)
    said = verdicts.parse(ledger.entry(acted.verdict)).verdict
    decided = ledger.decisions.get(acted.decision)
    number = next(
        ledger.find_leaf(one["leaf"])
        for one in decided.said["based_on"]
        if one.get("role") == "held"
    )
    agreed = find_case(ledger, number).agreed
    if agreed is None:
        raise Unavailable("finance.story", "expected terms of the payment, found none")
    amount = int(acted.amount)
    move = actions.release if acted.scope == actions.RELEASE_SCOPE else actions.return_
    other = move(acted.consumer, agreed.said.terms, amount - 1)
    return Used(
        actor=actor,
        packed=pack(ledger, anchor, said.log_id, acted.verdict),
        scope=said.scope,
        action_hash=said.action_hash,
        amount=amount,
        consumer=acted.consumer,
        other_action=other.action_hash(actor.chain.chain_id),
        outcome=said.outcome,
    )


def _changed(packed: bytes, outcome: bytes) -> bytes:
    """Change one bit of the outcome in a packed verdict."""
    data = bytearray(packed)
    data[packed.index(outcome)] ^= 1
    return bytes(data)

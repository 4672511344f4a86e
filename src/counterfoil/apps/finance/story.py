"""The app's story: payments stream in, a model holds some, an escrow holds them, a person decides.

Payments are simulated; the chain is the ledger's own, and the token is made for this. Each scene is
told when it is done. This module refuses to tell what did not come true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.act import Actor
from counterfoil.act.token_contract import TokenContract
from counterfoil.apps.finance.fraud.kept import Kept, load_kept, save_kept
from counterfoil.apps.finance.fraud.live import Answer, Live
from counterfoil.apps.finance.fraud.recording import record_training
from counterfoil.apps.finance.fraud.train import train
from counterfoil.apps.finance.held.cases import RELEASE, RETURN
from counterfoil.apps.finance.held.desk import Desk
from counterfoil.apps.finance.held.file import gather
from counterfoil.apps.finance.held.page import case_page
from counterfoil.apps.finance.held.setting_up import DeskLimits, set_up
from counterfoil.apps.finance.simulated import Seen, payments, to_payment, write_training
from counterfoil.chain import Account, create_account, transact
from counterfoil.errors import Unavailable
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, Ledger, create_ledger, open_ledger
from counterfoil.ledger.anchor_setup import use_own_chain
from counterfoil.ledger.models import RecordedModel
from counterfoil.ports import APP_LEDGER, Progress, Scene, SystemClock
from counterfoil.proofs.verify import verify_receipt
from counterfoil.provenance.statements.parts import Accountable

__all__ = ["CASE_PAGE", "MODEL", "PAYMENTS", "RECEIPT", "demo"]

PAYMENTS: Final = "payments.csv"
"""Name of the file to learn from, in the story's folder."""

MODEL: Final = "model"
"""Name of the trained model's folder."""

CASE_PAGE: Final = "case.html"
"""Name of the page of a held payment."""

RECEIPT: Final = "receipt.json"
"""Name of the receipt of the decision to hold it."""

_LEARNED: Final = 8_000
_STREAM: Final = 400
_IN_ESCROW: Final = 12  # the stream's largest payments
_HELD: Final = 2
_DUE_S: Final = 86_400
_WAIT_S: Final = 30.0
_ANALYST: Final = Accountable(name="Ada Example", role="payments desk")
_TOKEN: Final = {"name_": "Story euro", "symbol_": "SEUR", "decimals_": "2"}
_LIMITS: Final = DeskLimits(payment=2_000_000, day=20_000_000)
_WHY: Final = {
    RETURN: "the cardholder was called and did not make this payment",
    RELEASE: "the cardholder was called and confirms this payment",
}


def demo(folder: Path, progress: Progress) -> Iterator[Scene]:
    """Play the story; see `ports.AppDemo`."""
    place = folder / APP_LEDGER
    create_ledger(place, SystemClock(), name="bank", organisation="urn:example:bank")
    use_own_chain(Layout(place), _WAIT_S)
    seen = payments(_LEARNED + _STREAM)
    write_training(folder / PAYMENTS, seen[:_LEARNED])
    progress(0, None, "learning")
    kept = _learned(folder)
    with open_ledger(place) as ledger, Actor(ledger) as actor:
        model = record_training(
            ledger, kept, folder / PAYMENTS, accountable="Max Example, head of risk"
        )
        yield _trained(kept, model)
        evaluation = ledger.search("kind=evaluation", limit=1).hits[0]
        done = set_up(actor, kept.digest, evaluation.leaf, _LIMITS, token=_TOKEN)
        yield Scene(
            "desk",
            "Gate, registry and escrow stand on the ledger's chain. Governance allows one key to "
            "hold payments for this model, and another to release or return them for the desk's "
            "policy, both up to a limit, on the evidence of the evaluation.",
            {one.name: one.address for one in done.contracts},
        )
        yield from _streamed(folder, ledger, actor, kept, model, seen[_LEARNED:], progress)
    yield Scene(
        "limits",
        "The contract acted because a key said so that governance allows, on a decision that stood "
        "in the log before. That the model gave that score is shown by computing it again. That "
        "the cardholder was called is what the analyst says.",
        {"read": "LIMITS.md"},
    )


def _learned(folder: Path) -> Kept:
    made = train(folder / PAYMENTS, {})
    save_kept(folder / MODEL, made.manifest, made.onnx, made.reasons, made.memory)
    return load_kept(folder / MODEL)


def _trained(kept: Kept, model: RecordedModel) -> Scene:
    figures = {name: round(value, 3) for name, value in kept.manifest.figures.items()}
    return Scene(
        "train",
        f"A model learned from {kept.manifest.rows:,} payments, {kept.manifest.frauds} of them "
        "fraud, and was judged on later ones. Data, model and figures are on record.",
        {"model": model.index, "digest": kept.digest, "figures": figures},
    )


def _streamed(
    folder: Path,
    ledger: Ledger,
    actor: Actor,
    kept: Kept,
    model: RecordedModel,
    stream: Sequence[Seen],
    progress: Progress,
) -> Iterator[Scene]:
    """Decide the stream; the largest payments go through the escrow before they are decided."""
    desk = Desk(actor)
    payer, payee = create_account(folder / "payer.key"), create_account(folder / "payee.key")
    large = sorted(stream, key=lambda one: -one.amount_minor)[:_IN_ESCROW]
    progress(0, len(large), "payments into the escrow")
    _pay_in(desk, large, payer, payee, progress)
    answers: list[Answer] = []
    with Live(ledger, kept, model.index, folder / "stream") as live:
        for one in stream:
            answers.append(live.decide(to_payment(one)).result())
            progress(len(answers), len(stream), "payments decided")
    escrowed = {one.id for one in large}
    held = [one for one in answers if one.outcome == "hold"]
    cases = sorted((one for one in held if one.id in escrowed), key=lambda one: -one.score)
    if len(cases) < _HELD:
        raise _broken(f"{_HELD} held payments in the escrow, found {len(cases)}")
    yield Scene(
        "stream",
        f"{len(answers)} payments were decided, each on record before it was answered; "
        f"{len(held)} are held, with their reasons. The {_IN_ESCROW} largest lay in the escrow, "
        f"and {len(cases)} of them are held.",
        {"decided": len(answers), "held": len(held), "cases": [one.index for one in cases]},
    )
    yield from _decided(folder, ledger, desk, [one.index for one in cases[:_HELD]])


def _pay_in(
    desk: Desk, large: Sequence[Seen], payer: Account, payee: Account, progress: Progress
) -> None:
    token = TokenContract(desk.actor.chain, desk.escrow.token)
    mint = token.mint(payer.address, sum(one.amount_minor for one in large))
    transact(desk.actor.chain, desk.actor.account("owner"), mint)
    for number, one in enumerate(large):
        agreed = desk.escrow.agree(
            one.id,
            payer=payer.address,
            payee=payee.address,
            amount=one.amount_minor,
            due_after_s=_DUE_S,
        )
        desk.escrow.pay_in(agreed, payer)
        progress(number + 1, len(large), "payments into the escrow")


def _decided(folder: Path, ledger: Ledger, desk: Desk, cases: Sequence[int]) -> Iterator[Scene]:
    """Have the escrow hold each case, a person decide it, and a stranger verify it."""
    held = {number: desk.hold(number) for number in cases}
    if any(one.phase != "done" for one in held.values()):
        raise _broken("the escrow to hold what the model held")
    yield Scene(
        "hold",
        "The decisions became verdicts: signed, recorded, anchored, proven to the gate. The escrow "
        "holds the payments; its clock no longer gives them to the payee.",
        {str(number): one.transaction for number, one in held.items()},
    )
    acted = {}
    for number, outcome in zip(cases, (RETURN, RELEASE), strict=False):
        done = desk.decide(number, outcome, why=_WHY[outcome], by=_ANALYST)
        if done.acted is None or done.acted.phase != "done":
            raise _broken("the escrow to do what was decided")
        acted[f"{number}: {outcome}"] = done.acted.transaction
    ledger.publish()
    (folder / CASE_PAGE).write_bytes(
        case_page(ledger, gather(ledger, cases[0], actor=_ANALYST.name, desk=desk))
    )
    yield Scene(
        "decide",
        f"{_ANALYST.name} of the payments desk looked at both and decided: one is returned to its "
        "payer, one released to its payee. Both decisions are on record with their reasons, and "
        "the escrow carried them out.",
        {**acted, "page": CASE_PAGE},
    )
    yield _proven(folder, ledger, cases[0])


def _proven(folder: Path, ledger: Ledger, number: int) -> Scene:
    """Verify the decision offline, compute it again, and explain it again."""
    data = receipts.format(ledger.receipt(number))
    (folder / RECEIPT).write_bytes(data)
    verified = verify_receipt(data, ledger.policy)
    again = ledger.decisions.replay(number, actor=_ANALYST.name)
    reasons = ledger.decisions.explain(number, actor=_ANALYST.name)
    for what, verdict in (("score", again.verdict), ("reasons", reasons.verdict)):
        if verdict not in ("identical", "within-tolerance"):
            raise _broken(f"the same {what} again, found {verdict}")
    facts: dict[str, Any] = {"grade": verified.grade, "replay": again.verdict}
    return Scene(
        "prove",
        f"The decision verifies offline from its receipt: {verified.grade}. Computed again from "
        "what was recorded, the score is the same, and so are its reasons.",
        {**facts, "explanation": reasons.verdict, "file": RECEIPT},
    )


def _broken(expected: str) -> Unavailable:
    return Unavailable(
        "finance.story",
        f"expected {expected}, but it was not so",
        hint="This is a bug of Counterfoil: please report it.",
    )

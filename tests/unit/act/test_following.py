"""What contracts did is followed back into the log, whoever sent it, once."""

from __future__ import annotations

from pathlib import Path

from counterfoil.act import Actor
from counterfoil.act.call import call_from_json
from counterfoil.chain import faucet_of, transact
from counterfoil.ledger import Ledger
from tests.acting import SCOPE, decide, switch_at, turned, wanted


def test_a_verdict_that_somebody_else_brings(ledger: Ledger, actor: Actor) -> None:
    """Anybody may bring the proof: the action is recorded by the gate's event, and once."""
    decision = decide(ledger)
    checked = actor.check(decision, wanted(switch_at(actor)))
    job = actor.job(checked.number)
    call = call_from_json(dict(job.said["call"]))
    packed = actor._verdict_work().check(job)
    stranger = faucet_of(ledger.layout.chain)
    transact(actor.chain, stranger, call.with_proof(packed))
    (recorded,) = actor.follow()
    said = ledger.get(recorded.index).content
    assert said["verdict"] == {"leaf": checked.leaf}
    assert said["action"] == SCOPE
    assert list(actor.follow()) == []
    done = actor.settle(checked.number)
    assert (done.phase, done.action, done.transaction) == (
        "done",
        recorded.index,
        said["evidence"]["transaction"],
    )
    assert turned(actor) == [1]


def test_following_begins_anew_without_its_book(folder: Path, ledger: Ledger, actor: Actor) -> None:
    """Who lost the book finds all uses again, and records none twice."""
    acted = actor.act(decide(ledger), wanted(switch_at(actor)))
    size = ledger.size
    actor.close()
    for lost in folder.glob("act.db*"):
        lost.unlink()
    with Actor(ledger) as fresh:
        steps: list[int] = []
        (found,) = fresh.follow(lambda done, total, unit: steps.append(done))
        assert (found.index, found.duplicate) == (acted.action, True)
        assert steps[-1] > 0
    assert ledger.size == size

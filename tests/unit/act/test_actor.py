"""A contract acts on a proven decision, once, and the log says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor, Governor, make_call
from counterfoil.act.verdicts import Wanted, subject_of
from counterfoil.errors import CounterfoilError, InputError, NotFound, Refused
from counterfoil.ledger import Ledger
from tests.acting import (
    DECIDER,
    LIMITS,
    MODEL,
    SCOPE,
    approve,
    decide,
    is_on,
    switch_at,
    turned,
    wanted,
)
from tests.anchoring import TurnedClock
from tests.statements import refused

NOBODY = "0x" + "11" * 20


def test_loop_is_closed(ledger: Ledger, actor: Actor) -> None:
    """A decision turns a switch on the chain, and the log tells what came of it, once."""
    decision = decide(ledger)
    acted = actor.act(decision, wanted(switch_at(actor)), subject="house 7")
    assert (acted.phase, acted.trouble) == ("done", None)
    assert is_on(actor)
    assert acted.action is not None
    action = ledger.get(acted.action)
    assert action.kind == "action"
    assert action.content["decision"] == {"leaf": ledger.get(decision).leaf}
    assert action.content["verdict"] == {"leaf": acted.leaf}
    assert action.content["action"] == SCOPE
    assert action.content["evidence"]["transaction"] == acted.transaction
    assert actor.act(decision, wanted(switch_at(actor))) == acted
    assert ledger.size == acted.action + 1
    assert actor.get(acted.number) == acted
    assert actor.ls() == [acted]


def test_the_trace_shows_the_loop(ledger: Ledger, actor: Actor) -> None:
    """From the decision, the trace goes to its verdict, the action, and the transaction."""
    decision = decide(ledger)
    acted = actor.act(decision, wanted(switch_at(actor)))
    trace = ledger.trace(decision)
    kinds = {node.kind for node in trace.nodes.values()}
    assert {"decision", "verdict", "action"} <= kinds
    assert acted.transaction is not None
    node = trace.nodes[f"transaction:{acted.chain_id}:{acted.transaction}"]
    assert (node.state, node.kind) == ("on-chain", "transaction")


def test_a_subject_is_committed_to(ledger: Ledger, actor: Actor) -> None:
    """The verdict has a salted digest of its subject, which its book can open and no other."""
    acted = actor.propose(decide(ledger), wanted(switch_at(actor)), subject="payment 7")
    assert acted.subject == "payment 7"
    assert acted.salt is not None
    acted = actor.settle(acted.number)
    assert acted.verdict is not None
    digest = subject_of("payment 7", bytes.fromhex(acted.salt or "")).hex()
    assert digest in str(ledger.get(acted.verdict).content)


def test_a_check_sends_nothing(ledger: Ledger, actor: Actor) -> None:
    """What would pass is told; the switch stays, and submitting goes on from there."""
    decision = decide(ledger)
    checked = actor.check(decision, wanted(switch_at(actor)))
    assert (checked.phase, checked.transaction) == ("recorded", None)
    assert turned(actor) == []
    assert actor.act(decision, wanted(switch_at(actor))).verdict == checked.verdict
    assert actor.check(decision, wanted(switch_at(actor))).phase == "done"
    assert turned(actor) == [1]


def test_a_lost_book_acts_no_second_time(folder: Path, ledger: Ledger) -> None:
    """Who forgets what was done finds it done: what is drawn is the same again."""
    decision = decide(ledger)
    with Actor(ledger) as actor:
        first = actor.act(decision, wanted(switch_at(actor)))
    for lost in folder.glob("act.db*"):
        lost.unlink()
    later = TurnedClock(time.time_ns() // 1_000_000 + 60_000)
    with Actor(ledger, clock=later) as actor:
        again = actor.act(decision, wanted(switch_at(actor)))
        assert again.leaf != first.leaf
        assert (again.transaction, again.action) == (first.transaction, first.action)
        assert turned(actor) == [1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scope": "switch.break"}, "gate.scope-unknown"),
        ({"amount": 2_000}, "gate.amount"),
        ({"maker_kind": "rule"}, "gate.maker"),
        ({"not_before_s": 4_000_000_000}, "gate.too-early"),
        ({"seq": 2}, "gate.order"),
    ],
    ids=["scope", "amount", "maker", "early", "order"],
)
def test_what_the_gate_refuses(
    ledger: Ledger, actor: Actor, change: dict[str, Any], code: str
) -> None:
    """Each refusal is an error with the gate's reason, nothing is sent, and the reason is kept."""
    if "amount" in change:  # the switch moves nothing: the amount asked for here is refused
        change = {"amount": 5, "amount_max": 5}
        code = "gate.cap"
        approve(actor, cap=4)
    acted = actor.propose(decide(ledger), wanted(switch_at(actor), **change))
    with refused(code, Refused):
        actor.settle(acted.number, wait_s=0)
    assert turned(actor) == []
    assert (actor.get(acted.number).trouble or ("",))[0] == code


def test_a_limit_in_time(ledger: Ledger, actor: Actor) -> None:
    """More verdicts than a period allows wait, and are told why."""
    approve(actor, period_count=1)
    switch = switch_at(actor)
    actor.act(decide(ledger), wanted(switch, 1))
    with refused("gate.count", Refused):
        actor.act(decide(ledger), wanted(switch, 2), wait_s=0)
    approve(actor, period_count=5)
    (waiting,) = actor.go_on().items() or [None]
    assert waiting is None
    assert turned(actor) == [1, 2]


def test_what_never_can_pass_is_given_up(ledger: Ledger, actor: Actor) -> None:
    """An expired verdict is dropped; asked for again, a new one is made, and passes."""
    decision, switch = decide(ledger), switch_at(actor)
    with (
        Actor(ledger, clock=TurnedClock(1_700_000_000_000)) as early,
        refused("gate.expired", Refused),
    ):
        early.act(decision, wanted(switch))
    (dropped,) = actor.ls()
    assert dropped.phase == "dropped"
    with refused("act.dropped", Refused):
        actor.settle(dropped.number)
    acted = actor.act(decision, wanted(switch))
    assert acted.phase == "done"
    assert acted.number != dropped.number
    assert turned(actor) == [1]


def test_a_contract_that_asks_nobody(ledger: Ledger, actor: Actor) -> None:
    """Where the transaction stands and the gate was not asked, no action is claimed."""
    call = make_call(NOBODY, "turn(uint256,bool,bytes)", [1, True])
    with refused("act.unused", Refused):
        actor.act(decide(ledger), Wanted(call, SCOPE, DECIDER))


def test_a_replaced_decision(ledger: Ledger, actor: Actor) -> None:
    """What was superseded is acted on no more."""
    decision = decide(ledger)
    decide(ledger, "leave off", supersedes=ledger.get(decision).leaf)
    with refused("act.replaced", Refused):
        actor.act(decision, wanted(switch_at(actor)))


@pytest.mark.parametrize(
    ("change", "code", "kind"),
    [
        ({"decider": "nobody"}, "act.decider", NotFound),
        ({"decider": "../x"}, "act.decider-name", InputError),
        ({"amount": -1}, "act.amount", InputError),
        ({"amount": 3, "amount_max": 2}, "act.amount", InputError),
        ({"maker_kind": "oracle"}, "act.kind", InputError),
        ({"valid_s": 0}, "act.valid", InputError),
    ],
    ids=["decider", "name", "negative", "most", "kind", "valid"],
)
def test_bad_wishes(
    ledger: Ledger, actor: Actor, change: dict[str, Any], code: str, kind: type[CounterfoilError]
) -> None:
    """What cannot be meant is refused before anything is written down."""
    with refused(code, kind):
        actor.propose(decide(ledger), wanted(switch_at(actor), **change))
    assert actor.ls() == []


def test_unknown_things(ledger: Ledger, actor: Actor) -> None:
    """A number that nothing has, an entry that is no decision, a chain that is not named."""
    with refused("act.job", NotFound):
        actor.get(99)
    with refused("decision.kind", InputError):
        actor.propose(0, wanted(switch_at(actor)))
    with refused("act.chain", NotFound):
        Actor(ledger, chain="http://127.0.0.1:9")
    with refused("act.maker", InputError):
        actor.propose(_by_nobody(ledger), wanted(switch_at(actor)))


def _by_nobody(ledger: Ledger) -> int:
    leaf = ledger.record({"a": 1}).leaf
    return decide(ledger, model={"leaf": leaf})


def test_a_veto_window(ledger: Ledger, actor: Actor) -> None:
    """Where governance wants time to object, the verdict is announced first, by itself."""
    vetoer = actor.account("guardian").address
    approve(actor, veto_window_s=1, vetoer=vetoer)
    acted = actor.act(decide(ledger), wanted(switch_at(actor)))
    assert acted.phase == "done"
    assert actor.gate.announced(bytes.fromhex(acted.leaf)).usable_from > 0


def test_another_process_acts_through_the_owner(folder: Path, ledger: Ledger) -> None:
    """Who does not own the ledger acts all the same: the owner asks its chain and records."""
    with counterfoil.open(folder) as other, Actor(other) as actor:
        assert other is not ledger
        acted = actor.act(decide(other), wanted(switch_at(actor)))
        assert acted.phase == "done"
        assert turned(actor) == [1]
    assert acted.action is not None
    assert ledger.get(acted.action).kind == "action"


def test_revoked_and_halted(ledger: Ledger, actor: Actor) -> None:
    """A halt lets nothing through until it ends; what is revoked never passes again."""
    governor, switch = Governor(actor), switch_at(actor)
    (approval,) = governor.ls()
    assert (approval.state, approval.name, approval.scope) == ("holds", DECIDER, SCOPE)
    governor.halt(None, 3_600, why="odd verdicts")
    decision = decide(ledger)
    with refused("gate.halted", Refused):
        actor.act(decision, wanted(switch), wait_s=0)
    assert [one.state for one in governor.ls()] == ["halted"]
    governor.resume(None, why="looked into")
    assert actor.act(decision, wanted(switch)).phase == "done"
    done = governor.revoke(approval.id, why="key was copied", from_s=1)
    assert done.statement is not None
    said = ledger.get(done.statement).content
    assert (said["scope"], said["decider"], said["from_s"]) == (SCOPE, approval.decider, "1")
    with refused("gate.revoked", Refused):
        actor.act(decide(ledger), wanted(switch, 2))
    assert [one.state for one in governor.ls()] == ["revoked"]
    with refused("act.governance", Refused):
        governor.approve(DECIDER, MODEL, SCOPE, 0, LIMITS)

"""What a node refuses when something is sent: each way on leads to one action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from counterfoil.act import Actor
from counterfoil.act.registry import ALL
from counterfoil.chain import NodeChain, transact
from counterfoil.errors import CounterfoilError, Refused, Unavailable
from counterfoil.ledger import Ledger
from tests.acting import decide, switch_at, turned, wanted
from tests.statements import refused


def fails_once(actor: Actor, error: CounterfoilError) -> None:
    """Let the next transaction be refused by the node."""
    honest: Callable[[bytes], bytes] = actor.chain.send_raw
    errors = [error]

    def send(raw: bytes) -> bytes:
        if errors:
            raise errors.pop()
        return honest(raw)

    actor.chain.send_raw = send  # type: ignore[method-assign]  # once, for this test


@pytest.fixture
def number(ledger: Ledger, actor: Actor) -> int:
    """Something that would pass, and is not sent."""
    assert isinstance(actor.chain, NodeChain)
    return actor.check(decide(ledger), wanted(switch_at(actor))).number


def attempts(actor: Actor, number: int) -> list[Any]:
    """List what was signed for it."""
    return list(actor.job(number).attempts)


def test_a_fee_that_is_too_low(actor: Actor, number: int) -> None:
    """It is signed again at once with the same nonce, and pays more."""
    fails_once(actor, Refused("chain.fee", "expected more"))
    assert actor.settle(number).phase == "done"
    first, second = attempts(actor, number)
    assert first.nonce == second.nonce
    assert second.fees.max_fee > first.fees.max_fee
    assert turned(actor) == [1]


def test_a_nonce_that_a_node_doubts(actor: Actor, number: int) -> None:
    """Where it is still free, the very same bytes are sent once more."""
    fails_once(actor, Refused("chain.nonce", "expected another nonce"))
    assert actor.settle(number).phase == "done"
    assert len(attempts(actor, number)) == 1
    assert turned(actor) == [1]


def test_a_revert_between_trying_and_sending(actor: Actor, number: int) -> None:
    """What is refused only when it is sent says why, and may be tried again."""
    fails_once(
        actor,
        Refused("chain.reverted", "expected it to be accepted, but it was reverted: 'scope'"),
    )
    with refused("gate.scope", Refused):
        actor.settle(number)
    assert actor.get(number).phase == "recorded"
    assert actor.settle(number).phase == "done"
    assert turned(actor) == [1]


def test_what_was_signed_is_tried_anew(actor: Actor, number: int) -> None:
    """Signed before the node was lost, and halted since: it is not sent until it would pass."""
    fails_once(actor, Unavailable("chain.unreachable", "expected an answer"))
    with refused("chain.unreachable", Unavailable):
        actor.settle(number)
    assert actor.get(number).phase == "signed"
    guardian, owner = actor.account("guardian"), actor.account("owner")
    transact(actor.chain, guardian, actor.registry.halt(ALL, 3_600))
    with refused("gate.halted", Refused):
        actor.settle(number, wait_s=0)
    assert (actor.get(number).phase, turned(actor)) == ("recorded", [])
    transact(actor.chain, owner, actor.registry.resume(ALL))
    assert actor.settle(number).phase == "done"
    assert turned(actor) == [1]

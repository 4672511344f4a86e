"""The queue on a real chain: idempotent, restartable, and hard to lie to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import Account, NodeChain, account_of
from counterfoil.chain.anchor_state import Wish
from counterfoil.chain.transport import RpcError
from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    Refused,
    Unavailable,
    VerificationError,
)
from tests.anchoring import Anchoring, NumberedLog, anchoring
from tests.chains import embedded
from tests.lying_node import lying
from tests.statements import refused


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """An embedded chain and its faucet."""
    made, faucet = embedded(tmp_path_factory.mktemp("chain"))
    yield made, faucet
    made.close()


@pytest.fixture
def world(chain: tuple[NodeChain, Account], tmp_path: Path) -> Iterator[Anchoring]:
    """A log of its own on the chain."""
    found = anchoring(tmp_path, *chain, number=chain[0].head().number % 250 + 1)
    yield found
    found.book.close()


def finals(world: Anchoring) -> list[int]:
    """List the sizes whose anchors are final."""
    return [anchor.size for anchor in world.book.anchored()]


def test_one_anchor_after_another(world: Anchoring) -> None:
    """What is due is anchored and final; again it does nothing, and costs nothing."""
    assert world.queue.advance(due=True) is False
    assert finals(world) == [5]
    nonce = world.chain.nonce(world.account.address)
    for _ in range(3):
        world.queue.advance(due=True)
    assert world.chain.nonce(world.account.address) == nonce
    world.log.size = 64
    world.queue.advance(due=False)
    assert finals(world) == [5]
    world.queue.advance(due=True)
    assert finals(world) == world.sizes() == [5, 64]
    (anchor,) = world.book.anchored(64)
    assert anchor.root == world.log.root(64)
    assert anchor.note == b"note 64"
    receipt = world.chain.tx_receipt(anchor.mined.tx_hash)
    assert receipt is not None
    assert receipt.block_hash == anchor.mined.block_hash


def test_named_checkpoints_are_all_anchored(world: Anchoring) -> None:
    """Named ones come first and in order, also when nothing else is due; others are skipped."""
    for size in (9, 7):
        world.book.wish(Wish(size, True, None, b"note %d" % size))
    world.book.wish(Wish(30, True, None, b"not published yet"))
    world.log.size = 20
    world.queue.advance(due=False)
    assert finals(world) == [7, 9]
    world.queue.advance(due=True)
    assert finals(world) == world.sizes() == [7, 9, 20]


def test_a_restart_at_any_request(world: Anchoring) -> None:
    """Whichever request fails, after a restart the anchor is made, and only once."""
    fails = 0
    while True:
        node_chain, node = lying(world.chain)
        left = [fails]
        methods: tuple[str, ...] = ("eth_sendRawTransaction", "eth_call")
        methods += ("eth_getTransactionReceipt", "eth_getBlockByNumber")
        methods += ("eth_estimateGas", "eth_getTransactionCount")

        def once(_: Sequence[Any], honest: Callable[[], Any], left: list[int] = left) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Unavailable("chain.unreachable", "expected an answer, but it was cut")
            return honest()

        node.lies = dict.fromkeys(methods, once)
        world.log.size += 1
        size = world.log.size
        try:
            world.over(node_chain).advance(due=True)
            done = True
        except Unavailable:
            done = False
        world.restart()
        world.queue.advance(due=True)
        assert finals(world)[-1] == size
        assert world.sizes() == finals(world)
        if done:
            break
        fails += 1
    assert fails > 15


def test_an_answer_that_is_lost(world: Anchoring) -> None:
    """A transaction that was mined while its answer was lost is found, not sent anew."""
    node_chain, node = lying(world.chain)

    def lose(_: Sequence[Any], honest: Callable[[], Any]) -> Any:
        honest()
        raise Unavailable("chain.unreachable", "expected an answer, but it was lost")

    node.lies["eth_sendRawTransaction"] = lose
    with refused("chain.unreachable", Unavailable):
        world.over(node_chain).advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert job.phase == "signed"
    known = world.book.chain(world.chain.chain_id)
    assert known is not None
    assert known.trouble == "chain.unreachable"
    world.restart()
    world.queue.advance(due=False)
    (anchor,) = world.book.anchored()
    assert anchor.mined.tx_hash == job.attempts[0].hash
    assert world.chain.nonce(world.account.address) == 1
    known = world.book.chain(world.chain.chain_id)
    assert known is not None
    assert known.trouble is None


def test_another_process_anchored_it(world: Anchoring) -> None:
    """A checkpoint that stands already is taken over, with the transaction that made it."""
    world.anchor(5)
    world.queue.advance(due=True)
    assert finals(world) == world.sizes() == [5]
    assert world.chain.nonce(world.account.address) == 1


def test_somebody_used_our_nonce_for_the_same(world: Anchoring) -> None:
    """Signed, and then anchored by another transaction of the key: it is found and kept."""
    cut, node = lying(world.chain)
    node.lies["eth_sendRawTransaction"] = _unreachable
    with refused("chain.unreachable", Unavailable):
        world.over(cut).advance(due=True)
    world.anchor(5)
    world.queue.advance(due=False)
    assert finals(world) == world.sizes() == [5]


def test_somebody_anchored_more(world: Anchoring) -> None:
    """Signed, and then a larger one was anchored: this size never can be, and is given up."""
    cut, node = lying(world.chain)
    node.lies["eth_sendRawTransaction"] = _unreachable
    with refused("chain.unreachable", Unavailable):
        world.over(cut).advance(due=True)
    world.log.size = 12
    world.anchor(12)
    world.queue.advance(due=True)
    assert finals(world) == world.sizes() == [12]


def test_somebody_used_our_nonce_for_other_things(world: Anchoring) -> None:
    """A used nonce is found out; the same anchor is signed again with the next one."""
    from counterfoil.chain import transact
    from counterfoil.ports import ChainCall

    cut, node = lying(world.chain)
    node.lies["eth_sendRawTransaction"] = _unreachable
    with refused("chain.unreachable", Unavailable):
        world.over(cut).advance(due=True)
    transact(world.chain, world.account, ChainCall(world.owner.address, value_wei=1))
    world.queue.advance(due=False)
    assert finals(world) == world.sizes() == [5]
    assert world.chain.nonce(world.account.address) == 2


def test_a_ledger_that_was_put_back(world: Anchoring) -> None:
    """The chain has more of this log than we: an alarm that stays, and nothing is anchored."""
    world.log.size = 40
    world.queue.advance(due=True)
    world.log.size = 20
    with refused("anchor.ahead", FatalLogError):
        world.queue.advance(due=True)
    (alarm,) = world.book.alarms()
    assert alarm.code == "anchor.ahead"
    assert json.loads(alarm.evidence)["chain_id"] == world.chain.chain_id
    world.log.size = 41
    world.queue.advance(due=True)
    assert len(world.book.alarms()) == 1


def test_a_ledger_that_was_rewritten(world: Anchoring) -> None:
    """What is anchored is no earlier state of what we have: an alarm, and nothing is anchored."""
    world.queue.advance(due=True)
    world.log = NumberedLog(9, first=1)
    world.queue = world.over(world.chain)
    with refused("anchor.forked", VerificationError):
        world.queue.advance(due=True)
    assert [alarm.code for alarm in world.book.alarms()] == ["anchor.forked"]
    assert world.sizes() == [5]


def _unreachable(*_: object) -> Any:
    raise Unavailable("chain.unreachable", "expected an answer, but nobody is there")


def _other_root(receipt: Any) -> Any:
    for log in receipt["logs"]:
        log["data"] = "0x" + "77" * 32 + log["data"][66:]
    return receipt


def _other_time(receipt: Any) -> Any:
    for log in receipt["logs"]:
        log["data"] = log["data"][:-2] + "01"
    return receipt


def _no_event(receipt: Any) -> Any:
    return {**receipt, "logs": []}


@pytest.mark.parametrize("change", [_other_root, _other_time, _no_event])
def test_a_node_that_lies_about_our_transaction(
    world: Anchoring, change: Callable[[Any], Any]
) -> None:
    """A receipt with other contents is never believed: an alarm, and never final."""
    liar, node = lying(world.chain)

    def lie(_: Sequence[Any], honest: Callable[[], Any]) -> Any:
        found = honest()
        return found if found is None else change(json.loads(json.dumps(found)))

    node.lies["eth_getTransactionReceipt"] = lie
    node.lies["eth_getLogs"] = lambda *_: []
    with refused("anchor.lied", VerificationError):
        world.over(liar).advance(due=True)
    assert finals(world) == []
    assert "anchor.lied" in {alarm.code for alarm in world.book.alarms()}
    world.queue.advance(due=False)  # an honest node clears it up
    assert finals(world) == [5]


def test_a_node_that_lies_about_what_stands(world: Anchoring) -> None:
    """A contract's root that is not ours is an alarm, whoever is to blame."""
    world.queue.advance(due=True)
    liar, node = lying(world.chain)

    def lie(_: Sequence[Any], honest: Callable[[], Any]) -> Any:
        found = honest()
        return found if len(found) != 2 + 192 else found[:66] + "99" * 32 + found[130:]

    node.lies["eth_call"] = lie
    with refused("anchor.forked", VerificationError):
        world.over(liar).advance(due=True)


def test_an_account_that_runs_dry(world: Anchoring, chain: tuple[NodeChain, Account]) -> None:
    """There is an alarm while some anchors are left; without coins, an error that names it."""
    poor = account_of(b"\5" * 31 + bytes([len(world.sizes()) + 9]))
    world.account = poor
    from counterfoil.chain import fund, transact

    transact(world.chain, world.owner, world.contract.rotate_anchor_key(world.log_id, poor.address))
    world.queue = world.over(world.chain)
    with refused("chain.underfunded", Refused):
        world.queue.advance(due=True)
    assert world.book.alarms() == []
    fund(*chain, poor.address, 90_000 * world.chain.fees().max_fee * 3)
    world.queue.advance(due=True)
    assert finals(world) == [5]
    assert [alarm.code for alarm in world.book.alarms()] == ["anchor.funds-low"]
    known = world.book.chain(world.chain.chain_id)
    assert known is not None
    assert known.anchors_left is not None
    assert 0 < known.anchors_left < 5


def test_the_same_checkpoint_as_on_another_chain(world: Anchoring) -> None:
    """A checkpoint that another chain has is preferred, unless a newer one was asked for."""
    other = replace(world.known, chain_id=1, url="http://other.example")
    world.book.add_chain(other)
    world.log.size = 11
    world.queue.advance(due=True)
    (job,) = world.book.anchored()
    assert job.size == 11
    from counterfoil.chain.anchor_state import Attempt, Job
    from counterfoil.ports import Fees

    attempt = Attempt(b"", b"z" * 32, 0, 0, Fees(0, 0), 0)
    note = b"note 15 with more signatures"
    world.book.begin(1, Job(15, world.log.root(15), 0, note, b"", "signed", (attempt,)))
    world.log.size = 18
    world.queue.advance(due=True)
    assert finals(world) == [11, 15]
    assert world.book.anchored(15)[0].note == note
    world.book.wish(Wish(17, False, 1))
    world.queue.advance(due=True)
    assert finals(world) == [11, 15, 18]


def test_a_chain_that_refuses_fees(world: Anchoring) -> None:
    """A fee that is too low is raised with the same nonce, until it is taken."""
    dear, node = lying(world.chain)
    left = [3]

    def underpriced(_: Sequence[Any], honest: Callable[[], Any]) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise RpcError(-32000, "transaction underpriced")
        return honest()

    node.lies["eth_sendRawTransaction"] = underpriced
    world.over(dear).advance(due=True)
    assert finals(world) == world.sizes() == [5]
    assert world.chain.nonce(world.account.address) == 1


def test_errors_are_ours(world: Anchoring) -> None:
    """Whatever a node refuses is an error of ours, and is written down."""
    odd, node = lying(world.chain)

    def refuse(*_: object) -> Any:
        raise RpcError(-32000, "it is Tuesday")

    node.lies["eth_sendRawTransaction"] = refuse
    with pytest.raises(CounterfoilError):
        world.over(odd).advance(due=True)
    known = world.book.chain(world.chain.chain_id)
    assert known is not None
    assert known.trouble == "chain.refused"

"""Anchoring where everything goes wrong: stuck, dropped, reorganised, dead, empty, killed."""

from __future__ import annotations

import itertools
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from counterfoil.chain import NodeChain, open_chain, prepare, transact
from counterfoil.errors import Refused, Unavailable
from counterfoil.ports import ChainCall
from tests.anchoring import Anchoring, anchoring
from tests.anvil import Anvil, anvil
from tests.faults.rigs import run_rig
from tests.shared_data import require
from tests.statements import refused

__all__ = ["anvil"]

NUMBERS = itertools.count(1)
CONFIRMATIONS = 2


@pytest.fixture
def chain(anvil: Anvil) -> Iterator[NodeChain]:
    """The second engine, which mines at once unless a test stops it."""
    made = open_chain(anvil.url, confirmations=CONFIRMATIONS, timeout_s=2.0)
    yield made
    made.close()


@pytest.fixture
def world(anvil: Anvil, chain: NodeChain, tmp_path: Path) -> Iterator[Anchoring]:
    """A log of its own there."""
    found = anchoring(tmp_path, chain, anvil.account, number=next(NUMBERS))
    yield found
    anvil.rpc("evm_setAutomine", True)
    found.book.close()


def finals(world: Anchoring) -> list[int]:
    """List the sizes whose anchors are final."""
    return [anchor.size for anchor in world.book.anchored()]


def test_it_waits_for_confirmations(world: Anchoring, anvil: Anvil) -> None:
    """Mined is not final: that takes the blocks that were asked for."""
    assert world.queue.advance(due=True) is True
    assert finals(world) == []
    assert world.sizes() == [5]
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS))
    assert world.queue.advance(due=False) is False
    assert finals(world) == [5]


def test_the_next_anchor_need_not_wait_for_finality(world: Anchoring, anvil: Anvil) -> None:
    """A mined anchor is what the next one extends; both become final in their turn."""
    world.queue.advance(due=True)
    world.log.size = 9
    world.queue.advance(due=True)
    assert world.sizes() == [5, 9]
    assert finals(world) == []
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS))
    world.queue.advance(due=False)
    assert finals(world) == [5, 9]


def test_a_stuck_transaction_is_replaced(world: Anchoring, anvil: Anvil) -> None:
    """Same nonce, an eighth more; whichever is mined counts, and only one is."""
    anvil.rpc("evm_setAutomine", False)
    world.queue.advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert (job.phase, len(job.attempts)) == ("sent", 1)
    world.queue.advance(due=True)
    assert world.book.open_jobs(world.chain.chain_id) == [job]
    world.clock.at_ms += 60_001
    world.queue.advance(due=False)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    first, second = job.attempts
    assert (job.phase, first.nonce) == ("sent", second.nonce)
    assert second.fees.max_fee * 1000 >= first.fees.max_fee * 1125
    assert second.fees.priority_fee * 1000 >= first.fees.priority_fee * 1125
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    world.restart()
    world.queue.advance(due=False)
    assert finals(world) == world.sizes() == [5]


def test_a_dropped_transaction_is_sent_again(world: Anchoring, anvil: Anvil) -> None:
    """A node that forgot it gets the very same bytes once more."""
    anvil.rpc("evm_setAutomine", False)
    world.queue.advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    anvil.rpc("anvil_dropTransaction", f"0x{job.attempts[0].hash.hex()}")
    assert not world.chain.knows(job.attempts[0].hash)
    world.queue.advance(due=False)
    assert world.chain.knows(job.attempts[0].hash)
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    world.queue.advance(due=False)
    assert world.book.anchored()[0].mined.tx_hash == job.attempts[0].hash


def test_a_nonce_that_somebody_else_used(world: Anchoring, anvil: Anvil) -> None:
    """Dropped, and its nonce taken by another transaction of the key: it is signed anew."""
    anvil.rpc("evm_setAutomine", False)
    world.queue.advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    anvil.rpc("anvil_dropTransaction", f"0x{job.attempts[0].hash.hex()}")
    anvil.rpc("evm_setAutomine", True)
    transact(world.chain, world.account, ChainCall(world.owner.address, value_wei=1))
    world.queue.advance(due=False)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert [a.nonce for a in job.attempts] == [0, 1]
    assert world.sizes() == [5]


def test_a_reorganisation(world: Anchoring, anvil: Anvil) -> None:
    """A lost block takes the anchor with it: it is sent again, and final only where it stands."""
    world.queue.advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert job.phase == "mined"
    anvil.rpc("anvil_reorg", 1, [])
    assert world.sizes() == []
    world.queue.advance(due=False)
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    world.queue.advance(due=False)
    assert world.sizes() == finals(world) == [5]
    (anchor,) = world.book.anchored()
    assert job.mined is not None
    assert anchor.mined.block_hash != job.mined.block_hash


def test_a_reorganisation_of_two_anchors(world: Anchoring, anvil: Anvil) -> None:
    """Two anchors in lost blocks come back in their order."""
    world.queue.advance(due=True)
    world.log.size = 9
    world.queue.advance(due=True)
    anvil.rpc("anvil_reorg", 2, [])
    assert world.sizes() == []
    world.restart()
    for _ in range(3):
        world.queue.advance(due=False)
        anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    world.queue.advance(due=False)
    assert world.sizes() == finals(world) == [5, 9]


def test_a_reorganisation_of_what_another_process_sent(world: Anchoring, anvil: Anvil) -> None:
    """An anchor that was taken over goes with its block; then it is signed here."""
    world.anchor(5)
    world.queue.advance(due=True)
    world.queue.advance(due=True)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert (job.phase, job.attempts[0].raw) == ("mined", b"")
    anvil.rpc("anvil_reorg", 1, [])
    assert world.sizes() == []
    world.queue.advance(due=True)
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    world.queue.advance(due=False)
    assert world.sizes() == finals(world) == [5]


def test_a_transaction_that_is_reverted(world: Anchoring, anvil: Anvil) -> None:
    """Reverted, since the key was another one for a block: it is signed anew, with a new nonce."""
    anvil.rpc("evm_setAutomine", False)
    world.queue.advance(due=True)
    rotate = world.contract.rotate_anchor_key(world.log_id, world.owner.address)
    fees = world.chain.fees()
    dear = replace(fees, max_fee=fees.max_fee + 10**11, priority_fee=10**11)
    first = prepare(world.chain, world.owner, rotate, fees=dear, gas=200_000)
    world.chain.send_raw(first.raw)
    anvil.rpc("anvil_mine", "0x1")
    (job,) = world.book.open_jobs(world.chain.chain_id)
    receipt = world.chain.tx_receipt(job.attempts[0].hash)
    assert receipt is not None
    assert not receipt.ok
    anvil.rpc("evm_setAutomine", True)
    with refused("anchor.key", Refused):
        world.queue.advance(due=False)
    back = world.contract.rotate_anchor_key(world.log_id, world.account.address)
    transact(world.chain, world.owner, back)
    world.queue.advance(due=False)
    (job,) = world.book.open_jobs(world.chain.chain_id)
    assert [attempt.nonce for attempt in job.attempts] == [0, 1]
    assert world.sizes() == [5]


def test_an_account_that_was_emptied(world: Anchoring, anvil: Anvil) -> None:
    """Nothing is lost while coins are missing; when they come, it goes on."""
    anvil.rpc("anvil_setBalance", world.account.address, "0x0")
    for _ in range(2):
        with refused("chain.underfunded", Refused):
            world.queue.advance(due=True)
    anvil.rpc("anvil_setBalance", world.account.address, hex(10**18))
    world.log.size = 20
    world.queue.advance(due=True)
    assert world.sizes() == [20]


def test_a_dead_node(world: Anchoring, anvil: Anvil) -> None:
    """A node that hangs is an error in time; afterwards only the newest checkpoint is anchored."""
    quick = open_chain(anvil.url, confirmations=CONFIRMATIONS, timeout_s=0.2)
    anvil.signal(signal.SIGSTOP)
    try:
        for size in (6, 7):
            world.log.size = size
            with refused("chain.unreachable", Unavailable):
                world.over(quick).advance(due=True)
    finally:
        anvil.signal(signal.SIGCONT)
    world.log.size = 8
    world.over(quick).advance(due=True)
    assert world.sizes() == [8]
    quick.close()


def test_kills() -> None:
    """Kill -9 before every statement and every request: written down first, anchored once."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("anchor_kill_rig", "")
    assert report["wrong"] == [], report
    assert report["finished"], report
    assert report["kills"] > 30, report


def test_a_planted_bug_is_found() -> None:
    """Control: a transaction that is sent before it is written down goes red."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("anchor_kill_rig", "sends first")
    assert "was sent unwritten" in str(report["wrong"]), report

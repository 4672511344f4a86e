"""Acting where everything goes wrong: stuck, reorganised, dead, lying, killed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.act.accounts import account_of_ledger
from counterfoil.chain import open_chain, transact
from counterfoil.chain.transport import RpcError
from counterfoil.errors import Refused, Unavailable, VerificationError
from counterfoil.ledger import Ledger
from counterfoil.ports import ChainCall
from tests.acting import (
    acting_folder,
    copy_acting,
    decide,
    pay_accounts,
    prepare,
    switch_at,
    turned,
    wanted,
)
from tests.anchoring import TurnedClock
from tests.anvil import Anvil, anvil
from tests.faults.rigs import run_rig
from tests.ledgers import set_setting
from tests.lying_node import lying
from tests.shared_data import require
from tests.statements import refused

__all__ = ["anvil"]

CONFIRMATIONS = 2


@pytest.fixture
def ledger(anvil: Anvil, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger that is anchored on the second engine."""
    folder = acting_folder(tmp_path, anvil.url)
    set_setting(folder, "anchor_confirmations", str(CONFIRMATIONS))
    with counterfoil.open(folder) as opened:
        with closing(open_chain(anvil.url)) as chain:
            pay_accounts(opened, chain, anvil.account)
        yield opened
    anvil.rpc("evm_setAutomine", True)


@pytest.fixture
def actor(ledger: Ledger, anvil: Anvil) -> Iterator[Actor]:
    """Contracts and a decider there."""
    with Actor(ledger) as made:
        with mining(anvil):  # what governance does is recorded once it is final
            prepare(made)
        yield made


@contextmanager
def mining(anvil: Anvil) -> Iterator[None]:
    """Have blocks made all the time, so that what stands in one becomes final."""
    done = threading.Event()

    def mine() -> None:
        while not done.wait(0.05):
            anvil.rpc("anvil_mine", "0x1")

    thread = threading.Thread(target=mine)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def phases(actor: Actor) -> list[str]:
    """List how far each is, oldest first."""
    return [acted.phase for acted in reversed(actor.ls())]


def test_a_reorganisation_under_the_action(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """A lost block takes action and anchor with it: both are done again, and recorded once."""
    acted = actor.act(decide(ledger), wanted(switch_at(actor)), wait_s=0)
    assert (acted.phase, acted.action) == ("mined", None)
    anvil.rpc("anvil_reorg", 2, [])
    assert turned(actor) == []
    actor.settle(acted.number, wait_s=0)
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    done = actor.settle(acted.number, wait_s=30)
    assert done.phase == "done"
    assert turned(actor) == [1]
    assert len(ledger.search("kind=action").hits) == 1


def test_a_stuck_transaction(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """It is replaced by one that pays more, with the same nonce; one of them acts."""
    number = actor.check(decide(ledger), wanted(switch_at(actor))).number
    anvil.rpc("evm_setAutomine", False)
    clock = TurnedClock(actor.now_ms())
    with Actor(ledger, opened=actor.chain, clock=clock, stuck_ms=60_000) as slow:
        assert slow.settle(number, wait_s=0).phase == "sent"
        clock.at_ms += 60_001
        slow.settle(number, wait_s=0)
        first, second = slow.job(number).attempts
    assert first.nonce == second.nonce
    assert second.fees.max_fee * 1000 >= first.fees.max_fee * 1125
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    assert actor.settle(number, wait_s=30).phase == "done"
    assert turned(actor) == [1]


def test_a_nonce_that_somebody_else_used(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """Dropped, and its nonce taken by another transaction of the key: it is signed anew."""
    number = actor.check(decide(ledger), wanted(switch_at(actor))).number
    anvil.rpc("evm_setAutomine", False)
    actor.settle(number, wait_s=0)
    (attempt,) = actor.job(number).attempts
    anvil.rpc("anvil_dropTransaction", f"0x{attempt.hash.hex()}")
    anvil.rpc("evm_setAutomine", True)
    account = account_of_ledger(ledger, "actor")
    transact(actor.chain, account, ChainCall(anvil.account.address, value_wei=1))
    actor.settle(number, wait_s=0)
    assert [one.nonce for one in actor.job(number).attempts] == [0, 1]
    assert turned(actor) == [1]


def test_a_dead_node(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """A node that hangs is an error in time; the same call goes on when it is back."""
    decision, target = decide(ledger), wanted(switch_at(actor))
    number = actor.check(decision, target).number
    with closing(open_chain(anvil.url, confirmations=CONFIRMATIONS, timeout_s=0.2)) as quick:
        anvil.signal(signal.SIGSTOP)
        try:
            with Actor(ledger, opened=quick) as away, refused("chain.unreachable", Unavailable):
                away.settle(number, wait_s=0)
        finally:
            anvil.signal(signal.SIGCONT)
    assert actor.act(decision, target, wait_s=0).phase == "mined"
    assert turned(actor) == [1]


def test_a_lying_node(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """One that answers for the gate, or hides what stands in its blocks, is found out."""
    number = actor.check(decide(ledger), wanted(switch_at(actor))).number
    node, lies = lying(actor.chain, CONFIRMATIONS)
    check = actor.gate._abi.encode("check", bytes(32), bytes(32), 0, "0x" + "00" * 20, b"")[:4]

    def refuses(params: Any, honest: Any) -> Any:
        """Say that the gate refuses what it would let pass."""
        if params[0]["input"].startswith(f"0x{check.hex()}"):
            raise RpcError(3, "execution reverted", _reason("scope"))
        return honest()

    with Actor(ledger, opened=node) as deceived:
        lies.lies["eth_call"] = refuses
        with refused("act.disagreed", VerificationError):
            deceived.settle(number, wait_s=0)
    lies.lies["eth_call"] = lambda params, honest: "0x" + "00" * ((len(honest()) - 2) // 2)
    with Actor(ledger, opened=node) as deceived, refused("act.other-gate", VerificationError):
        deceived.settle(number, wait_s=0)
    assert turned(actor) == []
    lies.lies.clear()
    with Actor(ledger, opened=node) as deceived:
        assert deceived.settle(number, wait_s=0).phase == "mined"
        lies.lies["eth_getBlockByNumber"] = _another_block(actor.get(number).block or 0)
        with pytest.raises(VerificationError):
            deceived.settle(number, wait_s=0)
    anvil.rpc("anvil_mine", hex(CONFIRMATIONS + 1))
    assert actor.settle(number, wait_s=30).phase == "done"
    assert turned(actor) == [1]


def _reason(text: str) -> bytes:
    """Encode `Error(string)`."""
    body = len(text).to_bytes(32, "big") + text.encode().ljust(32, b"\0")
    return bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + body


def _another_block(number: int) -> Any:
    """Show another hash for one block."""

    def lie(params: Any, honest: Any) -> Any:
        found = honest()
        if found is not None and int(found["number"], 16) == number:
            return {**found, "hash": "0x" + "ab" * 32}
        return found

    return lie


def test_without_coins(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """An empty account says so and names itself; with coins the same call goes on."""
    decision, target = decide(ledger), wanted(switch_at(actor))
    account = account_of_ledger(ledger, "actor").address
    anvil.rpc("anvil_setBalance", account, "0x0")
    with refused("chain.underfunded", Refused):
        actor.act(decision, target, wait_s=0)
    anvil.rpc("anvil_setBalance", account, hex(10**18))
    assert actor.act(decision, target, wait_s=0).phase == "mined"


def test_many_at_once_beside_the_anchors(ledger: Ledger, actor: Actor, anvil: Anvil) -> None:
    """Each account has its own order: anchors go on while actions wait, and none is sent twice."""
    switch = switch_at(actor)
    numbers = [actor.check(decide(ledger), wanted(switch, n)).number for n in (1, 2, 3)]
    anvil.rpc("evm_setAutomine", False)
    actor.go_on()
    assert phases(actor) == ["sent", "recorded", "recorded"]
    ledger.record({"meanwhile": 1})
    with mining(anvil):
        (state,) = ledger.anchor(60)
        assert state.phase == "final"
        for number in numbers:
            assert actor.settle(number, wait_s=60).phase == "done"
    assert turned(actor) == [1, 2, 3]
    assert actor.chain.nonce(account_of_ledger(ledger, "actor").address) == 3


def test_two_chains(anvil: Anvil, tmp_path: Path) -> None:
    """One ledger on two chains: a verdict acts on the chain that it names, and on no other."""
    folder = copy_acting(tmp_path)
    set_setting(folder, "anchor_chains", f'["embedded", "{anvil.url}"]')
    set_setting(folder, "anchor_confirmations", "1")
    with counterfoil.open(folder) as ledger, mining(anvil):
        with closing(open_chain(anvil.url)) as chain:
            pay_accounts(ledger, chain, anvil.account)
        with Actor(ledger) as here, Actor(ledger, chain=anvil.url) as there:
            prepare(there)
            decision = decide(ledger)
            one = here.act(decision, wanted(switch_at(here)))
            two = there.act(decision, wanted(switch_at(there)), wait_s=60)
            assert one.chain_id != two.chain_id
            assert (one.phase, two.phase) == ("done", "done")
            assert (turned(here), turned(there)) == ([1], [1])
            _refuse_elsewhere(here, there, one.number)


def _refuse_elsewhere(here: Actor, there: Actor, number: int) -> None:
    """Show a verdict of one chain to the gate of the other."""
    from counterfoil.act.packing import unpacked
    from counterfoil.act.verdict_work import VerdictWork
    from counterfoil.formats import packed_verdict
    from counterfoil.formats import verdict as verdicts

    job = here.job(number)
    work = here._works_here()["verdict"]
    assert isinstance(work, VerdictWork)
    said = verdicts.parse(job.entry).verdict
    assert job.index is not None
    packed = packed_verdict.format(unpacked(here.ledger, work._anchor, said.log_id, job.index))
    with refused("gate.chain", Refused):
        there.gate.check(said.scope, said.action_hash, 0, f"0x{said.consumer.hex()}", packed)


def test_kills() -> None:
    """Kill -9 once recorded, sent and told: asked for again, it acts once in all."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("act_kill_rig", "", "5,11,19")
    assert (report["kills"], report["wrong"]) == (3, []), report


@pytest.mark.campaign
def test_kills_everywhere() -> None:
    """Kill -9 at every edge of every step: asked for again, it acts once in all."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("act_kill_rig", "", "")
    assert report["wrong"] == [], report
    assert report["finished"], report
    assert report["kills"] > 20, report


def test_a_planted_bug_is_found() -> None:
    """Control: where each try draws another nonce, a forgotten one acts twice, and that is seen."""
    require(sys.platform == "linux", "forks and kills processes as Linux does")
    report = run_rig("act_kill_rig", "draws anew", "14")
    assert "turned [0, 0]" in str(report["wrong"]), report

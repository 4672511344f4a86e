"""Detectors over simulated traffic: each attack is found, in time, and what is ordinary is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec
import pytest

from counterfoil.insight.tables import Tables
from counterfoil.insight.threats import (
    ApprovalPhishing,
    Drains,
    FeeAnomalies,
    Fold,
    KnownBad,
    Poisoning,
    Ponzi,
    WashTrades,
    approval_phishing,
    drains,
    fee_anomalies,
    known_bad,
    poisoning,
    ponzi,
    read_blocks,
    wash_trades,
)
from counterfoil.ports import ChainTables, Finding
from counterfoil.testing.chain_attacks import CHAIN_ATTACKS, ChainAttack
from counterfoil.testing.chain_decoys import CHAIN_DECOYS
from counterfoil.testing.chain_scene import Scene, quiet_chain, tables_of

DETECTORS: dict[str, tuple[Callable[[], Fold[Any]], Callable[[ChainTables], Iterable[Finding]]]] = {
    "address-poisoning": (Poisoning, poisoning),
    "approval-phishing": (ApprovalPhishing, approval_phishing),
    "drain": (Drains, drains),
    "fee-anomaly": (FeeAnomalies, fee_anomalies),
    "ponzi-like": (Ponzi, ponzi),
    "wash-trade": (WashTrades, wash_trades),
}
SOONEST = {"address poisoning": 0, "overpaid": 0, "laundering": 0, "phishing by permit": 0}
LIMIT = {"approval phishing": 101, "pyramid": 150, "swept wallets": 40, "wash trades": 80}


@cache
def quiet() -> Any:
    return quiet_chain(6000, 5, 3)


@cache
def attacked(name: str) -> tuple[ChainAttack, Tables]:
    scene = Scene(quiet(), 8)
    attack = CHAIN_ATTACKS[name](scene, scene.first + 900)
    return attack, tables_of(scene.tables())


def found(attack: ChainAttack, tables: Tables) -> list[Finding]:
    """Run the detector that is to see the attack over the tables."""
    if attack.known:
        return list(known_bad(tables, attack.known))
    return list(DETECTORS[attack.kind][1](tables))


def alarms(fold: Fold[Any], tables: Tables, *, saved: bool = False) -> dict[str, int]:
    """Give the block of the first alarm for each account; saved: with the state as JSON between."""
    state = fold.start()
    seen: dict[str, int] = {}
    for block in read_blocks(tables):
        for one in fold.see(state, block):
            if one.score >= 0.5:
                seen.setdefault(one.account, block.number)
        if saved:
            state = msgspec.json.decode(msgspec.json.encode(state), type=type(state))
    return seen


def fold_of(attack: ChainAttack) -> Fold[Any]:
    return KnownBad(attack.known) if attack.known else DETECTORS[attack.kind][0]()


@pytest.mark.parametrize("name", CHAIN_ATTACKS)
def test_each_attack_is_found_in_quiet_traffic(name: str) -> None:
    """The attacker is found, with transactions that show it, and nobody else is accused."""
    attack, tables = attacked(name)
    said = found(attack, tables)
    assert {one.account for one in said} <= {*attack.accounts, *attack.known}
    assert {one.account for one in said} & {*attack.accounts}
    hashes = set(tables.sql("SELECT hash FROM transactions")["hash"].to_pylist())
    for one in said:
        assert one.kind == attack.kind
        assert 0.5 <= one.score <= 1
        assert one.transactions
        assert set(one.transactions) <= hashes


@pytest.mark.parametrize("name", CHAIN_ATTACKS)
def test_blocks_one_by_one_tell_the_same_and_in_time(name: str) -> None:
    """A stream of all blocks tells the same accounts as the tables, within the promised blocks."""
    attack, tables = attacked(name)
    seen = alarms(fold_of(attack), tables)
    assert set(seen) == {one.account for one in found(attack, tables)}
    first = min(at for account, at in seen.items() if account in attack.accounts)
    assert attack.begun <= first <= attack.begun + {**SOONEST, **LIMIT}[name]


@pytest.mark.parametrize("kind", DETECTORS)
def test_a_state_saved_after_every_block_changes_nothing(kind: str) -> None:
    """What a detector knows survives as JSON: the same alarms in the same blocks."""
    name = next(one for one in CHAIN_ATTACKS if attacked(one)[0].kind == kind)
    attack, _ = attacked(name)
    scene = Scene(quiet_chain(900, 5, 2), 8)
    CHAIN_ATTACKS[name](scene, scene.first + 1)
    tables = tables_of(scene.tables())
    fold = DETECTORS[attack.kind][0]()
    assert alarms(fold, tables, saved=True) == alarms(fold, tables) != {}


@pytest.mark.parametrize("kind", DETECTORS)
def test_ordinary_things_that_look_alike_are_not_told(kind: str) -> None:
    """Exchanges, markets, relayers, loans, payrolls, lotteries, moves to a new wallet: no alarm.

    All are in one scene, and seen both as tables and block by block.
    """
    scene = Scene(quiet(), 3)
    for place, put in enumerate(CHAIN_DECOYS.values()):
        put(scene, scene.first + 200 + 150 * place)
    tables = tables_of(scene.tables())
    fold, detector = DETECTORS[kind]
    assert list(detector(tables)) == []
    assert alarms(fold(), tables) == {}


@pytest.mark.parametrize("kind", DETECTORS)
def test_empty_tables_give_no_findings(kind: str) -> None:
    """A detector that cannot work finds nothing, and does not fail."""
    assert list(DETECTORS[kind][1](tables_of({}))) == []


def test_no_label_no_neighbour() -> None:
    """Without a list nobody is near anybody, and a name that is no address is not asked for."""
    _, tables = attacked("laundering")
    assert list(known_bad(tables, {})) == []
    assert list(known_bad(tables, {"'); DROP": "x"})) == []


def test_a_robbed_account_is_not_tainted() -> None:
    """Who paid a labelled account is not told, and a share of clean money lowers the score."""
    scene = Scene(quiet(), 4)
    thief, victim, mixed = scene.account(), scene.account(), scene.account()
    scene.send(scene.first + 5, victim, thief, 10**18)
    scene.send(scene.first + 6, scene.account(), mixed, 3 * 10**18)
    scene.send(scene.first + 7, thief, mixed, 10**18)
    said = {one.account: one for one in known_bad(tables_of(scene.tables()), {thief: "bad"}, 0.0)}
    assert set(said) == {thief, mixed}
    assert said[mixed].score == pytest.approx(0.9 / 4)


def test_a_look_alike_that_was_paid_before_is_no_poison() -> None:
    """Dust from an account that the payer paid of its own accord is no poisoning; else it is."""
    scene = Scene(quiet(), 4)
    payer, payee = scene.account(), scene.account()
    friend, other = scene.account(payee), scene.account(payee)
    for to in (payee, friend):
        scene.send(scene.first + 1, payer, to, 10**18)
    for sender in (friend, other):
        scene.send(scene.first + 2, sender, payer, 1000)
    said = list(poisoning(tables_of(scene.tables())))
    assert [one.account for one in said] == [other]


def test_a_victim_that_pays_the_look_alike_makes_it_sure() -> None:
    """Before the payment it is likely, after it is sure."""
    attack, tables = attacked("address poisoning")
    said = {one.account: one.score for one in found(attack, tables)}
    paid, forged, worthless = (said[account] for account in attack.accounts)
    assert paid == 1.0
    assert forged == 0.9
    assert 0.5 <= worthless < forged


def test_a_revoked_approval_takes_nothing() -> None:
    """Tokens that go after the approval was taken back are not told as its abuse."""
    scene = Scene(quiet(), 4)
    trap, operator, token, owner = (scene.account() for _ in range(4))
    scene.approve(scene.first + 1, owner, token, trap)
    tables = scene.tables()
    scene.move(scene.first + 9, operator, trap, token, [(owner, operator, 10**9)])
    taken = tables_of(scene.tables())
    assert [one.account for one in approval_phishing(taken)] == [trap]
    assert list(approval_phishing(tables_of(tables))) == []
    fold = ApprovalPhishing()
    state = fold.start()
    for block in read_blocks(taken):
        zero = [one._replace(amount=0.0) for one in block.approvals if one.spender == trap]
        for one in fold.see(state, block._replace(approvals=[*block.approvals, *zero])):
            assert one.account != trap

"""The operations that deploy, govern and act: the same results for every shell."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import acting as acting_text
from counterfoil.cli.text import contracts as contracts_text
from counterfoil.cli.text import governing as governing_text
from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.ledger import open_ledger
from counterfoil.ops import acting, contracts, governing
from tests.acting import DECIDER, MODEL, SCOPE, copy_acting, decide
from tests.ledgers import copy_ledger
from tests.statements import refused

PLAIN = Paint(io.StringIO())
TURN: dict[str, Any] = {
    "contract": "example_switch",
    "function": "turn",
    "scope": SCOPE,
    "decider": DECIDER,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger that is ready to act."""
    return copy_acting(tmp_path)


def shown(lines: Iterable[str]) -> str:
    """Put lines together."""
    return "\n".join(lines)


def decided(folder: Path) -> str:
    """Record a decision; gives its index as people type it."""
    with open_ledger(folder) as ledger:
        return str(decide(ledger))


def test_from_a_check_to_an_action(folder: Path) -> None:
    """Checked, submitted, listed, shown, settled and followed; each says where it stands."""
    entry = decided(folder)
    checked = acting.check(entry, arg=("1", "true"), ledger=folder, **TURN)
    assert "would pass: turn(1, True)" in shown(acting_text.check(checked, PLAIN))
    (waiting,) = acting.settle(ledger=folder)
    assert waiting.to_json()["phase"] == "done"
    assert "turn(1, True)" in shown(acting_text.settle([waiting], PLAIN))
    done = acting.submit(entry, arg=("1", "true"), ledger=folder, **TURN)
    assert "acted: turn(1, True)" in shown(acting_text.submit(done, PLAIN))
    assert "done:" in shown(acting_text.check(done, PLAIN))
    assert list(acting.listing(ledger=folder)) == [done]
    assert acting.get(done.number, ledger=folder) == done
    said = shown(acting_text.get(done, PLAIN))
    assert done.transaction is not None
    assert done.transaction in said
    assert done.to_json()["arguments"] == ["1", True]
    (followed,) = acting.follow(ledger=folder)
    assert followed.index == done.action
    assert "known action" in shown(acting_text.follow([followed], PLAIN))
    assert "no contract used" in shown(acting_text.follow(acting.follow(ledger=folder), PLAIN))
    assert "nothing waits" in shown(acting_text.settle(acting.settle(ledger=folder), PLAIN))
    assert "done" in shown(acting_text.listing([done], PLAIN))
    long = replace(done, arguments=([1] * 9, "0x" + "ab" * 20))
    assert "turn(9 values, 0xababababab…) of" in shown(acting_text.listing([long], PLAIN))


def test_functions_as_people_name_them(folder: Path) -> None:
    """By its name where the contract is ours, else by its signature without the proof."""
    entry = decided(folder)
    (address,) = (
        one.address for one in contracts.listing(ledger=folder) if one.name == "example_switch"
    )
    spelled = {**TURN, "contract": address, "function": "turn(uint256,bool)"}
    one = acting.check(entry, arg=("1", "true"), ledger=folder, **spelled)
    two = acting.check(entry, arg=("0x1", "true"), ledger=folder, **TURN)
    assert one.number == two.number
    for change, code in (
        ({"function": "spin"}, "act.function"),
        ({"contract": address}, "act.function"),
        ({"contract": "escrow"}, "act.not-deployed"),
        ({"contract": "nope"}, "act.contract"),
    ):
        with refused(code, NotFound):
            acting.check(entry, arg=("1", "true"), ledger=folder, **{**TURN, **change})
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"arg": ("1",)}, "act.call"),
        ({"amount": "2.50"}, "act.number"),
        ({"not_before": "soon"}, "decision.time"),
    )
    for other, code in wrong:
        with refused(code, InputError):
            acting.check(entry, ledger=folder, **{**TURN, "arg": ("1", "true"), **other})


def test_what_is_in_the_way(folder: Path) -> None:
    """A refusal is raised with its hint, and stands in the list until it is gone."""
    entry = decided(folder)
    early: dict[str, Any] = {"not_before": "2090-01-01", "up_to": "5", "amount": "5"}
    with refused("gate.too-early", Refused):
        acting.submit(
            entry, arg=("1", "true"), wait=0, subject="house 7", ledger=folder, **TURN, **early
        )
    (one,) = acting.listing(ledger=folder)
    assert one.subject == "house 7"
    assert "[gate.too-early]" in shown(acting_text.get(one, PLAIN))
    assert "[gate.too-early]" in shown(acting_text.listing([one], PLAIN))
    assert "goes on" in shown(acting_text.submit(one, PLAIN))
    (waiting,) = acting.settle(ledger=folder)
    assert waiting.to_json()["trouble"][0] == "gate.too-early"


def test_governing(folder: Path) -> None:
    """Who may speak is made, approved, halted, resumed, revoked and listed."""
    made = governing.decider("rates", ledger=folder)
    assert "recorded 0x" in shown(governing_text.decider(made, PLAIN))
    with open_ledger(folder) as ledger:
        evidence = str(ledger.record({"evaluated": "well"}).index)
    limits: dict[str, Any] = {"cap": "5", "period_cap": "50", "period_count": 9}
    given = governing.approve(
        "rates", model=MODEL, scope="rate.set", evidence=evidence, ledger=folder, **limits
    )
    assert given.to_json()["phase"] == "done"
    assert "approved approval" in shown(governing_text.approve(given, PLAIN))
    assert given.approval is not None
    halted = governing.halt(given.approval, seconds=60, why="odd", ledger=folder)
    assert "halted approval" in shown(governing_text.halt(halted, PLAIN))
    states = {one.scope: one.state for one in governing.approvals(ledger=folder)}
    assert states == {SCOPE: "holds", "rate.set": "halted"}
    resumed = governing.resume(given.approval, why="looked into", ledger=folder)
    assert "resumed approval" in shown(governing_text.resume(resumed, PLAIN))
    ended = governing.revoke(given.approval, why="copied", ledger=folder)
    assert "revoked approval" in shown(governing_text.revoke(ended, PLAIN))
    found = list(governing.approvals(ledger=folder))
    said = shown(governing_text.approvals(found, PLAIN))
    assert "rates for rate.set: revoked" in said
    assert found[0].to_json()["name"] == DECIDER
    with refused("act.why", InputError):
        governing.decider("rates", revoke=True, ledger=folder)
    governing.decider("rates", revoke=True, why="copied", ledger=folder)
    keys = list(governing.deciders(ledger=folder))
    assert [one.to_json()["revoked"] for one in keys] == [False, True]
    assert "let go of" in shown(governing_text.deciders(keys, PLAIN))
    with refused("act.limit", InputError):
        governing.approve(
            "rates",
            model=MODEL,
            scope="x",
            evidence=evidence,
            ledger=folder,
            **{**limits, "cap": "much"},
        )
    with refused("act.approval", InputError):
        governing.revoke("5f", why="copied", ledger=folder)


def test_contracts(folder: Path) -> None:
    """What was put on a chain is listed; what stands there is found."""
    (stands,) = contracts.deploy(("example_switch",), ledger=folder)
    assert "stands example_switch" in shown(contracts_text.deploy([stands], PLAIN))
    rows = list(contracts.listing(ledger=folder))
    assert stands.to_json() in [one.to_json() for one in rows]
    assert "example_switch" in shown(contracts_text.listing(rows, PLAIN))
    with refused("act.constructor-pair", InputError):
        list(contracts.deploy(("token",), set_=("name",), ledger=folder))


def test_without_anything(tmp_path: Path) -> None:
    """A ledger without a chain says what to set; one that asked nothing has nothing to show."""
    bare = copy_ledger(tmp_path / "bare")
    assert list(acting.listing(ledger=bare)) == []
    assert "nothing was asked" in shown(acting_text.listing([], PLAIN))
    assert "no decider" in shown(governing_text.deciders(governing.deciders(ledger=bare), PLAIN))
    assert "no approval" in shown(governing_text.approvals([], PLAIN))
    assert "no contract" in shown(contracts_text.listing([], PLAIN))
    with refused("act.job", NotFound):
        acting.get(1, ledger=bare)
    with refused("anchor.no-chain", Refused):
        list(contracts.deploy(("decision_gate",), ledger=bare))

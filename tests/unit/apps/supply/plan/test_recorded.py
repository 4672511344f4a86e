"""Plans on record: they say why, and come out the same again, or it is told that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.plan.recorded import record_plan
from counterfoil.apps.supply.plan.replaying import replay
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.apps.supply.plan.stock.problem import Costs, OnHand, stock_of
from counterfoil.apps.supply.plan.stock.recorded import Rule, record_stock
from counterfoil.errors import InputError, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.provenance.statements.parts import Reference
from tests.ledgers import copy_ledger
from tests.plans_made import made


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def _again(ledger: Ledger, index: int, **changed: Any) -> int:
    """Record a decision once more, with other inputs or another outcome."""
    said = ledger.get(index).content
    parts = said.get("explanation", {}).get("contributions")
    inputs = {**said["inputs"], **changed.pop("inputs", {})}
    more: dict[str, Any] = {
        "outcome": said["outcome"],
        "score": float(said["score"]),
        "contributions": None if parts is None else {k: float(v) for k, v in parts.items()},
    }
    based_on = [msgspec.convert(one, Reference) for one in said.get("based_on", ())]
    return record_foreseen(
        ledger,
        msgspec.convert(said["model"], Reference),
        inputs,
        purpose=said["purpose"],
        note="-",
        based_on=based_on,
        **(more | changed),
    )


@pytest.mark.parametrize("stops", [8, 90])
def test_a_plan_on_record_comes_out_the_same_again(ledger: Ledger, stops: int) -> None:
    """Small problems stand in their decision, large ones beside it; both are planned again."""
    problem = made(2, stops)
    plan = plan_routes(problem, Budget(iterations=20), seed=4)
    index = record_plan(ledger, problem, plan)
    said = ledger.get(index).content
    assert bool(said.get("based_on")) == (stops == 90)
    assert said["outcome"] == ("planned-in-part" if plan.unserved else "planned")
    assert all(one.says in said["note"] for one in plan.unserved[:12])
    replay(ledger, index)


def test_a_plan_that_was_not_found_so_is_told(ledger: Ledger) -> None:
    """Another seed, or a plan that breaks a promise, is not taken for what was planned."""
    problem = made(2, 8)
    plan = plan_routes(problem, Budget(iterations=20), seed=4)
    index = record_plan(ledger, problem, plan)
    text = ledger.get(index).content["inputs"]["plan"]
    other = _again(ledger, index, inputs={"plan": text.replace('"seed":4', '"seed":5')})
    with pytest.raises(VerificationError) as caught:
        replay(ledger, other)
    assert caught.value.code == "plan.differs"
    cost = f'"cost":{plan.cost},'
    cheaper = _again(ledger, index, inputs={"plan": text.replace(cost, f'"cost":{plan.cost - 1},')})
    with pytest.raises(VerificationError) as caught:
        replay(ledger, cheaper)
    assert caught.value.code == "plan.infeasible"
    with pytest.raises(VerificationError):
        replay(ledger, _again(ledger, index, outcome="planned-in-part"))


@pytest.mark.parametrize("rule", ["newsvendor", "policy"])
@pytest.mark.parametrize("paths", [5, 1200])
def test_stock_on_record_comes_out_the_same_again(ledger: Ledger, rule: Rule, paths: int) -> None:
    """What was chosen, its figures and its reasons are computed again; a changed one is told."""
    demand = np.random.default_rng(1).poisson(9.0, (paths, 14)) * 1.0
    costs = Costs(short=300, waste=100, hold=1)
    stock = stock_of(demand, costs, shelf_life_days=3, name="milk", on_hand=(OnHand(3, 1),))
    index = record_stock(ledger, stock, rule, seed=3)
    said = ledger.get(index).content
    assert (said["outcome"], said["inputs"]["quantity"] > 0) == ("order", True)
    assert said["note"].startswith(f"Order {said['inputs']['quantity']} of milk now.")
    parts = {name: float(part) for name, part in said["explanation"]["contributions"].items()}
    assert sum(parts.values()) == pytest.approx(float(said["score"]))
    replay(ledger, index)
    assert bool(said.get("based_on")) == (paths == 1200)  # too large for its entry
    if paths == 1200:
        return
    dearest = max(parts, key=lambda name: parts[name])
    lies: list[dict[str, Any]] = [
        {"outcome": "wait"},
        {"inputs": {"quantity": said["inputs"]["quantity"] + 1}},
        {"score": float(said["score"]) + 1},
        {"contributions": {**parts, dearest: parts[dearest] - 1}},
    ]
    for lie in lies:
        with pytest.raises(VerificationError) as caught:
            replay(ledger, _again(ledger, index, **lie))
        assert caught.value.code == "plan.differs"


def test_what_is_no_plan_is_refused(ledger: Ledger) -> None:
    """An entry that is no plan is not computed again."""
    done = ledger.record({"purpose": "supply.route"})
    for index in (0, done.index):
        with pytest.raises(InputError) as caught:
            replay(ledger, index)
        assert caught.value.code == "plan.no-decision"

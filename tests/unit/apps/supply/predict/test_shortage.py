"""Tests of shortages: by hand, by simulation, on record, and closed by what was sold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from counterfoil.apps.supply.foreseen import outcomes_of
from counterfoil.apps.supply.predict.demand.distribution import PATHS, Demand, Dependence, Marks
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.kept import (
    KeptDemand,
    format_model,
    parse_model,
    recorded_model,
)
from counterfoil.apps.supply.predict.demand.model import train
from counterfoil.apps.supply.predict.demand.outcomes import demand_drift, drift_over, record_sales
from counterfoil.apps.supply.predict.demand.recording import (
    foresee_shortage,
    record_demand_model,
    record_shortage,
    replay_shortage,
)
from counterfoil.apps.supply.predict.demand.shortage import shortage
from counterfoil.apps.supply.predict.demand.table import Mapped
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from tests.demand_sales import simulated
from tests.ledgers import copy_ledger

DAYS = 220


def known(mean: float, variance: float, days: int = 10) -> Demand:
    """A demand that is known: gammas, rounded, each day by itself."""
    grid = np.linspace(-3, 3, 7)
    marks = Marks(grid, grid[None], np.zeros(days, dtype=np.int64))
    shape = np.full((1, days), 1.0)
    return Demand(
        ("soup",), 20_000, mean * shape, variance * shape, marks, Dependence(0, 0, 0.5), True
    )


@pytest.fixture(scope="module")
def sold() -> History:
    return simulated(2, DAYS + 30)


@pytest.fixture(scope="module")
def data(sold: History) -> bytes:
    return format_model(train(sold.until(DAYS), 14), Mapped())


@pytest.fixture(scope="module")
def kept(data: bytes) -> KeptDemand:
    return parse_model(data)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def test_demand_that_is_certain_is_counted_out() -> None:
    """Ten a day from 34 runs out on the fourth day; 26 more keep six days."""
    demand = known(10, 1e-6)
    found = shortage(34, {}, demand, 6)
    assert (found.probability, found.day, found.expected_missing) == (1.0, 4, 26.0)
    assert found.by_day == (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
    assert found.units_to_order == 26
    assert shortage(60, {}, demand, 6).units_to_order == 0
    assert shortage(34, {4: 26}, demand, 6).probability == 0


def test_what_arrives_too_late_does_not_help_the_days_before() -> None:
    """An order covers what is missing after it arrives, not what nobody could sell before."""
    demand = known(10, 1e-6)
    found = shortage(0, {}, demand, 3, lead_days=2)
    assert (found.expected_missing, found.units_to_order) == (50.0, 30.0)
    assert shortage(0, {2: 50}, demand, 4).day == 1
    assert shortage(34, {9: 100}, demand, 6).probability == 1


def test_the_order_keeps_its_promise(sold: History, kept: KeptDemand) -> None:
    """With the units that are proposed, stock runs out after their arrival as often as allowed."""
    demand = kept.model.distribution(sold.until(DAYS))
    for service in (0.8, 0.95):
        found = shortage(90, {}, demand, 7, series="item 1", lead_days=3, service=service)
        assert found.units_to_order > 0
        paths = demand.samples("item 1", PATHS, 0)[:, :10]
        left = np.full(PATHS, 90.0)
        short = np.zeros(PATHS, bool)
        for day in range(10):
            left = left + (found.units_to_order if day == 3 else 0)
            short |= (paths[:, day] > left) & (day >= 3)
            left = np.maximum(left - paths[:, day], 0)
        assert 1 - service - 0.03 < short.mean() <= 1 - service


@pytest.mark.parametrize(
    ("stock", "more", "code"),
    [
        (-1, {}, "shortage.stock"),
        (float("nan"), {}, "shortage.stock"),
        (1, {"service": 1.0}, "shortage.stock"),
        (1, {"incoming": {1: -5}}, "shortage.stock"),
        (1, {"incoming": {0: 5}}, "shortage.days"),
        (1, {"review_days": 0}, "shortage.days"),
        (1, {"review_days": 9, "lead_days": 2}, "shortage.days"),
    ],
    ids=["negative", "nan", "certain", "arrival", "day 0", "no review", "too far"],
)
def test_questions_without_an_answer_are_refused(
    stock: float, more: dict[str, Any], code: str
) -> None:
    """Stock below 0, and days beyond the forecast, are told."""
    asked = {"incoming": {}, "review_days": 5, **more}
    with pytest.raises(InputError) as caught:
        shortage(stock, asked.pop("incoming"), known(3, 3), asked.pop("review_days"), **asked)
    assert caught.value.code == code


def test_a_decision_says_why_and_comes_out_again(
    ledger: Ledger, sold: History, data: bytes, kept: KeptDemand
) -> None:
    """Parts add up to the chance; the ledger alone, with sales since, computes it again."""
    model = record_demand_model(ledger, data, accountable="Ada")
    assert record_demand_model(ledger, data).index == model.index
    done = record_shortage(
        ledger,
        kept,
        sold.until(DAYS + 9),
        "item 2",
        stock_on_hand=170,
        review_days=7,
        lead_days=1,
        incoming={5: 30},
    )
    found = done.shortage
    assert done.base + sum(done.contributions.values()) == pytest.approx(found.probability)
    assert done.contributions["arrivals"] < 0
    said = ledger.get(done.index).content
    assert said["outcome"] == done.outcome == "shortage"
    assert float(said["score"]) == pytest.approx(found.probability)
    assert said["purpose"] == "supply.demand"
    assert "runs out within 8 days" in said["note"]
    assert len(said["inputs"]["sold"]) == 9
    assert replay_shortage(ledger, done.index) == found
    again = ledger.decisions.replay(done.index, actor="auditor")
    assert (again.verdict, again.why) == ("impossible", "not-scorable")
    same = foresee_shortage(
        recorded_model(ledger, model.index),
        sold.until(DAYS + 9),
        "item 2",
        stock_on_hand=170,
        review_days=7,
        lead_days=1,
        incoming={5: 30},
    )
    assert (same.outcome, same.shortage, same.note) == (done.outcome, found, done.note)


def test_a_decision_that_says_otherwise_is_found(
    ledger: Ledger, sold: History, data: bytes, kept: KeptDemand
) -> None:
    """A score, a part or an input that was put in by hand does not come out again."""
    record_demand_model(ledger, data)
    done = record_shortage(
        ledger, kept, sold.until(DAYS), "item 1", stock_on_hand=120, review_days=7
    )
    said = ledger.get(done.index).content
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(said))
    fields = {name: plain[name] for name in ("model", "purpose", "note", "input_schema")}
    forged: list[dict[str, Any]] = [
        {"score": "0.123456"},
        {"outcome": "enough" if done.outcome == "shortage" else "shortage"},
        {"inputs": {**plain["inputs"], "stock_units": "150"}},
        {"inputs": {**plain["inputs"], "high_units": "1"}},
    ]
    for change in forged:
        whole = {name: plain[name] for name in ("score", "outcome", "inputs", "explanation")}
        index = ledger.record_statement("decision", {**fields, **whole, **change}).index
        with pytest.raises(VerificationError) as caught:
            replay_shortage(ledger, index)
        assert caught.value.code == "demand.differs"


def test_sales_close_a_decision(
    ledger: Ledger, sold: History, data: bytes, kept: KeptDemand
) -> None:
    """What was sold is held against what was foreseen, and counts once it is known."""
    record_demand_model(ledger, data)
    assert demand_drift(ledger).closed == 0
    done = record_shortage(
        ledger, kept, sold.until(DAYS), "item 1", stock_on_hand=150, review_days=7
    )
    came = sold.values[0, DAYS : DAYS + 7]
    at = record_sales(ledger, done.index, came.tolist(), known_ms=1000)
    found = next(outcomes_of(ledger, "supply.demand"))
    assert (found.index, found.decision, found.measured["days"]) == (at, done.index, 7)
    assert found.measured["sold_units"] == came.sum()
    assert 0.01 < found.measured["level"] < 0.99
    drift = demand_drift(ledger)
    assert (drift.closed, drift.level) == (1, found.measured["level"])
    assert demand_drift(ledger, until_ms=999).closed == 0
    record_sales(ledger, done.index, (came * 3).tolist(), known_ms=2000, note="counted again")
    assert demand_drift(ledger).level == 1.0


def test_drift_is_seen_when_demand_moves_and_not_before() -> None:
    """Places that are spread evenly are no drift; when all lie high, it is told since when."""
    chance = np.random.default_rng(1)
    even = [(at, float(level)) for at, level in enumerate(chance.random(80))]
    calm = drift_over(even)
    assert calm.moved_ms is None
    assert calm.held == pytest.approx(0.9, abs=0.1)
    moved = drift_over([*even, *((80 + at, 0.97) for at in range(60))])
    assert moved.moved_ms is not None
    assert moved.moved_ms >= 80


def test_where_stock_ran_out_sales_are_not_demand(
    ledger: Ledger, sold: History, data: bytes, kept: KeptDemand
) -> None:
    """What was sold out of an empty shelf says that it ran out, and does not count as a level."""
    record_demand_model(ledger, data)
    done = record_shortage(ledger, kept, sold.until(DAYS), "item 1", stock_on_hand=3, review_days=7)
    assert done.outcome == "shortage"
    record_sales(ledger, done.index, [3, 0, 0, 0, 0, 0, 0], known_ms=1, ran_out=True)
    assert demand_drift(ledger).closed == 0
    assert next(outcomes_of(ledger, "supply.demand")).measured["ran_out"] == 1


def test_what_does_not_belong_together_is_refused(
    ledger: Ledger, sold: History, data: bytes, kept: KeptDemand
) -> None:
    """A model off the record, a series it does not know, sales of other days, another entry."""
    ask = {"stock_on_hand": 10.0, "review_days": 7}
    with pytest.raises(NotFound) as gone:
        record_shortage(ledger, kept, sold.until(DAYS), "item 1", **ask)  # type: ignore[arg-type]
    assert gone.value.code == "model.unknown"
    record_demand_model(ledger, data)
    with pytest.raises(NotFound) as gone:
        record_shortage(ledger, kept, sold, "item 9", **ask)  # type: ignore[arg-type]
    assert gone.value.code == "demand.series"
    done = record_shortage(ledger, kept, sold.until(DAYS), "item 1", **ask)  # type: ignore[arg-type]
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: record_sales(ledger, done.index, [1, 2], known_ms=1), "demand.sold"),
        (lambda: record_sales(ledger, 0, [1] * 7, known_ms=1), "demand.no-decision"),
        (lambda: replay_shortage(ledger, 0), "demand.no-decision"),
    ]
    for act, code in wrong:
        with pytest.raises(InputError) as caught:
            act()
        assert caught.value.code == code

"""Forecasts of delay know nothing of what comes later, and go on learning from what came."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np
import pytest

from counterfoil.apps.supply.learning import learning
from counterfoil.apps.supply.predict.delay.days import days_of, quantiles_of
from counterfoil.apps.supply.predict.delay.drift import Drift
from counterfoil.apps.supply.predict.delay.features import USUAL, Fold
from counterfoil.apps.supply.predict.delay.forecasting import Scorer, Trained, train
from counterfoil.apps.supply.predict.delay.judging import area_of, compare, figures_of
from counterfoil.apps.supply.predict.delay.kept import load_kept, save_kept
from counterfoil.apps.supply.predict.delay.memory import Memory, Sample
from counterfoil.apps.supply.predict.delay.orders import Order, moment_of, order_of
from counterfoil.apps.supply.predict.delay.simulated import LAYOUT, deliveries, write_deliveries
from counterfoil.apps.supply.predict.delay.training import calibrate, fold_orders
from counterfoil.apps.supply.predict.delay.trees import boost, join, steps
from counterfoil.testing.apps import check_learning
from tests.log_rig import raises_code

LEARNED = 600  # lines
ROWS = deliveries(440)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Learn from the first part of a made-up history."""
    path = tmp_path_factory.mktemp("delay") / "deliveries.csv"
    write_deliveries(path, ROWS[:LEARNED])
    return train(path, LAYOUT)


def orders(rows: Sequence[dict[str, str]]) -> list[Order]:
    """Read rows as orders."""
    return [order_of(row, LAYOUT) for row in rows]


def with_another_future(all_: Sequence[Order], day: int, seed: int = 0) -> list[Order]:
    """Change each outcome that is not known before a day to one that is as much so."""
    chance = random.Random(seed)
    return [
        one
        if one.known is not None and one.known < day
        else msgspec.structs.replace(
            one, delivered=max(day, one.scheduled) + chance.randrange(200), recorded=None
        )
        for one in all_
    ]


def scored(trained: Trained, later: Sequence[Order]) -> dict[str, bytes]:
    """Score orders by a scorer of their own; give each forecast as bytes."""
    scorer = Scorer(trained.kept)
    return {
        one.id: msgspec.json.encode([one.probability, one.low_days, one.high_days, one.inputs])
        for one in scorer.score_orders(later, explain=False)
    }


def test_features_are_the_same_to_the_bit_whatever_the_future_is() -> None:
    """What is known at a moment does not move when any outcome from then on is another one."""
    all_ = orders(ROWS)
    before = fold_orders(Fold(LAYOUT), all_, LAYOUT)
    moments = [moment_of(one, LAYOUT) for one in before.orders]
    for share in (0.3, 0.6, 0.9):
        day = moments[int(len(moments) * share)]
        after = fold_orders(Fold(LAYOUT), with_another_future(all_, day), LAYOUT)
        assert [one.id for one in after.orders] == [one.id for one in before.orders]
        early = np.array([one <= day for one in moments])
        assert before.values[early].tobytes() == after.values[early].tobytes()
        assert before.values[~early].tobytes() != after.values[~early].tobytes()


def test_scores_are_the_same_to_the_bit_whatever_the_future_is(trained: Trained) -> None:
    """A forecast does not move when outcomes that are known later, or later orders, change."""
    later = orders(ROWS[LEARNED:])
    found = scored(trained, later)
    day = sorted(moment_of(one, LAYOUT) for one in later)[len(later) // 2]
    early = [one.id for one in later if moment_of(one, LAYOUT) <= day]
    changed = scored(trained, with_another_future(later, day))
    assert [found[one] for one in early] == [changed[one] for one in early]
    assert found != changed
    fewer = scored(trained, [one for one in later if moment_of(one, LAYOUT) <= day])
    assert fewer == {one: found[one] for one in early}


def test_an_order_does_not_see_its_own_outcome_even_where_it_came_before_the_moment() -> None:
    """Goods that are there before the forecast tell it nothing of themselves."""
    one = order_of({**ROWS[0], "Ordered": "", "Arrived": "2023-06-01"}, LAYOUT)
    late = msgspec.structs.replace(one, delivered=one.scheduled + 90)
    rows = [fold_orders(Fold(LAYOUT), [each], LAYOUT).values.tobytes() for each in (one, late)]
    assert rows[0] == rows[1]


def test_an_order_that_is_overdue_counts_before_anybody_knows_when_it_comes() -> None:
    """Nothing but the schedule has to pass for an order to be overdue."""
    first = [msgspec.structs.replace(one, delivered=None) for one in orders(ROWS[:40])]
    fold = Fold(LAYOUT)
    fold_orders(fold, first, LAYOUT)
    at = fold.features.index("overdue orders of this Vendor")
    vendors = {one.categories[0] for one in first}
    ask = msgspec.structs.replace(
        first[0], id="new", scheduled=first[0].scheduled + 400, placed=first[0].scheduled + 300
    )
    memory = fold.memory
    memory.advance(ask.placed or 0)
    assert sum(one.overdue for one in memory.open.values()) == len(first)
    assert memory.overdue["all"] == len(first)
    assert len(vendors) > 1
    assert abs(fold.see([ask])[0][at]) < 1  # a share beside the usual one, which is high, too
    for one in first:
        memory.tell(one.id, 3, memory.day)
    memory.advance(memory.day + 1)
    assert memory.overdue["all"] == 0
    assert memory.placed["all"] == 1
    assert not memory.tell("unknown", 3, memory.day)


def test_the_usual_rate_follows_the_time() -> None:
    """After weeks in which all is late the usual rate is high, and it is low again later."""
    fold = Fold(LAYOUT)
    base = orders(ROWS[:1])[0]
    usual = []
    for at in range(300):
        late = 100 <= at < 160
        day = base.scheduled + at
        one = msgspec.structs.replace(
            base, id=str(at), scheduled=day, placed=day - 1, delivered=day + late
        )
        usual.append(fold_orders(fold, [one], LAYOUT).usual[0])
    assert usual[99] < -3 < 0 < usual[159]
    assert usual[299] < -1


def test_the_model_knows_more_than_the_usual_rate(trained: Trained) -> None:
    """On later orders it ranks late ones before others, far better than by chance."""
    later = orders(ROWS[LEARNED:])
    found = {one.id: one.probability for one in Scorer(trained.kept).score_orders(later)}
    labels = np.array([float((one.late_days or 0) > 0) for one in later])
    scores = np.array([found[one.id] for one in later])
    assert area_of(labels, scores) > 0.6
    assert trained.manifest.figures["auc"] > 0.55


def test_reasons_add_up_to_the_score(trained: Trained) -> None:
    """Base and contributions of an explanation are the score's log-odds, exactly."""
    scorer = Scorer(trained.kept)
    one = scorer.score(ROWS[LEARNED])
    assert one.explained is not None
    total = one.explained.base + sum(one.explained.contributions.values())
    assert 1 / (1 + np.exp(-total)) == pytest.approx(one.probability, abs=1e-12)
    assert set(one.reasons) <= set(one.explained.contributions)
    assert one.low_days <= one.high_days
    assert one.at_risk == (one.probability >= trained.manifest.threshold)


def test_a_text_that_the_model_never_saw_is_missing_to_it(trained: Trained) -> None:
    """A new vendor gets a forecast, as one of whom nothing is known."""
    one = Scorer(trained.kept).score({**ROWS[LEARNED], "Vendor": "somebody new"})
    assert one.inputs["column Vendor"] is None
    assert 0 < one.probability < 1


def test_a_folder_is_loaded_as_it_was_saved_or_refused(trained: Trained, tmp_path: Path) -> None:
    """A model's folder gives the same forecasts; one whose files were changed gives none."""
    folder = tmp_path / "model"
    save_kept(folder, trained.manifest, trained.text, trained.memory)
    save_kept(folder, trained.manifest, trained.text, trained.memory)
    kept = load_kept(folder)
    assert kept.digest == trained.kept.digest
    row = ROWS[LEARNED]
    assert Scorer(kept).score(row).inputs == Scorer(trained.kept).score(row).inputs
    text = (folder / "model.txt").read_bytes()
    (folder / "model.txt").write_bytes(text.replace(b"leaf_value=", b"leaf_value= ", 1))
    with raises_code("delay.model-changed"):
        load_kept(folder)
    junk = tmp_path / "junk"
    save_kept(junk, trained.manifest, trained.text, b"junk")
    with raises_code("delay.model"):
        Scorer(load_kept(junk))
    (folder / "memory.bin").unlink()
    with raises_code("delay.model-missing"):
        load_kept(folder)
    (folder / "memory.bin").write_bytes(b"")
    (folder / "delay.json").write_text("{}")
    with raises_code("delay.model"):
        load_kept(folder)
    other = tmp_path / "other"
    other.mkdir()
    with raises_code("delay.out"):
        save_kept(other, trained.manifest, trained.text, trained.memory)


def test_learning_twice_gives_the_same_model(trained: Trained, tmp_path: Path) -> None:
    """The same file gives the same bytes."""
    path = tmp_path / "again.csv"
    write_deliveries(path, ROWS[:LEARNED])
    again = train(path, LAYOUT)
    assert (again.text, again.memory) == (trained.text, trained.memory)


def test_too_few_late_deliveries_and_a_bad_threshold_are_refused(tmp_path: Path) -> None:
    """Nothing is learned from nothing."""
    path = tmp_path / "few.csv"
    write_deliveries(path, ROWS[:20])
    with raises_code("delay.labels"):
        train(path, LAYOUT)
    for threshold in (0.0, 1.0, float("nan")):
        with raises_code("delay.threshold"):
            train(path, LAYOUT, threshold=threshold)


def test_joined_trees_say_the_scaled_sum_of_their_boosters() -> None:
    """One text scores as its boosters do, texts of a column and missing values included."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(500, 4))
    values[:, 3] = rng.integers(0, 5, 500)
    values[rng.random((500, 4)) < 0.1] = np.nan
    values[:, 0] = rng.normal(-2, 1, 500)
    labels = (rng.random(500) < 1 / (1 + np.exp(-values[:, 0] - (values[:, 3] == 2)))) * 1.0
    weights = np.ones(500)
    boosters = [
        boost(values, labels, values[:, 0], weights, (1, 2, 3), (3,), one) for one in (0, 1)
    ]
    base = steps(values, 0, 0.9, 0.25)
    text = join([*boosters, base], [0.3, 0.4, 1.0], [20, 20, 1], {3: list("abcde")})
    found = lightgbm.Booster(model_str=text).predict(values, raw_score=True)
    parts = [one.predict(values, raw_score=True, num_iteration=20) for one in boosters]
    wanted = 0.3 * parts[0] + 0.4 * parts[1] + base.predict(values)
    assert found == pytest.approx(wanted, abs=1e-12)
    assert np.abs(base.predict(values) - (0.25 + 0.9 * values[:, 0])).max() < 0.03


def test_calibration_finds_the_slopes_of_many_rows_and_hardly_moves_for_few() -> None:
    """With many rows it is what made them; with five it stays near where it began."""
    rng = np.random.default_rng(2)
    trees, usual = rng.normal(size=20_000), rng.normal(-2, 1, 20_000)
    share = 1 / (1 + np.exp(-(0.5 * trees + 0.8 * usual - 0.3)))
    told = (rng.random(20_000) < share).astype(np.float64)
    found = calibrate(trees, usual, told)
    assert (found.trees, found.usual, found.shift) == pytest.approx((0.5, 0.8, -0.3), abs=0.08)
    few = calibrate(trees[:5], usual[:5], told[:5])
    assert (few.trees, few.usual) == pytest.approx((1.0, 1.0), abs=0.25)


def test_days_are_those_of_deliveries_alike() -> None:
    """The band follows the probability, and the days of the vendor more than those of others."""
    memory = Memory(day=1000)
    memory.late = [Sample(990, days, ("a",)) for days in (2, 3, 4)]
    memory.late += [Sample(990, days, ("b",)) for days in (20, 30, 40)]
    memory.kept = [Sample(990, days, ("a",)) for days in (-2, -1, 0)]
    low, expected, high = days_of(memory, ("b",), 1.0)
    assert (low, high) == (2.0, 40.0)
    assert expected == pytest.approx(21.0)
    assert days_of(memory, ("a",), 1.0)[1] < expected
    assert days_of(memory, ("a",), 0.0) == (-2.0, -1.0, 0.0)
    assert days_of(Memory(), ("a",), 0.5) == (0.0, 0.0, 0.0)
    assert quantiles_of([3, 1, 2], [1.0, 1.0, 2.0], (0.0, 0.25, 0.5, 1.0)) == [1, 1, 2, 3]


def test_figures_are_those_of_the_field() -> None:
    """A perfect ranking has area and precision 1, chance has one half and the share."""
    perfect = figures_of([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert (perfect["auc"], perfect["average_precision"]) == (1.0, 1.0)
    assert perfect["brier"] == pytest.approx((0.01 + 0.04 + 0.04 + 0.01) / 4)
    chance = figures_of([0, 1, 0, 1], [0.5] * 4)
    assert (chance["auc"], chance["average_precision"]) == (0.5, 0.5)
    assert figures_of([0, 0], [0.1, 0.2]) == {}


def test_ours_is_compared_on_the_same_splits(trained: Trained) -> None:
    """Each model has figures on each split, and the gain is between their intervals' ends."""
    assert trained.manifest.rows == LEARNED
    found = compare(orders(ROWS[:LEARNED]), LAYOUT, shares=(0.7, 1.0))
    (split,) = found.splits
    assert set(split.models) == {"ours", "plain gradient boosting", "vendor's rate"}
    assert split.learned + split.judged <= LEARNED
    gain = found.gains["auc"]
    assert gain.low <= gain.value <= gain.high
    mine, plain = (split.models[one]["auc"] for one in ("ours", "plain gradient boosting"))
    assert gain.value == pytest.approx(mine - plain)


def test_the_model_meets_a_stream_without_knowing_what_comes() -> None:
    """Outcomes from a place on change no score up to it, and teach afterwards."""
    given = learning()
    assert check_learning(given) == len(given.examples)


def test_a_forecast_is_of_the_latest_moment_where_its_own_is_past(trained: Trained) -> None:
    """Somebody who asks late gets what is known now."""
    scorer = Scorer(trained.kept)
    now = date.fromordinal(scorer.memory.day)
    row: dict[str, Any] = {**ROWS[LEARNED], "Ordered": (now - timedelta(days=99)).isoformat()}
    assert scorer.score(row).moment == now.isoformat()
    assert Fold(LAYOUT).features.index(USUAL) == 0


def test_forecasts_rise_and_fall_with_what_came_of_the_last_ones(trained: Trained) -> None:
    """Where more is late than was foreseen, later forecasts are higher, and fade back in time."""
    drift = Drift()
    assert drift.correction(0) == 0.0
    for day in range(100, 140):
        drift.add(day, 0.2, late=True)
    high = drift.correction(140)
    assert high > 0.5
    assert 0 < drift.correction(340) < high / 5
    for day in range(340, 400):
        drift.add(day, 0.4, late=False)
    assert drift.correction(400) < 0
    moved = trained.manifest.calibration.usual_for(0.3)
    scorer, other = Scorer(trained.kept), Scorer(trained.kept)
    day = scorer.memory.day
    for _ in range(40):
        other.memory.drift.add(day, 0.1, late=True)
    correction = other.memory.drift.correction(day)
    low, raised = scorer.score(ROWS[LEARNED]), other.score(ROWS[LEARNED])
    change = raised.inputs[USUAL] - low.inputs[USUAL]
    assert change == pytest.approx(moved * correction / 0.3, rel=0.3)
    assert raised.probability > low.probability


def test_a_layout_may_have_neither_categories_nor_dates_of_placing(tmp_path: Path) -> None:
    """With the schedule and the delivery alone there is a model, and it is judged."""
    bare = msgspec.structs.replace(LAYOUT, categories=(), placed=None, value=None, quantity=None)
    path = tmp_path / "deliveries.csv"
    write_deliveries(path, ROWS[:300])
    made = train(path, bare)
    assert 0 < Scorer(made.kept).score(ROWS[LEARNED]).probability < 1
    read = [order_of(row, bare) for row in ROWS[:300]]
    assert len(compare(read, bare, shares=(0.8, 1.0)).splits) == 1
    with raises_code("delay.labels"):
        compare([msgspec.structs.replace(one, delivered=None) for one in read], bare)

"""A back-test sees nothing of the future, pays what it trades, and finds no edge where none is."""

from __future__ import annotations

import numpy as np
import pytest

from counterfoil.apps.quant.backtest import backtest, steps
from counterfoil.apps.quant.baselines import guess
from counterfoil.apps.quant.model import examples_of, features_at, fit, forecast, score
from counterfoil.apps.quant.prices import Prices
from counterfoil.apps.quant.story import simulated
from counterfoil.errors import InputError
from tests.log_rig import raises_code

PRICES = simulated(1500, seed=3)
EVERY = 10


def with_other_future(prices: Prices, row: int) -> Prices:
    """Shuffle all moves from a row on, and scale them; what was before stays."""
    random = np.random.default_rng(11)
    moves = np.diff(np.log(prices.values[row - 1 :]), axis=0)
    moves = 3 * moves[random.permutation(len(moves))]
    future = prices.values[row - 1] * np.exp(np.cumsum(moves, axis=0))
    return Prices(prices.days, prices.names, np.vstack([prices.values[:row], future]))


@pytest.mark.parametrize("share", [0.55, 0.8])
def test_another_future_changes_nothing_before(share: float) -> None:
    """Signals and books of each step up to a day are the same whatever comes from that day on."""
    honest = steps(PRICES, EVERY)
    at = honest[int(len(honest) * share)].row
    changed = steps(with_other_future(PRICES, at), EVERY)
    for one, other in zip(honest, changed, strict=True):
        if one.row > at:
            break
        for name, signal in one.signals.items():
            np.testing.assert_array_equal(signal, other.signals[name])
            np.testing.assert_array_equal(one.books[name], other.books[name])
    late = [(a, b) for a, b in zip(honest, changed, strict=True) if a.row > at + 2 * EVERY]
    assert any((a.signals["model"] != b.signals["model"]).any() for a, b in late)  # the control


def test_the_baselines_see_nothing_of_the_future() -> None:
    """What anybody would have forecast before a day does not change with what came after."""
    day = PRICES.days[900]
    names = PRICES.names[:4]
    one = guess(PRICES, names, day, PRICES.days[920])
    other = guess(with_other_future(PRICES, 900), names, day, PRICES.days[920])
    np.testing.assert_array_equal(one.up, other.up)
    np.testing.assert_array_equal(one.momentum, other.momentum)
    np.testing.assert_array_equal(one.quantiles, other.quantiles)
    assert one.long == other.long


def test_costs_are_paid_for_what_is_traded() -> None:
    """Dearer trading leaves less, most of all to who trades most."""
    free, dear = (backtest(PRICES, every=EVERY, cost_bps=cost) for cost in (0, 50))
    lost = {
        one.strategy: one.growth_a_year - other.growth_a_year
        for one, other in zip(free.strategies, dear.strategies, strict=True)
    }
    assert all(value > 0 for value in lost.values())
    assert lost["reversal"] > lost["momentum"] > lost["equal weight"]


def test_no_edge_is_found_where_none_is() -> None:
    """On prices without any pattern no strategy is called ahead of equal weight."""
    found = backtest(PRICES, every=EVERY)
    assert not any("ahead" in line for line in found.says)
    for one in found.strategies:
        if one.information_coefficient is not None:
            low, high = one.information_coefficient.low, one.information_coefficient.high
            assert low is not None
            assert high is not None
            assert low < 0 < high or one.strategy == "reversal"


def test_a_planted_pattern_is_found() -> None:
    """The control: where last month's return comes back, the model learns it and says ahead."""
    random = np.random.default_rng(2)
    days, names = 1800, 12
    values = np.empty((days, names))
    drift = np.zeros(names)
    level = np.zeros(names)
    for at in range(days):
        if at % 21 == 0:
            drift = 0.9 * drift + random.normal(0, 0.0025, names)
        level = level + drift + random.normal(0, 0.008, names)
        values[at] = 50 * np.exp(level)
    base = simulated(days)
    prices = Prices(base.days, tuple(f"T{at}" for at in range(names)), values)
    found = backtest(prices, every=21)
    model = next(one for one in found.strategies if one.strategy == "model")
    assert model.information_coefficient is not None
    assert (model.information_coefficient.low or 0) > 0
    assert any(line.startswith("model: ahead") for line in found.says)


def test_the_same_prices_give_the_same_trees() -> None:
    """Training again gives the same model, byte for byte, and the same scores."""
    examples = list(examples_of(PRICES, EVERY))
    one, other = (fit(examples).model_to_string() for _ in range(2))
    assert one == other
    assert list(score(examples[:300])) == [0.0] * 300  # nothing is known yet


def test_forecasts_are_ordered_and_bounded() -> None:
    """Probabilities lie within 0 and 1, and quantiles around the expected return."""
    made = forecast(PRICES, PRICES.days[1000], 30, lambda rows: [0.01] * len(rows))
    assert [one.target for one in made] == list(PRICES.names)
    for one in made:
        assert float(one.low or 0) < float(one.expected) < float(one.high or 0)
        assert 0.5 < float(one.up or 0) < 1
    chosen = forecast(PRICES, PRICES.days[1000], 30, lambda rows: [0.0] * len(rows), ["OAK"])
    assert [one.target for one in chosen] == ["OAK"]


def test_what_is_too_short() -> None:
    """Too little to learn from, or to look back on, is said."""
    assert np.isnan(features_at(PRICES.values[:200])).all()
    with raises_code("quant.short", InputError):
        backtest(PRICES.upto(400))
    with raises_code("quant.short", InputError):
        fit([])
    with raises_code("quant.short", InputError):
        forecast(PRICES, PRICES.days[100], 30, lambda rows: [0.0] * len(rows))


def test_things_that_are_listed_late() -> None:
    """A thing without prices for a year has no features and no part in a book, until it has."""
    values = PRICES.values.copy()
    values[:900, 0] = np.nan
    late = Prices(PRICES.days, PRICES.names, values)
    for step in steps(late, EVERY):
        assert (PRICES.names[0] in step.targets) == (step.row - 252 > 900)

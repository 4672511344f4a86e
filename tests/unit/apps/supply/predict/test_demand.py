"""Tests of demand forecasts: what they know, that they are right, and that they come out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from counterfoil.apps.supply.predict.demand.distribution import Demand
from counterfoil.apps.supply.predict.demand.features import Panel
from counterfoil.apps.supply.predict.demand.history import History, history_of
from counterfoil.apps.supply.predict.demand.kept import format_model, parse_model
from counterfoil.apps.supply.predict.demand.model import DemandModel, demand_distribution, train
from counterfoil.apps.supply.predict.demand.table import Mapped
from counterfoil.apps.supply.predict.demand.week import last_week
from counterfoil.errors import InputError, NotFound
from tests.demand_sales import FIRST_DAY, means, simulated

HORIZON = 14
DAYS = 420


@pytest.fixture(scope="module")
def sold() -> History:
    return simulated(3, DAYS + HORIZON)


@pytest.fixture(scope="module")
def model(sold: History) -> DemandModel:
    return train(sold.until(DAYS), HORIZON)


@pytest.fixture(scope="module")
def demand(model: DemandModel, sold: History) -> Demand:
    return model.distribution(sold.until(DAYS))


def test_the_mean_is_found_for_every_weekday_and_series(demand: Demand) -> None:
    """Series of several sizes are forecast within a tenth of the truth, day by day."""
    truth = means(3, DAYS + HORIZON)[:, DAYS:]
    assert np.abs(demand.mean / truth - 1).mean() < 0.1
    assert np.abs(demand.mean / truth - 1).max() < 0.35


def test_bands_hold_what_they_promise_and_no_more(demand: Demand) -> None:
    """Of the truth's own draws a band of 80 % holds about 80 %, and one of 90 % about 90 %."""
    chance = np.random.default_rng(7)
    truth = means(3, DAYS + HORIZON)[:, DAYS:]
    draws = chance.poisson(truth, (400, *truth.shape))
    for share in (0.8, 0.9):
        low, high = demand.quantiles((1 - share) / 2), demand.quantiles((1 + share) / 2)
        assert share - 0.05 < ((draws >= low) & (draws <= high)).mean() < share + 0.08


def test_quantiles_rise_and_are_whole_where_sales_are(demand: Demand) -> None:
    """A higher level is never a lower demand, and nobody sells half of an item."""
    levels = [demand.quantiles(p) for p in (0.001, 0.1, 0.5, 0.9, 0.98, 0.999)]
    assert all((low <= high).all() for low, high in pairwise(levels))
    assert all((one == np.round(one)).all() and (one >= 0).all() for one in levels)
    assert demand.quantile("item 2", 3, 0.9) == levels[3][1, 2]


def test_sums_over_a_lead_time_are_as_uncertain_as_independent_days(demand: Demand) -> None:
    """Where days have nothing in common, the sum's band is as wide as the truth's, nearly."""
    chance = np.random.default_rng(3)
    truth = chance.poisson(means(3, DAYS + HORIZON)[1, DAYS:], (4000, HORIZON)).sum(axis=1)
    wide = demand.total("item 2", HORIZON, 0.9) - demand.total("item 2", HORIZON, 0.1)
    ours = np.quantile(truth, 0.9) - np.quantile(truth, 0.1)
    assert 0.8 < wide / ours < 2.0
    assert demand.total("item 2", 1, 0.5) == pytest.approx(demand.quantile("item 2", 1, 0.5), abs=2)


def test_what_days_have_in_common_widens_sums() -> None:
    """Months that are good or bad as a whole make sums less certain than independent days would."""
    sold = simulated(4, 500, shock=0.35)
    found = train(sold, HORIZON)
    shared = found.distribution()
    assert shared.dependence.common + shared.dependence.fading > 0.15
    sums = shared.samples(3, 4000, 1).sum(axis=1)
    alone = shared.samples(3, 4000, 1)
    chance = np.random.default_rng(1)
    apart = np.stack([chance.permutation(day) for day in alone.T], axis=1).sum(axis=1)
    assert sums.std() > 1.3 * apart.std()


def test_the_same_sales_give_the_same_model_and_paths(model: DemandModel, sold: History) -> None:
    """Training again writes the same bytes; what was read back draws the same paths."""
    data = format_model(model, Mapped())
    assert format_model(train(sold.until(DAYS), HORIZON), Mapped()) == data
    kept = parse_model(data)
    assert format_model(kept.model, kept.mapped) == data
    ours, theirs = model.distribution(), kept.model.distribution()
    assert (ours.samples("item 1", 50, 4) == theirs.samples("item 1", 50, 4)).all()
    assert (ours.samples("item 1", 50, 4) != ours.samples("item 1", 50, 5)).any()


def test_a_forecast_does_not_know_what_came_after() -> None:
    """Sales from the origin on move no feature of a day to come, and not what it is told from.

    What all series sold together is given, as it is to a model that forecasts.
    """
    sold = simulated(3, 800, year=0.3)
    early = Panel(sold.values[:, :700], sold.first_day, sold.closed, sold.given)
    other = sold.values.copy()
    other[:, 700:] = 999.0
    rows, ahead = np.repeat(np.arange(3), 60), np.tile(np.arange(1, 21), 9)
    origins = np.tile(np.repeat([640, 680, 700], 20), 3)
    told = [
        Panel(values, sold.first_day, sold.closed, sold.given, early.index).features(
            rows, origins, ahead
        )
        for values in (sold.values, other)
    ]
    assert np.isfinite(told[0][0]).all(axis=0).sum() > 20
    assert np.array_equal(told[0][0], told[1][0], equal_nan=True)
    assert np.array_equal(told[0][1], told[1][1])


def test_growth_carries_over() -> None:
    """A level that doubles within a year is followed beyond anything that was ever sold."""
    sold = simulated(2, 400, growth=1.0)
    told = demand_distribution(sold.until(386), HORIZON)
    truth = means(2, 400, growth=1.0)[:, 386:]
    assert abs(told.mean.sum() / truth.sum() - 1) < 0.08


def test_closed_days_sell_nothing_and_say_nothing() -> None:
    """A Sunday that is always closed is forecast as 0; a holiday in between moves no level."""
    sold = simulated(1, 245)
    closed = np.arange(245 + 7) % 7 == 6
    closed[200:204] = True
    sales = np.where(closed[:245], 0, sold.values[0])
    told = demand_distribution(
        history_of({"bread": sales.tolist()}, FIRST_DAY, closed=closed.tolist()), 7
    )
    assert told.quantile("bread", 7, 0.99) == 0
    assert (told.samples("bread", 100)[:, 6] == 0).all()
    open_days = means(1, 252)[0, 245:251]
    assert np.abs(told.mean[0, :6] / open_days - 1).max() < 0.3
    assert (
        demand_distribution(
            history_of({"bread": sales.tolist()}, FIRST_DAY, closed=closed[:245].tolist()), 7
        ).mean[0, 6]
        == 0
    )


def test_what_is_given_ahead_counts() -> None:
    """Where rain halves sales and rain is given ahead, a wet day is told apart from a dry one."""
    chance = np.random.default_rng(5)
    rain = (chance.random(507) < 0.3).astype(float)
    rain[500:503], rain[503:] = 1.0, 0.0
    sales = chance.poisson(40 * np.where(rain[:500] > 0, 0.5, 1.0))
    history = history_of({"ice": sales.tolist()}, FIRST_DAY, covariates={"rain": rain.tolist()})
    told = demand_distribution(history, 7)
    assert told.mean[0, :3].mean() < 0.75 * told.mean[0, 3:].mean()
    other = demand_distribution(history, 7, covariates=1 - rain[500:, None])
    assert other.mean[0, :3].mean() > 1.3 * other.mean[0, 3:].mean()


def test_missing_days_are_not_zero() -> None:
    """A third of the days missing leaves the level where it was."""
    sold = simulated(1, 300)
    sales = [None if at % 3 == 1 else value for at, value in enumerate(sold.values[0])]
    told = demand_distribution(history_of({"tea": sales}, FIRST_DAY), 7)
    assert abs(told.mean.sum() / means(1, 307)[0, 300:].sum() - 1) < 0.15


def test_decimals_stay_decimals() -> None:
    """Sales by weight are forecast by weight."""
    sold = simulated(1, 200)
    told = demand_distribution(history_of({"fish": (sold.values[0] / 10).tolist()}, FIRST_DAY), 7)
    assert told.quantile("fish", 1, 0.9) % 1 != 0


def test_intermittent_sales_are_mostly_zero() -> None:
    """Where nine days in ten sell nothing, the median is nothing and a high level is something."""
    chance = np.random.default_rng(2)
    sales = chance.poisson(0.1, 300) * 3
    told = demand_distribution(history_of({"part": sales.tolist()}, FIRST_DAY), 7)
    assert told.quantile("part", 2, 0.5) == 0
    assert told.quantile("part", 2, 0.98) >= 1
    assert 0 < told.total("part", 7, 0.95) < 30


def test_what_was_not_forecast_is_refused(demand: Demand) -> None:
    """Another series, another day and a level of 1 have no answer."""
    asked: list[tuple[Callable[[], object], str]] = [
        (lambda: demand.quantile("item 9", 1, 0.5), "demand.series"),
        (lambda: demand.quantile(0, 0, 0.5), "demand.day"),
        (lambda: demand.quantile(0, HORIZON + 1, 0.5), "demand.day"),
        (lambda: demand.total(0, 0, 0.5), "demand.day"),
        (lambda: demand.quantile(0, 1, 1.0), "demand.level"),
        (lambda: demand.samples(0, 0), "demand.samples"),
    ]
    for act, code in asked:
        with pytest.raises((InputError, NotFound)) as caught:
            act()
        assert caught.value.code == code


def test_too_short_or_another_history_is_refused(model: DemandModel, sold: History) -> None:
    """A series that could not be tried is not forecast, nor one that the model does not know."""
    with pytest.raises(InputError) as caught:
        train(sold.until(48), HORIZON)
    assert caught.value.code == "demand.short"
    with pytest.raises(InputError) as caught:
        train(sold, 0)
    assert caught.value.code == "demand.horizon"
    with pytest.raises(InputError) as caught:
        model.distribution(replace(sold, names=("a", "b", "c")))
    assert caught.value.code == "demand.other"
    with pytest.raises(InputError) as caught:
        demand_distribution(sold.until(60), HORIZON, covariates=np.zeros((2, 2)))
    assert caught.value.code == "demand.covariates"


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"type": "counterfoil-demand/v1"}'])
def test_a_file_that_is_no_model_is_refused(data: bytes) -> None:
    """Whatever bytes come, the error says that they are no model."""
    with pytest.raises(InputError) as caught:
        parse_model(data)
    assert caught.value.code == "demand.model"


def test_a_model_whose_parts_do_not_fit_is_refused(model: DemandModel) -> None:
    """A file that was cut to other shapes, or whose trees are damaged, is not used."""
    data = format_model(model, Mapped())
    for old, new in (
        (b'"horizon_days":14', b'"horizon_days":13'),
        (b"num_leaves=", b"num_leaves=x"),
    ):
        assert old in data
        with pytest.raises(InputError) as caught:
            parse_model(data.replace(old, new))
        assert caught.value.code == "demand.model"


def test_one_wrong_day_moves_no_band() -> None:
    """A day of a thousand times the usual, in the books or in truth, leaves later bands alone."""
    sold = simulated(1, 260)
    sales = sold.values[0].copy()
    sales[180] *= 1000
    told, calm = (
        demand_distribution(history_of({"tea": one.tolist()}, FIRST_DAY), 7)
        for one in (sales, sold.values[0])
    )
    for p in (0.5, 0.95):
        assert np.abs(told.quantiles(p) - calm.quantiles(p)).max() <= 0.35 * calm.quantiles(p).max()


def test_last_week_counts_in_the_tails_alone() -> None:
    """A high week lifts the next one's high quantiles by a part of it, and leaves the median."""
    sold = simulated(1, 260)
    model = train(sold, 7)
    calm = model.distribution(sold)
    other = sold.values.copy()
    other[0, -7:] *= 3
    assert calm.week is not None
    high = replace(calm, week=last_week(other, 7))
    assert (high.quantiles(0.5) == calm.quantiles(0.5)).all()
    lifted = high.quantiles(0.95) - calm.quantiles(0.95)
    assert 0 < lifted.mean() <= 0.2 * 3 * np.sqrt(calm.variance).mean() + 1


def test_new_dead_and_tiny_series_stand_beside_others() -> None:
    """A series that began lately, one that never sold, and one in other units do not disturb."""
    sold = simulated(2, 240)
    first, second = (sold.values[k].tolist() for k in range(2))
    told = demand_distribution(
        history_of(
            {
                "old": first,
                "new": [None] * 200 + second[200:],
                "dead": [0] * 240,
                "never": [None] * 240,
            },
            FIRST_DAY,
        ),
        7,
    )
    truth = means(2, 247)[:, 240:]
    assert np.abs(told.mean[:2] / truth - 1).mean() < 0.2
    assert told.quantile("old", 1, 0.95) < 2 * truth[0, 0]
    assert told.quantiles(0.9)[2:].max() == 0
    nothing = demand_distribution(history_of({"dead": [0] * 240}, FIRST_DAY), 7)
    assert nothing.quantiles(0.99).max() == 0
    tonnes, grams = (
        demand_distribution(history_of({"fish": (sold.values[0] * unit).tolist()}, FIRST_DAY), 7)
        for unit in (1.5 * 2.0**-20, 1.5)
    )
    assert tonnes.mean * 2.0**20 == pytest.approx(grams.mean)


def test_sparse_sales_are_forecast_with_a_wide_band() -> None:
    """Where no trial could be made, the gamma stands as it is, and counts spread as counts do."""
    sold = simulated(1, 150)
    sales = [value if at % 3 == 0 else None for at, value in enumerate(sold.values[0])]
    told = demand_distribution(history_of({"tea": sales}, FIRST_DAY), 7)
    assert np.isfinite(told.quantiles(0.95)).all()
    assert told.quantiles(0.95).mean() > told.quantiles(0.5).mean()

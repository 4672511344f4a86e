"""Forecasts never use the future, bands hold, and figures are those of the field."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from counterfoil.errors import InputError
from counterfoil.learn.forecast import (
    find_season,
    judge,
    look_ahead,
    naive_error,
    plan,
    roll,
    seasonal_naive,
)
from counterfoil.learn.forecast.bands import bands
from counterfoil.learn.forecast.boosted import Boosted
from counterfoil.learn.forecast.registered import forecaster
from counterfoil.learn.forecast.simple import SIMPLE, Simple, intermittent
from counterfoil.ports import Forecaster, Series

NAMES = ("auto", "seasonal-naive", "strong")
HOUR_S = 3600.0


def series(count: int = 500, season: int = 12, seed: int = 3) -> Series:
    """Waves, a slow drift and noise, at hourly steps."""
    random = np.random.default_rng(seed)
    at = np.arange(count)
    values = 50 + 10 * np.sin(2 * np.pi * at / season) + 0.02 * at + random.normal(0, 2, count)
    return Series(values, season, 1.7e9, HOUR_S)


def cut(whole: Series, count: int) -> Series:
    return Series(whole.values[:count], whole.season, whole.start, whole.step)


def disturbed(whole: Series, end: int) -> Series:
    values = whole.values.copy()
    values[end:] = 1e6 * np.arange(len(values) - end)
    return Series(values, whole.season, whole.start, whole.step)


@pytest.mark.parametrize("name", NAMES)
def test_forecasts_never_use_the_future(name: str) -> None:
    """Whatever comes after the last origin, a model that learned before it forecasts the same."""
    whole = series(260)
    origins = np.array([200, 210, 220])
    told: list[NDArray[np.float64]] = []
    for given in (disturbed(whole, 220), cut(whole, 220)):
        made = forecaster(name)
        made.fit(given, 200, 6)
        told.append(made.forecast(given, origins))
    assert told[0].shape == (3, 6)
    assert (told[0] == told[1]).all()


@pytest.mark.parametrize("rule", [*SIMPLE, "intermittent"])
def test_rules_use_no_value_from_their_origin_on(rule: str) -> None:
    """Each simple rule gives the same forecast from an origin, whatever stands behind it."""
    made = Simple(SIMPLE.get(rule, intermittent))
    whole = series(200)
    made.fit(whole, 100, 30)
    origin = np.array([120])
    told = made.forecast(whole, origin)
    assert told.shape == (1, 30)
    assert np.isfinite(told).all()
    assert (made.forecast(disturbed(whole, 120), origin) == told).all()


@pytest.mark.parametrize("anchor", ["season", "last"])
@pytest.mark.parametrize("logs", [False, True])
def test_trees_use_no_value_from_their_origin_on(anchor: str, logs: bool) -> None:
    """Trees give the same forecast from an origin, whatever stands behind it."""
    made = Boosted(anchor, logs=logs)  # type: ignore[arg-type]
    whole = series(300)
    made.fit(whole, 200, 8)
    origins = np.array([200, 230])
    told = made.forecast(whole, origins)
    assert (made.forecast(disturbed(whole, 230), origins) == told).all()


@pytest.mark.parametrize("factor", [2.0**-900, 2.0**300])
def test_trees_learn_numbers_of_any_size(factor: float) -> None:
    """Numbers beyond single precision give the same forecasts, in their own unit."""
    whole = series(260)
    large = Series(whole.values * factor, whole.season, whole.start, whole.step)
    for made in (forecaster("strong"), Boosted("season"), Boosted("last")):
        made.fit(whole, 200, 6)
        told = made.forecast(whole, np.array([200, 230]))
        made.fit(large, 200, 6)
        assert made.forecast(large, np.array([200, 230])) == pytest.approx(told * factor, rel=1e-9)


def test_the_mix_is_no_worse_than_the_naive() -> None:
    """On waves with noise the mix has a lower error than repeating the last season."""
    whole = series(520)
    laid = plan(520, 6, 12, refits=1)
    actual = whole.values[laid.origins[laid.counted :, None] + np.arange(6)]
    errors = {
        name: np.abs(roll(lambda n=name: forecaster(n), whole, laid).told - actual).mean()  # type: ignore[misc]
        for name in ("auto", "seasonal-naive")
    }
    assert errors["auto"] < 0.9 * errors["seasonal-naive"]


def test_bands_hold_nine_in_ten() -> None:
    """On noise whose spread changes the bands hold 88 to 92 % of what comes."""
    random = np.random.default_rng(8)
    count = 4000
    values = random.normal(0, 1 + (np.arange(count) // 500) % 3, count)
    laid = plan(count, 3, 1)
    found = roll(seasonal_naive, Series(values), laid)
    actual = values[laid.origins[laid.counted :, None] + np.arange(3)]
    assert 0.88 <= ((actual >= found.low) & (actual <= found.high)).mean() <= 0.92


def test_bands_use_no_outcome_that_was_not_known() -> None:
    """A band does not change when later outcomes do."""
    random = np.random.default_rng(9)
    told = np.zeros((60, 4))
    actual = random.normal(size=(60, 4))
    origins = np.arange(100, 160)
    scale = np.ones(60)
    low, high = bands(told, actual, origins, scale)
    later = actual.copy()
    for at in range(60):  # what stands at or behind row 140 was not known at origin 140
        for step in range(4):
            if origins[at] + step >= 140:
                later[at, step] = 99.0
    again = bands(told, later, origins, scale)
    assert (again[0][:41] == low[:41]).all()
    assert (again[1][:41] == high[:41]).all()
    assert (again[1][50:] != high[50:]).any()


@pytest.mark.parametrize("spread", ["rises", "falls", "by the hour", "heavy tails", "shifts"])
def test_bands_hold_through_regimes(spread: str) -> None:
    """Whatever spread, level and tails do, bands of a plain forecast hold 88 to 92 %."""
    random = np.random.default_rng(12)
    at = np.arange(2200)
    noise = random.standard_t(3, len(at)) if spread == "heavy tails" else random.normal(size=2200)
    width = {
        "rises": np.where(at > 1700, 3.0, 1.0),
        "falls": np.where(at > 1500, 1.0, 3.0),
        "by the hour": 1 + 3.0 * (at % 24 > 16),
    }.get(spread, np.ones(len(at)))
    level = np.repeat(random.normal(0, 8, 23), 100)[: len(at)] if spread == "shifts" else 0.0
    whole = Series(level + 10 * np.sin(at * np.pi / 12) + width * noise, 24)
    laid = plan(len(at), 12, 24)
    found = roll(seasonal_naive, whole, laid)
    actual = whole.values[laid.origins[laid.counted :, None] + np.arange(12)]
    assert 0.88 <= ((actual >= found.low) & (actual <= found.high)).mean() <= 0.92


def test_bands_know_the_hours_that_err_most() -> None:
    """Where evenings are noisy and nights are not, bands of evenings are wider."""
    random = np.random.default_rng(13)
    at = np.arange(1500)
    loud = at % 24 > 16
    whole = Series(random.normal(size=len(at)) * np.where(loud, 5.0, 1.0), 24)
    laid = plan(len(at), 24, 24)
    found = roll(seasonal_naive, whole, laid)
    evening = loud[laid.origins[laid.counted :, None] + np.arange(24)]
    width = found.high - found.low
    assert width[evening].mean() > 2.5 * width[~evening].mean()


def test_an_outcome_that_is_missing_is_no_error() -> None:
    """Bands pass over outcomes that are not numbers, and are finite nevertheless."""
    random = np.random.default_rng(14)
    actual = random.normal(size=(200, 3))
    actual[20:60] = np.nan
    low, high = bands(np.zeros((200, 3)), actual, np.arange(100, 300), np.ones(200))
    assert np.isfinite(low[8:]).all()
    assert np.isfinite(high[8:]).all()
    assert (high - low)[-100:].mean() == pytest.approx(3.3, abs=0.7)


@pytest.mark.parametrize(("season", "count"), [(7, 300), (24, 600), (12, 200)])
def test_a_season_is_found(season: int, count: int) -> None:
    """The season of a wave with noise and drift is found, and none in noise or a constant."""
    assert find_season(series(count, season).values) == season
    assert find_season(np.random.default_rng(1).normal(size=400).cumsum()) == 1
    assert find_season(np.ones(100)) == 1
    assert find_season(np.ones(3)) == 1


def test_the_calendar_decides_between_seasons() -> None:
    """With hourly steps a day is a season even where half a day is nearly as good."""
    random = np.random.default_rng(2)
    at = np.arange(24 * 60)
    values = 3 * np.sin(at * np.pi / 12) + 4 * np.sin(at * np.pi / 6) + random.normal(0, 1, len(at))
    assert find_season(values, HOUR_S) == 24


def test_a_day_is_seen_through_noise() -> None:
    """A slow daily wave whose moves are mostly noise is found; walks and noise have no day."""
    random = np.random.default_rng(7)
    at = np.arange(24 * 21)
    busy = random.poisson(20 + 15 * np.sin(at * np.pi / 12)).astype(float)
    assert find_season(busy, HOUR_S) == 24
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(size=len(at))
        assert find_season(noise, HOUR_S) == 1
        assert find_season(noise.cumsum(), HOUR_S) == 1


def test_figures_are_those_of_the_field() -> None:
    """MASE, pinball loss, coverage and interval score of a small case, by hand."""
    actual = np.array([[1.0, 5.0]])
    found = judge(actual, np.array([[2.0, 2.0]]), np.array([[0.0, 0.0]]), np.array([[3.0, 3.0]]), 4)
    assert found.mae == 2.0
    assert found.mase == 0.5
    assert found.coverage == 0.5
    assert found.width == 3.0
    assert found.interval_score == pytest.approx((3 + 3 + 20 * 2) / 2)
    lows, mids, highs = (0.05 * 1 + 0.05 * 5) / 2, (0.5 + 1.5) / 2, (0.05 * 2 + 0.95 * 2) / 2
    assert found.pinball == pytest.approx((lows + mids + highs) / 3)
    assert naive_error(np.array([1.0, 2.0, 4.0, 8.0]), 1) == pytest.approx(7 / 3)
    assert naive_error(np.ones(9), 2) == 1.0


def test_what_comes_next_has_bands() -> None:
    """Forecasts behind the last value follow the season, inside of a finite band."""
    whole = series(600)
    laid = plan(600, 12, 12, refits=1, least=1)
    found = look_ahead(seasonal_naive, whole, laid)
    assert (found.told == whole.values[-12:]).all()
    assert (found.low < found.told).all()
    assert (found.high > found.told).all()
    assert np.isfinite(found.high).all()


def test_a_short_series_is_refused_with_what_it_takes() -> None:
    """The error says how many values there have to be, and that many are enough."""
    with pytest.raises(InputError) as caught:
        plan(300, 24, 24)
    assert caught.value.code == "forecast.short"
    enough = int(str(caught.value).split("about ")[1].split()[0])
    assert len(plan(enough, 24, 24).origins) >= 230


def test_an_unknown_forecaster_is_named() -> None:
    """A name that nobody registered is an error which lists those that are."""
    with pytest.raises(InputError, match="seasonal-naive") as caught:
        forecaster("oracle")
    assert caught.value.code == "learn.forecaster"


def test_forecasters_keep_their_protocol() -> None:
    """What is registered forecasts through the protocol alone."""
    for name in NAMES:
        made: Forecaster = forecaster(name)
        assert callable(made.fit)
        assert callable(made.forecast)

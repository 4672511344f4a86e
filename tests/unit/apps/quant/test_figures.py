"""Figures are those of the field, and an interval holds what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from counterfoil.apps.quant.figures import (
    PERIODS_MIN,
    Floats,
    chance_of_skill,
    deflated,
    figure,
    rank_correlation,
    sharpe,
)

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlation_is_spearmans(seed: int) -> None:
    """Ties and all, the value is that of SciPy."""
    random = np.random.default_rng(seed)
    told = random.integers(0, 6, 40).astype(float)
    came = told + random.normal(0, 3, 40)
    expected = stats.spearmanr(told, came).statistic
    assert rank_correlation(told, came) == pytest.approx(expected)


def test_what_does_not_move_has_no_correlation() -> None:
    """Equal forecasts rank nothing; that is no zero."""
    assert math.isnan(rank_correlation(np.ones(5), np.arange(5.0)))


def test_sharpe_of_a_year() -> None:
    """Mean over deviation, times the root of periods a year; none where nothing moves."""
    returns = np.array([0.01, 0.03, -0.01, 0.02])
    expected = returns.mean() / returns.std(ddof=1) * math.sqrt(12)
    assert float(sharpe(returns, 12)) == pytest.approx(expected)
    assert math.isnan(float(sharpe(np.full(4, 0.01), 12)))


def test_chance_of_skill_is_the_published_formula() -> None:
    """With normal returns it is the t-test's, up to the error that the formula allows for."""
    returns = RANDOM.normal(0.01, 0.05, 240)
    ratio = returns.mean() / returns.std(ddof=1)
    z = (returns - returns.mean()) / returns.std()
    error = 1 - (z**3).mean() * ratio + ((z**4).mean() - 1) / 4 * ratio**2
    expected = stats.norm.cdf(ratio * math.sqrt(239) / math.sqrt(error))
    assert chance_of_skill(returns) == pytest.approx(expected)
    assert chance_of_skill(returns) == pytest.approx(
        1 - stats.ttest_1samp(returns, 0, alternative="greater").pvalue, abs=0.02
    )
    assert chance_of_skill(np.full(9, 0.1)) is None


def test_more_tries_leave_less_skill() -> None:
    """The more strategies were tried, the less the best of them proves."""
    returns = RANDOM.normal(0.012, 0.05, 60)
    ratio = [float(returns.mean() / returns.std(ddof=1))]
    found = [deflated(returns, ratio, tried) for tried in (1, 2, 10, 100)]
    assert found[0] == chance_of_skill(returns)
    values = [one for one in found if one is not None]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0] - 0.1


def test_the_best_of_many_without_skill_is_seen_through() -> None:
    """Of 50 strategies by chance alone the best looks skilled, and rarely does so deflated."""
    fooled = seen = 0
    for seed in range(60):
        table = np.random.default_rng(seed).normal(0, 0.04, (50, 36))
        ratios = table.mean(axis=1) / table.std(axis=1, ddof=1)
        best = table[int(ratios.argmax())]
        fooled += (chance_of_skill(best) or 0) > 0.95
        seen += (deflated(best, list(ratios), 50) or 0) > 0.95
    assert fooled >= 50  # the control: looking at the winner alone would have believed it
    assert seen <= 6


def test_intervals_hold_the_truth() -> None:
    """In about 95 of 100 repetitions the mean that is true lies in its interval."""
    held = 0
    for seed in range(100):
        table = np.random.default_rng(seed).normal(0.3, 1, (80, 1))
        found = figure(table, lambda drawn: drawn[..., 0].mean(axis=-1))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.3 <= found.high
    assert 86 <= held <= 100


def test_few_periods_have_no_interval() -> None:
    """From too few periods a value is told, and no interval; from none, nothing."""

    def mean(drawn: Floats) -> Floats:
        found: Floats = drawn[..., 0].mean(axis=-1)
        return found

    few = figure(np.ones((PERIODS_MIN - 1, 1)), mean)
    assert few is not None
    assert (few.value, few.low, few.high) == (1.0, None, None)
    assert figure(np.ones((0, 1)), mean) is None
    assert figure(np.full((9, 1), np.nan), mean) is None

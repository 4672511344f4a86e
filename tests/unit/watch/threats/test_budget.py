"""Alarms come as often as they are wanted, whatever the scores are like."""

from __future__ import annotations

from random import Random

import pytest

from counterfoil.watch.threats.budget import DAY_MS, WEEK_MS, Budget

START = 20_000 * DAY_MS


def alarms(per_week: float, weeks: int, a_week: int, power: float, seed: int = 1) -> int:
    """Count alarms on scores in no order; power: how heavy their tail is."""
    rng, budget, found = Random(seed), Budget(per_week), 0
    for number in range(weeks * a_week):
        budget.tick(START + number * WEEK_MS // a_week)
        score = rng.paretovariate(power)
        found += budget.judge(score) is not None
        budget.learn(score)
    return found


@pytest.mark.parametrize("power", [0.5, 2.0, 9.0])
@pytest.mark.parametrize("a_week", [300, 3000])
def test_the_rate_is_kept_for_any_scores(power: float, a_week: int) -> None:
    """Over thirty weeks there are about as many alarms as were asked for."""
    for per_week in (1.0, 3.0):
        assert 0.4 * per_week * 30 <= alarms(per_week, 30, a_week, power) <= 1.6 * per_week * 30


def test_nothing_is_odd_before_something_is_known() -> None:
    """In the first days, before enough scores, and at score 0, there is no alarm."""
    budget = Budget(5.0, learn_ms=3 * DAY_MS, least=10)
    assert budget.judge(1e9) is None
    for day in range(9):
        budget.tick(START + day * DAY_MS)
        budget.learn(1.0)
    assert budget.judge(1e9) is None
    budget.learn(1.0)
    budget.tick(START + 9 * DAY_MS)
    assert budget.judge(1e9) == pytest.approx(1 / 11)
    assert budget.judge(0.0) is None


def test_what_was_loud_once_does_not_make_room_for_weeks() -> None:
    """A thousand alarms of one day count as one: the next day's attack is seen."""
    budget = Budget(1.0)
    for hour in range(24 * 14):
        budget.tick(START + hour * DAY_MS // 24)
        budget.learn(1.0 + hour % 7 / 10)
    for _ in range(1000):
        budget.learn(50.0)
    budget.tick(START + 15 * DAY_MS)
    assert budget.judge(40.0) is not None

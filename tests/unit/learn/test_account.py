"""Running statistics are those of their definition, and forget."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.learn.account import PLACES_MAX, Habits, Running


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_without_forgetting_it_is_mean_and_variance(values: list[float]) -> None:
    """With `keep` 1 and equal weights, the population's mean and variance come out."""
    running = Running()
    for value in values:
        running.add(value, 1.0, 1.0)
    assert running.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert running.var == pytest.approx(statistics.pvariance(values), abs=1e-3)


def test_what_is_long_ago_fades() -> None:
    """After a change of habits the mean follows, and its weight stays bounded."""
    running = Running()
    for _ in range(500):
        running.add(1.0, 1.0, 0.9)
    for _ in range(50):
        running.add(9.0, 1.0, 0.9)
    assert running.mean > 8.9
    assert running.weight == pytest.approx(10)


def test_a_weight_of_nothing_teaches_nothing() -> None:
    """Neither at first, where there is nothing to divide by, nor later."""
    running = Running()
    running.add(7.0, 0.0, 0.9)
    assert running == Running()
    running.add(1.0, 1.0, 1.0)
    running.add(100.0, 0.0, 1.0)
    assert running.mean == 1.0


def test_payees_are_bounded_and_the_oldest_goes() -> None:
    """However many payees an account pays, as many as fit are remembered: the last ones."""
    habits = Habits()
    for number in range(PLACES_MAX + 10):
        habits.visit(f"t-{number}")
        habits.visit("t-0")
    assert len(habits.places) == PLACES_MAX
    assert "t-0" in habits.places
    assert "t-1" not in habits.places

"""Shares of a mix: chosen on trials, moved by outcomes, never by what was not known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from counterfoil.learn.forecast.mixing import moved, parts, shares

Floats = NDArray[np.float64]


def trials(horizon: int, members: int = 4, count: int = 60) -> tuple[Floats, Floats]:
    """Give members whose errors grow with their number, and what came."""
    random = np.random.default_rng(6)
    actual = random.normal(size=(count, horizon))
    errors = random.normal(size=(members, count, horizon))
    return actual + errors * (1 + np.arange(members))[:, None, None], actual


@pytest.mark.parametrize("horizon", [1, 5, 6, 200])
def test_shares_are_shares(horizon: int) -> None:
    """Shares of near, middle and far steps each sum to 1, and better members have more."""
    told, actual = trials(horizon)
    found = shares(told, actual)
    assert found.shape == (4, len(parts(horizon)))
    assert found.sum(axis=0) == pytest.approx(np.ones(found.shape[1]))
    assert (found >= 0).all()
    assert (found[0] > found[3]).all()
    assert (shares(told, actual) == found).all()


def test_members_that_all_are_right_share() -> None:
    """Where nothing is to choose, shares are still shares."""
    found = shares(np.zeros((3, 20, 6)), np.zeros((20, 6)))
    assert found.sum(axis=0) == pytest.approx(np.ones(3))


def test_a_member_that_errs_loses_its_share() -> None:
    """After outcomes that one member missed, another one has most; without outcomes none moves."""
    first = np.array([[0.9], [0.1]])
    actual = np.zeros((50, 4))
    told = np.stack([actual + 3.0, actual])
    made = np.arange(100, 200, 2)
    assert (moved(first, told, actual, made, 100, [1.0]) == first).all()
    found = moved(first, told, actual, made, 300, [1.0])
    assert found[1, 0] > 0.9
    one_outlier = actual.copy()
    one_outlier[0] = -1e9
    assert moved(first, told, one_outlier, made, 300, [1.0])[1, 0] > 0.9


def test_what_was_not_known_moves_nothing() -> None:
    """Outcomes at or behind the origin of a forecast change no share."""
    told, actual = trials(6, members=3, count=40)
    made = np.arange(100, 220, 3)
    first = np.full((3, 3), 1 / 3)
    later = actual.copy()
    for at, start in enumerate(made):
        for step in range(6):
            if start + step >= 160:
                later[at, step] = 1e6
    before = moved(first, told, actual, made, 160, [1.0, 1.0, 1.0])
    assert (moved(first, told, later, made, 160, [1.0, 1.0, 1.0]) == before).all()
    assert (moved(first, told, later, made, 170, [1.0, 1.0, 1.0]) != before).any()

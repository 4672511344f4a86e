"""Scoring as the Numenta Anomaly Benchmark does it."""

from __future__ import annotations

from math import exp

import pytest

from counterfoil.errors import InputError
from counterfoil.learn.anomaly.nab import PROFILES, Run, best_threshold, probation, score_at

STANDARD = PROFILES["standard"]


def weight(place: float) -> float:
    return 2 / (1 + exp(5 * place)) - 1


@pytest.mark.parametrize(("rows", "first"), [(100, 15), (4032, 604), (5000, 750), (22695, 750)])
def test_probation_is_15_percent_of_5000_rows_at_most(rows: int, first: int) -> None:
    """As in the benchmark: 15 % of a file, and of 5000 rows where it is longer."""
    assert probation(rows) == first


def test_perfect_and_silent_are_the_ends_of_the_scale() -> None:
    """A detection at the first row of each window is 100; none at all is 0."""
    scores = [0.0] * 200
    windows = [(50, 69), (120, 149)]
    quiet = best_threshold([Run([0.0] * 200, windows)], STANDARD)
    assert (quiet.normalised, quiet.threshold) == (0.0, float("inf"))
    scores[50] = scores[120] = 1.0
    best = best_threshold([Run(scores, windows)], STANDARD)
    assert best.normalised == pytest.approx(100.0)
    assert (best.found, best.windows, best.false, best.threshold) == (2, 2, 0, 1.0)


def test_positions_are_those_of_the_benchmark() -> None:
    """Inside, positions run from -1 to -1/width; outside, from the window's last row on."""
    scores = [0.0] * 100
    scores[35] = 0.9  # in the window of rows 30 to 39
    scores[43] = 0.8  # 4 rows behind it
    scores[20] = 0.7  # before any window
    run = [Run(scores, [(30, 39)])]
    hit = weight(-(39 - 35 + 1) / 10) / weight(-1.0)
    behind = 0.11 * weight(4 / 9)
    assert score_at(run, STANDARD, 0.9) == pytest.approx(50 * (hit + 1))
    assert score_at(run, STANDARD, 0.8) == pytest.approx(50 * (hit + behind + 1))
    assert score_at(run, STANDARD, 0.7) == pytest.approx(50 * (hit + behind - 0.11 + 1))
    assert best_threshold(run, STANDARD).normalised == pytest.approx(50 * (hit + 1))


def test_a_window_earns_once_and_by_its_earliest_detection() -> None:
    """A second detection in a window changes nothing when it is later, and wins when earlier."""
    scores = [0.0] * 100
    scores[35], scores[38], scores[31] = 0.9, 0.85, 0.8
    run = [Run(scores, [(30, 39)])]
    assert score_at(run, STANDARD, 0.85) == score_at(run, STANDARD, 0.9)
    best = best_threshold(run, STANDARD)
    assert best.threshold == 0.8
    assert best.points == pytest.approx(weight(-0.9) / weight(-1.0))


def test_probation_is_not_judged() -> None:
    """What is said in the first 15 % of a series neither earns nor costs."""
    scores = [1.0] * 15 + [0.0] * 85
    scores[30] = 1.0
    assert best_threshold([Run(scores, [(30, 39)])], STANDARD).normalised == pytest.approx(100)


def test_equal_scores_are_detected_together() -> None:
    """A threshold takes all rows of a score or none."""
    scores = [0.5] * 100
    best = best_threshold([Run(scores, [(30, 39)])], STANDARD)
    assert best.normalised == 0.0  # 75 false detections outweigh the window


@pytest.mark.parametrize("windows", [[(5, 4)], [(90, 100)], [(50, 60), (30, 40)], []])
def test_windows_that_are_none_are_refused(windows: list[tuple[int, int]]) -> None:
    """Windows outside of the series, reversed, out of order or missing are an error."""
    with pytest.raises(InputError) as caught:
        best_threshold([Run([0.0] * 100, windows)], STANDARD)
    assert caught.value.code == "learn.windows"

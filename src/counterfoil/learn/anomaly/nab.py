"""Judge detectors as the Numenta Anomaly Benchmark does, on anybody's labelled windows.

A detection inside a labelled window earns more the earlier it comes, once; a window without one
costs; a detection outside costs, less when it follows a window closely. The threshold is the best
one over the whole corpus; 0 is a detector that stays silent, 100 one that is always right at once.

This module refuses to tune a detector: it sees scores only.

Source: Lavin and Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
Benchmark, ICMLA 2015; and the benchmark's own sweeper (version 1.1), whose positions in a window
it keeps to the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor
from typing import Final

from counterfoil.errors import InputError

__all__ = ["PROFILES", "Best", "Profile", "Run", "best_threshold", "probation", "score_at"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What an application gains and loses; all are weights, >= 0.

    hit: a window found. miss: a window not found. false: a detection outside of all windows.
    """

    hit: float
    miss: float
    false: float


PROFILES: Final[Mapping[str, Profile]] = {
    "standard": Profile(hit=1.0, miss=1.0, false=0.11),
    "reward_low_FP_rate": Profile(hit=1.0, miss=1.0, false=0.22),
    "reward_low_FN_rate": Profile(hit=1.0, miss=2.0, false=0.11),
}
"""The application profiles of the benchmark."""


@dataclass(frozen=True, slots=True)
class Run:
    """Scores of one series. scores: one a row, higher is more abnormal.

    windows: (first row, last row), both inside, in order, of the labelled anomalies.
    """

    scores: Sequence[float]
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Best:
    """The best threshold over a corpus. points: raw; normalised: 0 silent, 100 perfect.

    threshold: a row with at least this score is a detection. found: windows with a detection.
    windows: in all. false: detections outside.
    """

    threshold: float
    points: float
    normalised: float
    found: int
    windows: int
    false: int


def probation(rows: int) -> int:
    """Tell how many first rows are not judged: 15 %, at most 750."""
    return int(min(floor(0.15 * rows), 0.15 * 5000))


def best_threshold(runs: Sequence[Run], profile: Profile) -> Best:
    """Find the threshold with the most points over all series together.

    Raises InputError with code learn.windows where nothing is labelled, or a window is no span.
    """
    gains = [gain for at, run in enumerate(runs) for gain in _gains(run, at, profile)]
    windows = {gain.window for gain in gains if gain.window is not None}
    if not windows:
        raise InputError(
            "learn.windows",
            "expected a labelled window after the first 15 % of a series, found none",
            hint="Without an anomaly there is nothing to find.",
        )
    gains.sort(key=lambda gain: -gain.score)
    earned: dict[tuple[int, int], float] = {}
    lost, false = 0.0, 0
    silent = -profile.miss * len(windows)
    best = Best(float("inf"), silent, 0.0, 0, len(windows), 0)
    span = profile.hit * len(windows) - silent
    for place, gain in enumerate(gains):
        if gain.window is None:
            lost, false = lost + gain.points, false + 1
        else:
            before = earned.get(gain.window, -profile.miss)
            earned[gain.window] = max(before, gain.points)
        last = place + 1 == len(gains) or gains[place + 1].score != gain.score
        if not last:
            continue
        points = sum(earned.values()) - profile.miss * (len(windows) - len(earned)) + lost
        if points > best.points:
            normalised = 100 * (points - silent) / span
            best = Best(gain.score, points, normalised, len(earned), len(windows), false)
    return best


def score_at(runs: Sequence[Run], profile: Profile, threshold: float) -> float:
    """Give the normalised score at a threshold that was chosen elsewhere; may be below 0."""
    points, windows = 0.0, 0
    for at, run in enumerate(runs):
        earned: dict[tuple[int, int], float] = {}
        for gain in _gains(run, at, profile):
            if gain.window is not None:
                earned.setdefault(gain.window, -profile.miss)
            if gain.score < threshold:
                continue
            if gain.window is None:
                points += gain.points
            else:
                earned[gain.window] = max(earned[gain.window], gain.points)
        points += sum(earned.values())
        windows += len(earned)
    silent = -profile.miss * windows
    return 100 * (points - silent) / (profile.hit * windows - silent)


@dataclass(frozen=True, slots=True)
class _Gain:
    """What a detection at one row would bring. window: (series, first row), None outside."""

    score: float
    points: float
    window: tuple[int, int] | None


def _gains(run: Run, series: int, profile: Profile) -> list[_Gain]:
    rows = len(run.scores)
    starts = [low for low, _ in run.windows]
    if any(not 0 <= low <= high < rows for low, high in run.windows) or starts != sorted(starts):
        raise InputError(
            "learn.windows",
            f"expected windows as rows of a series of {rows}, in order, found {run.windows}",
            hint="Give the first and the last row of each, counted from 0.",
        )
    found: list[_Gain] = []
    first = probation(rows)
    waiting = list(run.windows)
    inside: tuple[int, int] | None = None
    before: tuple[int, int] | None = None
    for row, score in enumerate(run.scores):
        if waiting and row == waiting[0][0]:
            inside = waiting.pop(0)
        if inside is not None:
            low, high = inside
            place = -(high - row + 1) / (high - low + 1)
            points = _sigmoid(place) * profile.hit / _sigmoid(-1.0)
        else:
            place = 3.0
            if before is not None:  # a window of one row is 0 wide in the source
                place = (row - before[1]) / max(before[1] - before[0], 1)
            points = _sigmoid(place) * profile.false
        if row >= first:
            window = (series, inside[0]) if inside is not None else None
            found.append(_Gain(score, points, window))
        if inside is not None and row == inside[1]:
            before, inside = inside, None
    return found


def _sigmoid(place: float) -> float:
    """Weigh a place relative to a window: -1 its left edge, 0 its right edge, 3 far behind."""
    return -1.0 if place >= 3.0 else 2 / (1 + exp(5 * place)) - 1

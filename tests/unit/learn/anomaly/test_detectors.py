"""What every detector promises: scores from the past alone, and a state that can be saved."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan, sin
from random import Random

import pytest

from counterfoil.errors import InputError
from counterfoil.learn.anomaly import Ensemble, detector
from counterfoil.ports import Detector

NAMES = ("auto", "gaussian", "half-space-trees", "random-cut-forest")


def stream(rows: int, seed: int = 5) -> list[float]:
    """Waves with noise, and a spike at 4/5 of the way."""
    random = Random(seed)
    values = [10 * sin(row / 12) + random.gauss(0, 1) for row in range(rows)]
    values[rows * 4 // 5] += 40
    return values


@pytest.mark.parametrize("name", NAMES)
def test_scores_never_use_the_future(name: str) -> None:
    """The scores of a prefix are the prefix of the scores, to the last bit."""
    values = stream(700)
    whole, prefix = detector(name), detector(name)
    scores = [whole.score(value, float(at)) for at, value in enumerate(values)]
    assert [prefix.score(v, float(at)) for at, v in enumerate(values[:500])] == scores[:500]
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_detector_goes_on_as_if_never_stopped(name: str) -> None:
    """Saved at any row, before and after it is warm, a detector gives the same scores."""
    values = stream(600)
    whole = detector(name)
    scores = [whole.score(value, float(at)) for at, value in enumerate(values)]
    made = detector(name)
    again: list[float] = []
    for at, value in enumerate(values):
        if at in (20, 400):
            saved, made = made.to_bytes(), detector(name)
            made.restore(saved)
        again.append(made.score(value, float(at)))
    assert again == scores


@pytest.mark.parametrize("name", ["auto", "random-cut-forest"])
def test_a_spike_is_the_most_abnormal_row(name: str) -> None:
    """A spike of forty deviations gets the highest score of the warm part."""
    values = stream(1000)
    made = detector(name)
    scores = [made.score(value) for value in values]
    assert scores.index(max(scores[200:]), 200) == 800


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0.0, 7.5, -3e200])
def test_a_constant_stream_is_normal_until_it_moves(name: str, constant: float) -> None:
    """Nothing is abnormal where nothing changes, and no number breaks a detector."""
    made = detector(name)
    assert max(made.score(constant) for _ in range(400)) <= 0.35
    assert 0 <= made.score(constant + 1e3) <= 1


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_no_number_is_refused_and_not_learned(value: float) -> None:
    """A value that is not finite is an error that says so, and leaves the detector as it was."""
    made = detector("gaussian")
    before = made.to_bytes()
    with pytest.raises(InputError) as caught:
        made.score(value)
    assert caught.value.code == "learn.value"
    assert made.to_bytes() == before


def broken(made: Detector) -> list[bytes]:
    good = made.to_bytes()
    return [b"", b"{}", b"\xff", good[:-1], good.replace(b"stream-ensemble/1", b"other/1")]


@pytest.mark.parametrize("name", NAMES)
def test_a_state_that_is_none_is_refused(name: str) -> None:
    """Anything but a saved state of the same detector is an error."""
    other: Callable[[], Ensemble] = lambda: Ensemble({})  # noqa: E731
    for data in [*broken(detector(name)), other().to_bytes()]:
        with pytest.raises(InputError) as caught:
            detector(name).restore(data)
        assert caught.value.code == "learn.model"


def test_an_unknown_detector_is_named() -> None:
    """A name that nobody registered is an error which lists those that are."""
    with pytest.raises(InputError, match="half-space-trees") as caught:
        detector("crystal-ball")
    assert caught.value.code == "learn.detector"

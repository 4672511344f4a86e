"""A score is one finite number, and an outcome follows from it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from counterfoil.provenance.decisions import choose, score_of
from tests.statements import refused


@pytest.mark.parametrize(
    "given",
    [0.5, np.float64(0.5), np.float32(0.5), np.array([0.5]), np.array(0.5), Fraction(1, 2)],
    ids=repr,
)
def test_one_number_is_a_score(given: Any) -> None:
    """Whatever holds one number, its value is the score, as a float of Python."""
    found = score_of(given)
    assert (found, type(found)) == (0.5, float)


@pytest.mark.parametrize(
    "given",
    [
        float("nan"),
        float("inf"),
        np.float32("nan"),
        np.array([[0.2, 0.8]]),
        np.array([]),
        "0.5",
        True,
        None,
        object(),
        10**400,
    ],
    ids=lambda given: f"{given!r:.12}",  # no address: every worker must find the same
)
def test_what_is_no_finite_number_is_refused(given: Any) -> None:
    """NaN, infinity, several numbers, texts and truth values are no score."""
    with refused("decision.score"):
        score_of(given)


def test_the_threshold_belongs_to_the_second_outcome() -> None:
    """Below the threshold it is the first, from it on the second."""
    pair = ("pay", "hold")
    assert [choose(score, 0.5, pair) for score in (0.49, 0.5, 0.51)] == ["pay", "hold", "hold"]

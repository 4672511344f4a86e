"""Readings are put in order, gaps are told, and a cold chain breaks where it was measured to."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.predict.spoilage.history import (
    Reading,
    breached,
    clean,
    gaps_in,
    thinned,
)
from counterfoil.errors import InputError
from tests.log_rig import raises_code

H = 3_600_000


def hourly(*celsius: float, since: float = 0.0) -> list[Reading]:
    return [(round((since + at) * H), c) for at, c in enumerate(celsius)]


def test_readings_are_ordered_and_the_warmer_of_two_counts() -> None:
    """Whatever order they come in, and later ones than are asked for are left out."""
    assert clean([(2 * H, 5.0), (H, 4.00049), (H, 3.0)], 3 * H) == ((H, 4.0), (2 * H, 5.0))
    assert clean([(2 * H, 5.0), (H, 4.0)], H) == ((H, 4.0),)
    for wrong in (math.nan, math.inf, -273.15, 850.0):
        with raises_code("supply.reading", InputError):
            clean([(0, wrong)])


def test_a_gap_is_what_is_far_apart_for_this_logger() -> None:
    """Three times the usual distance, at least one hour and at most four."""
    minutes = [(at * 300_000, 4.0) for at in range(10)]
    assert gaps_in([*minutes, (minutes[-1][0] + H, 4.0)]) == ()
    later = minutes[-1][0] + H + 1
    assert gaps_in([*minutes, (later, 4.0)]) == ((minutes[-1][0], later),)
    seldom = hourly(4, 4, 4)
    assert gaps_in([*seldom, (5 * H, 4.0)]) == ()
    assert gaps_in([*seldom, (5 * H + 1, 4.0)]) == ((2 * H, 5 * H + 1),)
    assert gaps_in([(0, 4.0), (5 * H, 4.0), (10 * H, 4.0)]) == ((0, 5 * H), (5 * H, 10 * H))


def test_a_breach_lasts_from_crossing_to_crossing() -> None:
    """Between readings the temperature goes straight: the limit is crossed on the way."""
    found = breached(hourly(4, 4, 8, 8, 4), None, 6.0, 3600)
    assert found is not None
    assert (found.limit, found.from_ms, found.until_ms) == ("high", 1.5 * H, 3.5 * H)
    assert (found.worst_c, found.seconds) == (8.0, 7200.0)
    assert found.mean_c == pytest.approx(7.5)
    assert breached(hourly(4, 4, 8, 8, 4), None, 6.0, 7201) is None
    assert breached(hourly(4, 6, 6, 4), None, 6.0, 0) is None


def test_the_first_breach_counts_whichever_limit_it_is() -> None:
    """Too cold comes before too warm here, and later readings do not change that."""
    history = hourly(4, -3, 4, 12, 12, 12)
    first = breached(history, 0.0, 8.0, 600)
    assert first is not None
    assert (first.limit, first.worst_c) == ("low", -3.0)
    assert breached([*history, (99 * H, 50.0)], 0.0, 8.0, 600) == first
    assert breached([(0, 9.0)], None, 8.0, 0) is not None
    assert breached([(0, 9.0)], None, 8.0, 1) is None
    with raises_code("supply.limit", InputError):
        breached(history, 9.0, 8.0, 0)


def test_a_gap_breaks_nothing() -> None:
    """Warm on both sides of ten hours without a reading is two short breaches, not one long one."""
    history = [*hourly(4, 9), *hourly(9, 4, since=11)]
    assert breached(history, None, 8.0, 2 * 3600) is None
    assert breached(history, None, 8.0, 600) is not None


def test_a_long_history_is_thinned_to_what_lines_tell() -> None:
    """Straight lines need their ends only; ends of gaps stay; the tolerance is told and kept."""
    flat = [(at * 600_000, 4.0) for at in range(5000)]
    flat += [(flat[-1][0] + 9 * H + at * 600_000, 6.0) for at in range(5000)]
    kept, tolerance = thinned(flat, 100)
    assert (len(kept), tolerance) == (4, 0.0)
    assert gaps_in(flat)[0] == (kept[1][0], kept[2][0])
    with raises_code("supply.history", InputError):
        thinned([(at * 600_000, 20.0 * (at % 2)) for at in range(200)], 50)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 3).map(lambda c: round(c, 2)), min_size=60, max_size=90))
def test_thinning_keeps_its_tolerance(values: list[float]) -> None:
    """No reading that was left out is farther from the line than the tolerance says."""
    history = clean((at * 600_000, c) for at, c in enumerate(values))
    try:
        kept, tolerance = thinned(history, 50)
    except InputError:
        return
    for (begin, first), (until, last) in pairwise(kept):
        for at, celsius in history:
            if begin <= at <= until:
                line = first + (last - first) * (at - begin) / (until - begin)
                assert abs(line - celsius) <= tolerance + 1e-6

"""The simplest pace: nothing waits too long, and no deadline is missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.pace import LongestWait
from counterfoil.ports import Waiting

PACE = LongestWait(600, lead_s=60)
NOW = 10_000_000


@pytest.mark.parametrize(
    ("behind_ms", "due_ms", "due"),
    [
        (None, None, False),
        (NOW, None, False),
        (NOW - 599_999, None, False),
        (NOW - 600_000, None, True),
        (None, NOW + 60_001, False),
        (None, NOW + 60_000, True),
        (NOW, NOW - 1, True),
        (NOW - 600_000, NOW + 999_999, True),
    ],
)
def test_when_it_is_due(behind_ms: int | None, due_ms: int | None, due: bool) -> None:
    """The oldest entry's wait and the nearest deadline decide, whichever comes first."""
    assert PACE.choose(Waiting(NOW, behind_ms, due_ms)).due is due


@given(st.integers(0, 2**53), st.none() | st.integers(0, 2**53), st.none() | st.integers(0, 2**53))
def test_what_is_due_stays_due(now: int, behind: int | None, due: int | None) -> None:
    """Time only ever makes it more urgent."""
    if PACE.choose(Waiting(now, behind, due)).due:
        assert PACE.choose(Waiting(now + 1, behind, due)).due

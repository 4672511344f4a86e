"""An anchor waits for a cheap block, and is never late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.pace import CheapestWithin
from counterfoil.ports import Choice, FeesSeen, Waiting

BLOCK_S = 12.0
LONGEST_S = 600.0
LEAD_S = 60.0
PAST = [(20 + at * 7 % 13) * 10**9 for at in range(400)]


def waiting(
    now_ms: int, fees: list[int] | None, *, behind_ms: int | None = 0, due_ms: int | None = None
) -> Waiting:
    """Tell what waits, on a chain that had these fees; None: they cannot be read."""
    seen = None if fees is None else FeesSeen(fees, 1_000, BLOCK_S)
    read: Callable[[], FeesSeen | None] = lambda: seen  # noqa: E731
    return Waiting(now_ms, behind_ms, due_ms, "a", read)


def anchored_at(fees: list[int] | None, coming: list[int]) -> tuple[int, Choice]:
    """Run block by block until it anchors; gives when, ms, and its choice."""
    pace = CheapestWithin(LONGEST_S, LEAD_S)
    for at in range(60):
        now_ms = int(at * BLOCK_S * 1_000)
        known = None if fees is None else fees + coming[: at + 1]
        choice = pace.choose(waiting(now_ms, known))
        if choice.due:
            return now_ms, choice
    raise AssertionError("never anchored")


@given(st.lists(st.integers(0, 2**62), min_size=60, max_size=60), st.booleans())
def test_no_deadline_is_missed(coming: list[int], readable: bool) -> None:
    """Whatever blocks come to cost, and if nobody says so, a block is left to take it in time."""
    now_ms, choice = anchored_at(PAST if readable else None, coming)
    assert now_ms <= 1_000 * (LONGEST_S - LEAD_S * readable + BLOCK_S)
    assert choice.why


def test_a_low_fee_is_taken_and_a_high_one_waited_out() -> None:
    """It anchors in the cheap block, and says what that cost and what was hoped for."""
    coming = [32 * 10**9] * 36 + [12 * 10**9] + [32 * 10**9] * 23
    now_ms, choice = anchored_at(PAST, coming)
    assert now_ms == 36 * BLOCK_S * 1_000
    assert choice.fee == 12 * 10**9
    assert choice.take is not None
    assert choice.take >= choice.fee
    assert "12 gwei is low" in choice.why


def test_fees_are_only_read_where_they_count() -> None:
    """Where nothing waits, or no time is left, no node is asked."""

    def never() -> FeesSeen | None:
        raise AssertionError("asked")

    pace = CheapestWithin(LONGEST_S)
    assert not pace.choose(Waiting(0, None, None, "a", never)).due
    assert pace.choose(Waiting(600_000, 0, None, "a", never)).due
    assert pace.choose(Waiting(541_000, 0, None, "a", never)).due
    assert pace.choose(Waiting(5_000, None, 60_000, "a", never)).due


@pytest.mark.parametrize("seen", [[], [1], PAST[:20]])
def test_too_few_fees(seen: list[int]) -> None:
    """With hardly any fees known, the longest wait decides."""
    assert not CheapestWithin(LONGEST_S).choose(waiting(0, seen)).due


def test_without_fees_it_is_the_longest_wait() -> None:
    """A chain of one's own costs nothing: there the longest wait decides."""
    pace = CheapestWithin(LONGEST_S)
    assert not pace.choose(Waiting(599_999, 0, None)).due
    assert pace.choose(Waiting(600_000, 0, None)).due


def test_an_anchor_that_saves_no_other_is_put_off() -> None:
    """Soon after the last one a low fee is not low enough: the next anchor would come sooner, too.

    Where long passes until something waits again, it is.
    """
    pace = CheapestWithin(LONGEST_S)
    low = [*PAST, 15 * 10**9]
    assert not pace.choose(waiting(60_000, low)).due
    seldom = CheapestWithin(LONGEST_S)
    now_ms = 0
    for _ in range(30):  # every two hours something waits
        now_ms += 7_200_000
        assert seldom.choose(Waiting(now_ms + 600_000, now_ms, None, "a", None)).due
        seldom.choose(Waiting(now_ms + 7_200_000, now_ms + 7_200_000, None, "a", lambda: None))
    seen = waiting(now_ms + 7_260_000, low, behind_ms=now_ms + 7_200_000)
    assert seldom.choose(seen).due


def test_places_are_told_apart_and_it_learns_again() -> None:
    """What one chain costs says nothing of another; and new blocks change what is low."""
    pace = CheapestWithin(LONGEST_S)
    low = [*PAST, 1 * 10**9]
    assert pace.choose(waiting(240_000, low)).due
    read: Callable[[], FeesSeen | None] = lambda: FeesSeen(  # noqa: E731
        [fee // 20 for fee in PAST] + [1 * 10**9], 1_000, BLOCK_S
    )
    assert not pace.choose(Waiting(240_000, 0, None, "b", read)).due
    later = FeesSeen([fee // 20 for fee in PAST] + [1 * 10**9], 1_300, BLOCK_S)
    assert not pace.choose(Waiting(490_000, 250_000, None, "a", lambda: later)).due

"""What has come is held only where more is likely to come, and never longer than promised."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.pace import HoldWithin
from counterfoil.pace.replay_batches import (
    BATCH_POLICIES,
    Batched,
    CommitCost,
    counterfoil,
    p95,
    replay_batches,
    size_or_timer,
)

COST = CommitCost()
GAPS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 5.0)), min_size=1, max_size=120)


def times(gaps: list[float]) -> list[float]:
    """Turn gaps into times."""
    found, now = [], 0.0
    for gap in gaps:
        now += gap
        found.append(now)
    return found


def steady(rate: float, count: int) -> list[float]:
    """Make arrivals that know nothing of each other."""
    random = Random(2)
    return times([random.expovariate(rate) for _ in range(count)])


@given(GAPS, st.floats(0.0, 2.0))
def test_nobody_is_held_longer_than_promised(gaps: list[float], promise_s: float) -> None:
    """Beyond the promise nobody waits but for commits that are under way."""
    arrivals = times(gaps)
    under_way = 2 * (COST.commit_s + COST.record_s * len(arrivals))
    for name, make in BATCH_POLICIES.items():
        done = replay_batches(arrivals, make(max(promise_s, 1e-3)), COST)
        assert len(done.waits) == len(arrivals), name
        assert max(done.waits) <= max(promise_s, 1e-3) + under_way + 1e-9, name


@given(GAPS, GAPS, st.floats(0.01, 1.0))
def test_nothing_looks_ahead(past: list[float], coming: list[float], promise_s: float) -> None:
    """What comes later changes no commit that was over before."""
    until = sum(past)
    starts = []
    for end in (coming, [9.0]):
        arrivals, found, policy = times(past + end), list[float](), counterfoil(promise_s)

        def noted(
            arrivals: list[float], first: int, ready: float, found: list[float] = found
        ) -> float:
            found.append(policy(arrivals, first, ready))  # noqa: B023  # used within the round
            return found[-1]

        replay_batches(arrivals, noted, COST)  # type: ignore[arg-type]
        starts.append([at for at in found if at < until])
    assert starts[0] == starts[1]


@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_on_ordinary_arrivals_it_is_a_timer(rate: float) -> None:
    """Where a quiet tells nothing it commits hardly oftener than a timer, which is best there."""
    arrivals = steady(rate, 4_000)
    ours = replay_batches(arrivals, counterfoil(0.1), COST)
    timer = replay_batches(arrivals, size_or_timer(0.1), COST)
    assert ours.commits <= 1.02 * timer.commits
    assert p95(ours.waits) <= p95(timer.waits)


def test_what_comes_together_is_not_kept_waiting() -> None:
    """Twenty records every second: as few commits as a timer of 0.5 s, and a tenth of its wait."""
    random = Random(3)
    arrivals = sorted(at + random.uniform(0, 0.012) for at in range(300) for _ in range(20))
    ours = replay_batches(arrivals, counterfoil(0.5), COST)
    timer = replay_batches(arrivals, size_or_timer(0.5), COST)
    assert ours.commits <= 1.2 * timer.commits
    assert p95(ours.waits) < 0.1 * p95(timer.waits)


def test_who_waits_for_the_answer_is_not_held() -> None:
    """One caller that records, waits and records again: to hold it would only be lost time."""
    hold, now = HoldWithin(0.1), 0.0
    held = []
    for _ in range(200):
        hold.arrived(now)
        begin, more = now, hold.wait_s(now, now, 1)
        while more > 0:
            now += more
            more = hold.wait_s(now, begin, 1)
        held.append(now - begin)
        hold.answered(now + 0.001)
        now += 0.002
    assert sum(held[100:]) < 100 * 0.02


def test_with_nothing_learned_nothing_is_held() -> None:
    """The first records are committed at once."""
    hold = HoldWithin(1.0)
    hold.arrived(0.0)
    assert hold.wait_s(0.0, 0.0, 1) == 0.0


@pytest.mark.parametrize("name", sorted(BATCH_POLICIES))
def test_nothing_comes(name: str) -> None:
    """No arrivals, no commits."""
    assert replay_batches([], BATCH_POLICIES[name](0.1), COST) == Batched([], 0, 0.0)
    assert p95([]) == 0.0

"""When to stop waiting for a cheaper block: never late, never by what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from math import sin
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.pace.fee_rule import LEAST, FeeRule, seasons_of, stop
from counterfoil.pace.fee_table import FeeTable, Shape, levels, logs
from counterfoil.pace.replay_fees import POLICIES, FeeTrace, Replayed, replay_each, replay_row

FEE = st.one_of(st.just(0.0), st.floats(1e-3, 1e15), st.integers(0, 2**70).map(float))
PATHS = st.lists(FEE, min_size=1, max_size=90)


def wandering(count: int, seed: int = 3, season: int = 24) -> list[float]:
    """Make fees that wander around a level and repeat a little."""
    random, value, found = Random(seed), 0.0, []
    for at in range(count):
        value = 0.8 * value + random.gauss(0, 0.2)
        found.append(1e9 * 2.718 ** (value + 0.4 * sin(6.2832 * at / season)))
    return found


def paid(found: Replayed) -> float:
    """Tell what was paid."""
    return found.fee_paid


@given(PATHS, st.integers(0, 40), st.integers(0, 60), st.sampled_from([0.0, 12.0, 3600.0]))
def test_no_deadline_is_missed(fees: list[float], horizon: int, begin: int, step_s: float) -> None:
    """Whatever the fees are, nobody waits longer than allowed, and hindsight pays least."""
    trace = FeeTrace(fees, horizon, min(begin, len(fees) - 1), step_s)
    for found in (replay_each(trace), replay_row(trace)):
        assert [one.late for one in found.values()] == [0] * len(POLICIES)
        least = paid(found["hindsight"])
        assert all(least <= paid(one) * (1 + 1e-9) for one in found.values())


@settings(max_examples=25)
@given(
    st.lists(FEE, min_size=40, max_size=70),
    st.lists(FEE, min_size=30, max_size=30),
    st.booleans(),
)
def test_nothing_looks_ahead(past: list[float], other: list[float], lasting: bool) -> None:
    """To change what comes later changes no decision before it."""
    replay = replay_row if lasting else replay_each
    known = len(past)
    traces = [FeeTrace(past + end, 6, LEAST + 2, 12.0) for end in (other, other[::-1])]
    for name in set(POLICIES) - {"hindsight"}:
        told = [[at for at in replay(trace)[name].stops if at < known] for trace in traces]
        assert told[0] == told[1]


@given(st.lists(st.tuples(FEE, st.sampled_from([0.0, 0.0, 1.0, 5.0])), min_size=1, max_size=12))
def test_hindsight_is_the_cheapest_way(rows: list[tuple[float, float]]) -> None:
    """The shortest path pays what the best of all choices of moments does."""
    fees, arrivals = [fee for fee, _ in rows], [count for _, count in rows]
    horizon = 3
    found = replay_row(FeeTrace(fees, horizon, 0, 12.0, arrivals))["hindsight"]
    waiting = [at for at, count in enumerate(arrivals) if count]
    best = float("inf")
    for chosen in range(1 << len(fees)):
        stops = [at for at in range(len(fees)) if chosen >> at & 1]
        if all(any(0 <= at - one <= horizon for at in stops) for one in waiting):
            best = min(best, sum(fees[at] for at in stops))
    assert found.fee_paid == pytest.approx(best if waiting else 0.0)


def test_it_pays_less_than_who_does_not_wait() -> None:
    """On fees that wander and repeat, ours is cheaper than at once, late always, and a median."""
    found = replay_each(FeeTrace(wandering(3_000), 12, 1_500, 3_600.0))
    ours = paid(found["counterfoil"])
    assert ours < min(paid(found[name]) for name in ("at_once", "fixed_interval", "threshold"))
    saving = paid(found["at_once"]) - paid(found["hindsight"])
    assert paid(found["at_once"]) - ours > 0.5 * saving


def test_the_table_is_the_best_policy_of_a_known_chain() -> None:
    """Fees of independent throws of a coin: the price to take is what further throws give."""
    random = Random(1)
    fees = [random.choice([1.0, 3.0]) for _ in range(8_000)]
    table = FeeTable(fees, 0, 3, Shape(1e9))
    flat = levels(logs(fees), 1e9)[-1]
    expected = [2.0, 1.5, 1.25]
    for left, price in enumerate(expected, start=1):
        assert table.price_to_take(0.0, flat, 0, left) == pytest.approx(price, rel=0.05)
    assert table.price_to_take(9.0, flat, 0, 0) == float("inf")


@pytest.mark.parametrize("count", [0, 1, LEAST - 1])
def test_with_nothing_learned_any_fee_is_taken(count: int) -> None:
    """Few fees teach nothing, and then nobody waits."""
    rule = FeeRule(5)
    rule.learn([7.0] * count)
    assert rule.shapes == []
    fees = [5.0, 1.0, 9.0]
    assert stop(fees, rule.prices(fees), 0, 2) == 0


@pytest.mark.parametrize("fees", [[0.0] * 60, [5.0] * 60, [0.0] * 59 + [1e300]])
@pytest.mark.parametrize("lasting", [False, True])
def test_flat_and_extreme_fees(fees: Sequence[float], lasting: bool) -> None:
    """Fees that never move, or by everything, are no reason to fail."""
    rule = FeeRule(4, lasting=lasting)
    rule.learn(fees)
    assert 0 <= stop(fees, rule.prices(fees), 0, 4) <= 4
    assert seasons_of(1e9) == ()

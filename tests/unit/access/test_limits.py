"""Buckets and work in flight: exact, bounded in memory, and never below nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.access.limits import Buckets, InFlight, Rate, address_group
from counterfoil.errors import TooMany


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_by_its_rate() -> None:
    """What was taken comes back with time, up to the burst, and the wait that is told is enough."""
    clock = Seconds()
    buckets, rate = Buckets(clock=clock), Rate(2.0, 3)
    assert [buckets.take("a", rate) for _ in range(3)] == [0.0] * 3
    wait = buckets.take("a", rate)
    assert wait == pytest.approx(0.5)
    clock.now += wait
    assert buckets.take("a", rate) == 0.0
    assert buckets.take("b", rate) == 0.0
    clock.now += 1_000
    assert [bool(buckets.take("a", rate)) for _ in range(4)] == [False] * 3 + [True]


def test_more_than_the_burst_is_owed() -> None:
    """A request for more than a full bucket holds gets it once it is full, and leaves it owing."""
    clock = Seconds()
    buckets, rate = Buckets(clock=clock), Rate(1.0, 10)
    assert buckets.take("a", rate, 30) == 0.0
    assert buckets.take("a", rate) == pytest.approx(21.0)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 8)), max_size=60))
def test_no_more_comes_out_than_in(steps: list[tuple[float, float]]) -> None:
    """However requests are spread, what is let through is at most burst plus rate times time."""
    clock = Seconds()
    buckets, rate = Buckets(clock=clock), Rate(1.5, 8)
    through = 0.0
    for pause, amount in steps:
        clock.now += pause
        if buckets.take("a", rate, amount) == 0.0:
            through += amount
    assert through <= 8 + 1.5 * clock.now + 1e-6


def test_memory_is_bounded() -> None:
    """A flood of addresses leaves no more buckets than the bound; the newest stay."""
    buckets, rate = Buckets(most=100, clock=Seconds()), Rate(0.001, 1)
    for number in range(10_000):
        buckets.take(str(number), rate)
    assert len(buckets) == 100
    assert buckets.take("9999", rate) > 0


def test_a_body_that_grows_is_counted() -> None:
    """What a body brings beyond what it said counts, too, unless it is alone."""
    flight = InFlight(10, 100)
    first = flight.enter(10)
    first.grow(500)
    first.grow(5)
    with pytest.raises(TooMany):
        flight.enter(1)
    first.leave()
    first, second = flight.enter(50), flight.enter(40)
    with pytest.raises(TooMany):
        second.grow(60)
    second.leave()
    second.grow(1_000)  # it has left: nothing is counted
    flight.enter(50).leave()
    first.leave()
    assert flight.count == 0


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("x" * 200, "x" * 64),
    ],
)
def test_who_counts_as_one(address: str, group: str) -> None:
    """Whoever has an IPv6 network has all of its addresses: the /64 is one client."""
    assert address_group(address) == group


def test_strangers_leave_room_for_others() -> None:
    """Who shows no key has a quarter of the places and bytes, however many of them come."""
    flight = InFlight(8, 4_000)
    taken = [flight.enter(500, stranger=True) for _ in range(2)]
    for size in (0, 500):
        with pytest.raises(TooMany):
            flight.enter(size, stranger=True)
    others = [flight.enter(500) for _ in range(6)]
    assert flight.full
    for one in (*taken, *others):
        one.leave()
    assert not flight.count
    with flight.enter(900, stranger=True), flight.enter(100, stranger=True) as second:
        with pytest.raises(TooMany):
            second.grow(200)
        with flight.enter(3_000):
            pass
    with flight.enter(4_000, stranger=True) as alone:
        alone.grow(5_000)

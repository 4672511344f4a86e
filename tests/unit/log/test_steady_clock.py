"""A log's time never goes back: small steps are bridged, large ones are refused."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from counterfoil.errors import Refused
from counterfoil.log.steady_clock import STEP_BACK_MAX_MS, SteadyClock
from counterfoil.ports import SystemClock
from counterfoil.testing.clock import ManualClock
from tests.log_rig import raises_code


def test_time_passes_as_the_machine_says() -> None:
    """While the machine's clock goes forward its time is told as it is."""
    machine = ManualClock(5_000)
    steady = SteadyClock(machine, 0)
    assert steady.now_ms() == 5_000
    machine.advance(10)
    assert steady.now_ms() == 5_010


def test_no_time_is_before_what_the_store_knows() -> None:
    """A log that is opened again goes on from its last time, even where the machine is behind."""
    steady = SteadyClock(ManualClock(4_999), 5_000)
    assert [steady.now_ms() for _ in range(3)] == [5_000] * 3


def test_many_calls_do_not_run_ahead() -> None:
    """However many ask in one millisecond, the time stays the machine's."""
    machine = ManualClock(5_000)
    steady = SteadyClock(machine, 0)
    assert {steady.now_ms() for _ in range(1_000)} == {5_000}
    machine.advance(1)
    assert steady.now_ms() == 5_001


@pytest.mark.parametrize("step_ms", [1, 1_000, STEP_BACK_MAX_MS])
def test_a_small_step_back_is_bridged(step_ms: int) -> None:
    """Up to five minutes back the time stands still until the machine has caught up."""
    machine = ManualClock(1_000_000)
    steady = SteadyClock(machine, 0)
    before = steady.now_ms()
    machine.advance(-step_ms)
    assert steady.now_ms() == before
    machine.advance(step_ms + 1)
    assert steady.now_ms() == before + 1


def test_a_large_step_back_is_refused() -> None:
    """Beyond five minutes the clock refuses, says by how much, and goes on once it is right."""
    machine = ManualClock(1_000_000)
    steady = SteadyClock(machine, 0)
    steady.now_ms()
    machine.advance(-STEP_BACK_MAX_MS - 1)
    for _ in range(2):
        with raises_code("clock.back", Refused) as caught:
            steady.now_ms()
        assert "300 s" in caught.value.message
    machine.advance(STEP_BACK_MAX_MS + 5)
    assert steady.now_ms() == 1_000_004


def test_many_threads_see_it_go_forward() -> None:
    """Each of many callers sees times that never go back, while the machine's clock jitters."""
    machine = ManualClock(100_000)
    steady = SteadyClock(machine, 0)

    def ask(seed: int) -> bool:
        jitter = random.Random(seed)
        times = []
        for _ in range(200):
            machine.advance(jitter.randint(-50, 60))
            times.append(steady.now_ms())
        return times == sorted(times)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))


def test_the_systems_clock_is_unix_time() -> None:
    """The machine's clock tells milliseconds since 1970: this code was written after 2025."""
    assert 1_750_000_000_000 < SystemClock().now_ms() < 10_000_000_000_000

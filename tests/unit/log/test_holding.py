"""A log whose owner lets receipts wait: more is committed and published at once, none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from counterfoil.errors import FatalLogError
from counterfoil.log import Log, Submission
from counterfoil.log.sequencer import Sequencer
from counterfoil.log.steady_clock import SteadyClock
from counterfoil.ports import Head, SystemClock
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.log_rig import ORIGIN, entries_of, open_note, sign
from tests.unit.log.sequencing import check_sound, held

LONG_S = 3_600.0


class Held:
    """Holds every group until `enough` submissions wait."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.heard, self.answers = 0, 0
        self.asked = threading.Event()

    def arrived(self, at_s: float) -> None:
        """Count."""
        assert at_s > 0
        self.heard += 1

    def answered(self, at_s: float) -> None:
        """Count."""
        assert at_s > 0
        self.answers += 1

    def wait_s(self, now_s: float, first_s: float, count: int) -> float:
        """Hold on while too few wait."""
        assert 0 < first_s <= now_s
        self.asked.set()
        return LONG_S if count < self.enough else 0.0


class Rig:
    """A sequencer that holds."""

    def __init__(self, enough: int) -> None:
        self.store, self.hold, self.heads = MemoryStore(), Held(enough), list[Head]()
        steady = SteadyClock(SystemClock(), 0)
        self.sequencer = Sequencer(self.store, ORIGIN, sign, steady, self.heads.append, self.hold)


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A sequencer that would hold a group for an hour."""
    made = Rig(3)
    yield made
    made.sequencer.close()


def test_what_waits_is_committed_on_close(rig: Rig) -> None:
    """Closing does not wait for the hold, and stores all in one commit."""
    futures = [rig.sequencer.submit(Submission([entry])) for entry in entries_of(2)]
    assert rig.hold.asked.wait(60)
    assert not any(future.done() for future in futures)
    rig.sequencer.close()
    assert [future.result(60).first for future in futures] == [0, 1]
    assert held(rig.store) == entries_of(2)
    assert len(rig.heads) == 1
    check_sound(rig.store)


def test_a_group_that_is_full_goes_on(rig: Rig) -> None:
    """However long something might be held: with enough of it nothing is."""
    first = rig.sequencer.submit(Submission(entries_of(1)))
    assert rig.hold.asked.wait(60)
    rest = rig.sequencer.submit(Submission(entries_of(600, 1)))
    assert first.result(60).size == 601
    assert rest.result(60).first == 1
    assert rig.hold.answers == 1


def test_what_the_publisher_asks_is_not_held(rig: Rig) -> None:
    """Work between two commits is done at once; what was held goes along."""
    future = rig.sequencer.submit(Submission(entries_of(1)))
    assert rig.hold.asked.wait(60)
    done = []
    rig.sequencer.run(lambda: done.append(1))
    assert done == [1]
    assert future.result(60).first == 0


def test_a_log_that_stops_holds_nobody(rig: Rig) -> None:
    """After a fatal error whoever is held hears it."""
    future = rig.sequencer.submit(Submission(entries_of(1)))
    assert rig.hold.asked.wait(60)
    rig.sequencer.stop(FatalLogError("log.unexpected", "expected a log, found none"))
    with pytest.raises(FatalLogError):
        future.result(60)


def test_the_hold_hears_of_all() -> None:
    """Each submission and each commit is told to who decides."""
    rig = Rig(1)
    for number in range(5):
        rig.sequencer.submit(Submission(entries_of(1, number))).result(60)
    rig.sequencer.close()
    assert (rig.hold.heard, rig.hold.answers) == (5, 5)


def opened(publish_hold_s: float) -> Log:
    """Open a log that publishes late."""
    return Log(
        MemoryStore(),
        MemoryTiles(),
        ORIGIN,
        sign,
        open_note,
        SystemClock(),
        publish_interval_s=0.01,
        publish_hold_s=publish_hold_s,
    )


def test_publishing_waits_for_more_but_not_for_who_asks() -> None:
    """What is committed is published later, at once where somebody waits for it, and on close."""
    log = opened(LONG_S)
    log.submit(Submission(entries_of(1))).result(60)
    assert log.published_size == 0
    log.wait_published(1)
    assert log.published_size == 1
    log.wait_published(1)
    log.submit(Submission(entries_of(2, 1))).result(60)
    assert log.published_size == 1
    log.close()
    assert log.published_size == 3


def test_publishing_waits_no_longer_than_allowed() -> None:
    """Nobody asks, and it is published all the same."""
    log = opened(0.05)
    log.submit(Submission(entries_of(1))).result(60)
    done = threading.Event()
    while log.published_size < 1:
        assert not done.wait(0.01)
    log.close()

"""Entries come with the best that is known of when they came, and from one history only."""

from __future__ import annotations

from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import InputError, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ports.watchers import Step
from counterfoil.testing.clock import ManualClock
from counterfoil.testing.traffic import Sent, SimulatedLog
from counterfoil.watch import LedgerLog, LogFeed
from counterfoil.watch.log_feed import best_time
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.watchers import START_MS, ledger_with_past


def read(ledger: Ledger, cursor: object = None, limit: int = 10_000) -> list[Step]:
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    return list(feed.steps(cursor, limit))


def test_it_reads_on_from_a_cursor(tmp_path: Path) -> None:
    """Read in pieces, a log gives each entry once and in order, with its leaf and kind."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as ledger:
        whole = read(ledger)
        assert [step.place for step in whole] == list(range(ledger.size))
        assert [step.event.leaf for step in whole] == [view.leaf for view in ledger.views()]
        cursor, pieces = None, []
        while part := read(ledger, cursor, 7):
            pieces += part
            cursor = part[-1].cursor
        assert [step.event for step in pieces] == [step.event for step in whole]


def test_times_are_held_within_the_logs_clock(tmp_path: Path) -> None:
    """A claimed time before or after what the log's clock allows is not believed."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as ledger:
        for claimed in (START_MS - 10**9, START_MS + 10**12):
            index = ledger.record({"a": 1}, at_ms=claimed).index
            event = read(ledger)[index].event
            assert event.claimed_ms == claimed
            assert event.after_ms is not None
            assert event.before_ms is not None
            assert event.after_ms <= event.at_ms <= event.before_ms


def test_members_of_a_batch_have_its_signer_and_time(tmp_path: Path) -> None:
    """Rows carry no signature of their own: who signed them stands behind them."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        done = ledger.record_many([{"n": n} for n in range(300)])
        events = [step.event for step in read(ledger)]
        rows = [events[index] for index in done.indices]
        batches = {event.signed_by for event in events if event.kind == "batch"}
        assert {row.signed_by for row in rows} == batches
        assert all(row.claimed_ms is not None for row in rows)


def test_another_history_is_refused(tmp_path: Path) -> None:
    """A log that is shorter, or has another entry there, is not read on."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as ledger:
        cursor = read(ledger)[20].cursor
        with raises_code("watch.history", VerificationError):
            read(ledger, {**cursor, "leaf": "00" * 32})
        with raises_code("watch.history", VerificationError):
            read(ledger, {**cursor, "next": 10_000})
        with raises_code("watch.cursor", InputError):
            read(ledger, {"next": "x"})


def test_what_cannot_be_read_does_not_stop_who_watches() -> None:
    """An entry of an unknown kind comes as such, and those after it too."""
    log = SimulatedLog()
    log.append([Sent(1000 * n, 1000 * n, "k", "record", {"n": n}, "s") for n in range(1, 4)])
    log.data[1] = b"\xd2 no statement"
    feed = LogFeed(log)
    feed.poll()
    assert [step.event.kind for step in feed.steps(None, 9)] == ["record", "unreadable", "record"]


@pytest.mark.parametrize(
    ("claimed", "before", "claims", "best"),
    [
        (500, None, [], 500),
        (None, None, [], 0),
        (None, None, [3, 4], 4),
        (10**9, None, [1000] * 5, 10**9),
        (1000, None, [10**9] * 5, 10**9 - 3_600_000),
        (None, None, [7] * 5, 7),
        (500, 400, [], 400),
        (None, 400, [], 400),
        (1000, 10**9 + 5, [10**9] * 5, 10**9 - 3_600_000),
    ],
)
def test_without_a_clock_others_claims_stand_in(
    claimed: int | None, before: int | None, claims: list[int], best: int
) -> None:
    """Where nothing is known of a log's clock, no single claim is believed to be of long ago."""
    assert best_time(claimed, None, before, claims) == best


def test_a_ledger_that_grows_is_noticed(tmp_path: Path) -> None:
    """Each look says whether there is more, and the time of a new commit is known at once."""
    clock = ManualClock(START_MS + 10**10)
    with open_ledger(ledger_with_past(tmp_path / "ledger"), clock=clock) as ledger:
        feed = LogFeed(LedgerLog(ledger))
        assert feed.poll()
        assert not feed.poll()
        cursor = list(feed.steps(None, 1000))[-1].cursor
        clock.advance(10_000)
        ledger.record({"new": 1})
        assert feed.poll()
        (step,) = feed.steps(cursor, 1000)
        assert step.event.before_ms == clock.now_ms()

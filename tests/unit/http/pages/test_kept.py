"""What is worked out once for all who look."""

from __future__ import annotations

import threading

import pytest

from counterfoil.errors import NotFound
from counterfoil.http.pages.kept import worked_out
from counterfoil.ledger import Ledger


def test_it_is_worked_out_once_until_it_is_due(ledger: Ledger) -> None:
    """Many who ask cause one piece of work; when its time is over, the next one."""
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return len(calls)

    assert [worked_out(ledger, "n", 600, work) for _ in range(5)] == [1] * 5
    assert worked_out(ledger, "other", 600, work) == 2
    assert worked_out(ledger, "soon", 0, work) == 3


def test_nobody_waits_longer_than_they_want(ledger: Ledger) -> None:
    """While it is worked out there is nothing; later, meanwhile, what was found before."""
    go = threading.Event()

    def slow() -> str:
        assert go.wait(30)
        return "found"

    assert worked_out(ledger, "n", 0, slow, wait_s=0) is None
    go.set()
    assert worked_out(ledger, "n", 0, slow) == "found"
    go.clear()
    assert worked_out(ledger, "n", 0, slow, wait_s=0) == "found"
    go.set()


def test_what_fails_is_told_and_tried_again(ledger: Ledger) -> None:
    """An error reaches who asks, and does not stay."""

    def fails() -> int:
        raise NotFound("entry.index", "expected it, found nothing")

    with pytest.raises(NotFound):
        worked_out(ledger, "n", 0, fails)
    while worked_out(ledger, "n", 0, lambda: 1) != 1:
        pass


def test_work_that_times_out_itself_is_no_waiting(ledger: Ledger) -> None:
    """A TimeoutError of the work is its error, not that of who waits."""

    def fails() -> int:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        worked_out(ledger, "n", 600, fails)

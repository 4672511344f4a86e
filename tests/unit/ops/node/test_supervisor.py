"""A node's parts are kept going, and it is told how they fare."""

from __future__ import annotations

import threading

import pytest

from counterfoil.errors import Unavailable
from counterfoil.ops.node import supervisor as supervising
from counterfoil.ops.node.status import NodeStatus, Service
from counterfoil.ops.node.supervisor import Part, Supervisor
from counterfoil.ports import SystemClock

LIMIT_S = 30.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "_FIRST_WAIT_S", 0.01)


def test_what_fails_is_begun_again_and_said() -> None:
    """A part that failed runs again; its error and the number of its restarts are told."""
    tries, again = list[int](), threading.Event()
    heard: list[Service] = []

    def work(part: Part) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("peer.gone", "expected an answer, found none")
        again.set()
        while not part.wait(0.01):
            pass

    supervisor = Supervisor(SystemClock(), heard.append)
    supervisor.start("peer", work, needed=True)
    assert again.wait(LIMIT_S)
    (service,) = supervisor.services()
    supervisor.close()
    assert (service.state, service.restarts) == ("running", 2)
    assert [one.state for one in heard] == [
        "running", "waiting", "running", "waiting", "running", "stopped",
    ]  # fmt: skip
    assert "[peer.gone]" in heard[1].detail


def test_an_unforeseen_error_ends_neither_the_part_nor_the_others() -> None:
    """A bug in one part is told with its type; the other parts go on."""
    failed, other = threading.Event(), threading.Event()
    waiting: list[Service] = []

    def hear(one: Service) -> None:
        if one.state == "waiting":
            waiting.append(one)
            failed.set()

    def broken(_: Part) -> None:
        raise ZeroDivisionError("by zero")

    def fine(part: Part) -> None:
        while not part.wait(0.01):
            other.set()

    supervisor = Supervisor(SystemClock(), hear)
    supervisor.start("broken", broken)
    supervisor.start("fine", fine)
    assert failed.wait(LIMIT_S)
    assert other.wait(LIMIT_S)
    found = {one.name: one for one in supervisor.services()}
    supervisor.close()
    assert waiting[0].name == "broken"  # by now it may run again, and has said nothing yet
    assert waiting[0].detail.startswith("ZeroDivisionError: by zero")
    assert found["fine"].state == "running"


def test_a_node_is_ready_when_all_that_is_needed_runs() -> None:
    """What is not needed may wait; what is needed may not."""
    runs = Service("log", "running", 0, needed=True)
    assert NodeStatus(0, (runs, Service("mirrors", "waiting", 0))).ready
    assert not NodeStatus(0, (runs, Service("access", "waiting", 0, needed=True))).ready


def test_a_name_stands_for_one_part() -> None:
    """Two parts of one name would hide each other."""
    supervisor = Supervisor(SystemClock())
    supervisor.start("one", lambda _: None)
    with pytest.raises(ValueError, match="runs already"):
        supervisor.start("one", lambda _: None)
    supervisor.close()

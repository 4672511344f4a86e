"""Decisions recorded in the background: in order, once, and never lost without a word."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, InputError, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions.background import Background
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.results import RecordedMany
from counterfoil.ports import Said
from tests.statements import refused
from tests.unit.ledger.decisions.conftest import OWN


@dataclass
class Told:
    """A decision that says a number, or nothing that can be recorded."""

    handle: Handle
    number: int
    wrong: bool = False

    def said(self) -> Said:
        if self.wrong:
            raise InputError("person.value", "expected a value, found none")
        return Said("decision", {"number": self.number})


@dataclass
class Disk:
    """Records statements as the ledger does; `hold` keeps it from answering, `fail` breaks it.

    It refuses a whole batch for a number below zero, as the ledger does for a bad statement.
    """

    written: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    fail: CounterfoilError | None = None

    def write(self, said: Sequence[Said]) -> Future[RecordedMany]:
        self.hold.wait()
        answer: Future[RecordedMany] = Future()
        numbers = [one.fields["number"] for one in said]
        if self.fail is not None:
            answer.set_exception(self.fail)
        elif min(numbers) < 0:
            raise InputError("predicate.malformed", "expected a number from 0, found less")
        else:
            first = len(self.written)
            self.written += numbers
            self.batches.append(len(numbers))
            indices = tuple(range(first, len(self.written)))
            answer.set_result(RecordedMany("s", first, len(said), len(said), first, indices))
        return answer


@pytest.fixture
def disk() -> Disk:
    """Give a disk that answers at once."""
    made = Disk()
    made.hold.set()
    return made


def add(queue: Background, number: int, *, wrong: bool = False) -> Handle:
    made = Told(Handle(queue.hurry), number, wrong)
    assert queue.add(made)
    return made.handle


def test_what_is_added_is_written_in_order(disk: Disk) -> None:
    """Handles give each one's own place; few transactions hold many."""
    queue = Background(disk.write)
    handles = [add(queue, number) for number in range(1000)]
    queue.flush()
    assert disk.written == list(range(1000))
    assert [handle.result() for handle in handles] == list(range(1000))
    assert len(disk.batches) < 20
    queue.close()
    queue.close()


def test_a_full_queue_makes_its_callers_wait(disk: Disk) -> None:
    """Nothing is dropped to make room: who decides faster than the disk writes must wait."""
    queue = Background(disk.write, limit=5)
    disk.hold.clear()
    add(queue, 0)
    while queue._waiting:  # until the worker has taken it, and stands at the disk
        queue.hurry()
    for number in range(1, 6):
        add(queue, number)
    assert not queue.add(Told(Handle(queue.hurry), 99), wait=False)
    waiting = threading.Thread(target=add, args=(queue, 6))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    with refused("decision.slow", Unavailable):
        queue.flush(timeout=0.01)
    disk.hold.set()
    waiting.join()
    queue.close()
    assert disk.written == list(range(7))


def test_one_that_is_wrong_harms_no_other(disk: Disk) -> None:
    """Beside a statement that cannot be built, and one that the ledger refuses, all are written."""
    queue = Background(disk.write)
    disk.hold.clear()
    handles = [add(queue, 1), add(queue, 2, wrong=True), add(queue, -3), add(queue, 4)]
    disk.hold.set()
    with refused("person.value"):
        handles[1].result()
    with refused("predicate.malformed"):
        handles[2].result()
    assert (handles[0].result(), handles[3].result()) == (0, 1)
    queue.flush()  # both were told at their handles
    queue.close()


def test_an_error_that_nobody_heard_of_is_told(disk: Disk) -> None:
    """At the next decision or flush, once, with how many there are; then work goes on."""
    queue = Background(disk.write)
    disk.fail = Unavailable("log.disk-full", "expected room on the disk, found none")
    for number in range(3):
        add(queue, number)
    with pytest.raises(Unavailable, match="3 earlier decisions were not recorded") as caught:
        queue.flush()
    assert caught.value.code == "log.disk-full"
    queue.flush()
    lost = add(queue, 3)
    assert isinstance(lost.exception(), Unavailable)  # heard of it here
    queue.raise_untold()
    add(queue, 4)
    queue._drain(None)
    with pytest.raises(Unavailable, match="an earlier decision was not recorded"):
        queue.raise_untold()
    disk.fail = None
    assert add(queue, 5).result() == 0
    queue.close()


def test_closing_tells_what_was_lost(disk: Disk) -> None:
    """The last errors surface where the queue is closed; nothing is taken afterwards."""
    queue = Background(disk.write)
    disk.fail = Unavailable("log.disk-full", "expected room on the disk, found none")
    add(queue, 1)
    with refused("log.disk-full", Unavailable):
        queue.close()
    queue.close()
    with refused("decision.closed", Unavailable):
        add(queue, 2)


def test_whatever_is_raised_is_told(disk: Disk) -> None:
    """An error that is none of ours is told as what it means: a decision is lost."""

    def broken(said: Sequence[Said]) -> Future[RecordedMany]:
        raise ZeroDivisionError("a bug")

    queue = Background(broken)
    add(queue, 1)
    with refused("decision.lost", Unavailable):
        queue.flush()
    queue.close()


def test_eight_threads_decide(ledger: Ledger, own: int) -> None:
    """Each decision of each thread is recorded once, and those of a thread in their order."""

    def decide(thread: int) -> list[int]:
        made = []
        for number in range(250):
            with ledger.decision("credit", {"thread": thread, "number": number}) as d:
                d.outcome = "hold"
            made.append(d.recorded)
        return [handle.result() for handle in made if handle is not None]

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(decide, range(8)))
    assert all(sorted(places) == places for places in placed)
    assert len({index for places in placed for index in places}) == 2000
    views = [view for view in ledger.views() if view.kind == "decision"]
    assert len(views) == 2000
    for thread, places in enumerate(placed):
        said = [ledger.get(index).content["inputs"] for index in places[::50]]
        assert said == [{"thread": thread, "number": number} for number in range(0, 250, 50)]


FORGETFUL = """
import sys, counterfoil
ledger = counterfoil.open(sys.argv[1])
for number in range(300):
    with ledger.decision("credit", {"n": number}) as d:
        d.outcome = "hold"
"""


@pytest.mark.parametrize("guest", [False, True], ids=["owner", "guest"])
def test_a_program_that_ends_without_closing(folder: Path, *, guest: bool) -> None:
    """What waits is recorded when the interpreter ends, by the owner and by its guests."""
    with counterfoil.open(folder) as ledger:
        ledger.record_statement("model", OWN)
        if guest:
            subprocess.run([sys.executable, "-c", FORGETFUL, str(folder)], check=True)
    if not guest:
        subprocess.run([sys.executable, "-c", FORGETFUL, str(folder)], check=True)
    with counterfoil.open(folder) as ledger:
        said = [view.content for view in ledger.views() if view.kind == "decision"]
    assert [one["inputs"]["n"] for one in said] == list(range(300))


def test_a_guest_of_the_owner_decides(folder: Path, ledger: Ledger, own: int) -> None:
    """A process that forwards to the owner records in the background, too, sealed or not."""
    with counterfoil.open(folder) as guest:
        made = []
        for number in range(50):
            with guest.decision("credit", {"n": number}, person=f"C-{number}") as d:
                d.outcome = "hold"
            made.append(d.recorded)
        guest.decisions.flush()
        places = [handle.result() for handle in made if handle is not None]
    assert places == sorted(places)
    assert all(ledger.get(index).content["outcome"] == "hold" for index in places)

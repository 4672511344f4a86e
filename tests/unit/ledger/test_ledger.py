"""The facade: waiting and background, sync and async, open and closed, one process and forks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, FatalLogError, NotFound, Refused, Unavailable
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Ledger, Recorded
from tests.ledgers import OWNER, parts_of, prove
from tests.statements import refused


def test_what_a_ledger_says_of_itself(ledger: Ledger, folder: Path) -> None:
    """Its settings, identity, files, policy, size, sources, keys and checkpoints are at hand."""
    assert (ledger.config.organisation, ledger.layout.folder) == (OWNER, folder)
    assert ledger.origin == ledger.config.origin
    assert isinstance(ledger.policy, Policy)
    assert ledger.size == 3
    assert ledger.sources() == [(OWNER, f"genesis:{ledger.keys[0].keyid[:16]}", 3)]
    assert [period.role for period in ledger.keys] == ["producer", "recovery"]
    assert ledger.checkpoints()[-1].note == ledger.published()
    assert ledger.counter("nothing") is None


def test_reading(ledger: Ledger) -> None:
    """Entries are read by index or in runs, as bytes or decoded; runs end where the log ends."""
    ledger.record_many([{"n": n} for n in range(300)], source="s")
    assert ledger.entry(3) == next(ledger.entries(3))
    assert ledger.get(3).content == {"n": 0}
    assert len(list(ledger.entries())) == ledger.size == 306
    assert [view.index for view in ledger.views(300)] == list(range(300, 306))
    assert [view.index for view in ledger.views(-5, 2)] == [0, 1]
    assert list(ledger.entries(5, 5)) == list(ledger.entries(9, 3)) == []
    assert len(list(ledger.views(304, 10**9))) == 2
    for index in (-1, 306, 10**12):
        with refused("entry.index", NotFound):
            ledger.get(index)
        with refused("entry.index", NotFound):
            ledger.entry(index)


def test_receipts_can_be_kept_as_text(ledger: Ledger) -> None:
    """A receipt verifies as object, bytes and text, under policies of every form."""
    receipt = ledger.receipt(ledger.record({"a": 1}).index)
    data = receipts.format(receipt)
    text = ledger.layout.policy.read_text("utf-8")
    for form in (receipt, data, data.decode()):
        assert ledger.verify(form).content == b'{"a":1}'
        for policy in (ledger.policy, text, text.encode()):
            assert counterfoil.verify(form, policy).grade == "signed by the log alone"


def test_receipts_wait_for_publication(ledger: Ledger) -> None:
    """The receipt of what was just recorded is there at once for its owner."""
    for n in range(5):
        recorded = ledger.record({"n": n})
        assert ledger.receipt(recorded.index).record.index == recorded.index
    ledger.record({})
    ledger.publish()
    assert ledger.published() == ledger.checkpoints()[-1].note


def test_in_the_background(ledger: Ledger) -> None:
    """Futures resolve once their record is durable, and raise what `record` would."""
    futures = [ledger.record_later({"n": n}) for n in range(500)]
    found = [future.result() for future in futures]
    assert [recorded.number for recorded in found] == list(range(500))
    expect: dict[str, Any] = {"k": (1, 2)}
    failing = ledger.record_later({}, expect=expect)
    with refused("log.expect", Conflict):
        failing.result()
    rows = ledger.record_rows([b'{"n":1}', b'{"n":2}'], "s", 0)
    assert rows.result().indices == (503, 504)


def test_async(ledger: Ledger) -> None:
    """Many tasks record at once; errors reach the task; the loop is not blocked."""

    async def story() -> list[Recorded]:
        found = await asyncio.gather(*(ledger.arecord({"n": n}, source="s") for n in range(100)))
        with refused("record.header"):
            await ledger.arecord({}, colour="red")
        expect: dict[str, Any] = {"seat": (None, "x")}
        both = await asyncio.gather(
            ledger.arecord({"n": 1}, expect=expect),
            ledger.arecord({"n": 2}, expect=expect),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in both) == ["Conflict", "Recorded"]
        return list(found)

    found = asyncio.run(story())
    assert sorted(recorded.number for recorded in found) == list(range(100))
    assert prove(ledger, found[7].index).content is not None


def test_a_cancelled_task(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """A task that no longer waits leaves its record in order, and no noise."""

    async def story() -> None:
        tasks = [asyncio.create_task(ledger.arecord({"n": n}, source="s")) for n in range(20)]
        await asyncio.sleep(0.001)
        for task in tasks[::2]:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    asyncio.run(story())
    later = ledger.record({}, source="s")
    numbers = [view.number for view in ledger.views(3)]
    assert numbers == list(range(later.number + 1))
    assert caplog.records == []


def test_verbs_after_closing(folder: Path) -> None:
    """A closed ledger says that it is closed, whatever is asked of it; closing again is nothing."""
    ledger = counterfoil.open(folder)
    recorded = ledger.record({"a": 1})
    ledger.close()
    ledger.close()
    writes: list[Callable[[], object]] = [
        lambda: ledger.record({}),
        lambda: ledger.record_later({}),
        lambda: asyncio.run(ledger.arecord({})),
        lambda: ledger.record_many([{}]),
        lambda: ledger.record_rows([b"{}"]),
        lambda: ledger.record_block([{}]),
        lambda: ledger.record_statement("x:y", {}),
        lambda: ledger.append(b"{}"),
        lambda: ledger.publish(),
        lambda: ledger.key_admin,
    ]
    for verb in writes:
        with refused("ledger.closed", Unavailable):
            verb()
    reads: list[Callable[[], object]] = [
        lambda: ledger.size,
        lambda: ledger.get(recorded.index),
        lambda: list(ledger.views()),
        lambda: ledger.counter("k"),
        lambda: ledger.sources(),
        lambda: ledger.checkpoints(),
        lambda: ledger.receipt(recorded.index),
    ]
    for read in reads:
        with pytest.raises(Unavailable, match="closed"):
            read()
    with counterfoil.open(folder) as again:
        assert again.get(recorded.index).content == {"a": 1}


def test_closing_records_what_waits(folder: Path) -> None:
    """What was handed over before closing is durable and published afterwards."""
    with counterfoil.open(folder) as ledger:
        futures = [ledger.record_later({"n": n}) for n in range(300)]
    assert [future.result().index for future in futures] == list(range(3, 303))
    with counterfoil.open(folder, read_only=True) as reader:
        assert prove(reader, 302).content == b'{"n":299}'


def test_closing_while_others_record(folder: Path) -> None:
    """Threads that still record while a ledger closes are either recorded or told."""
    ledger = counterfoil.open(folder)
    recorded, refusals = list[int](), list[str]()

    def work() -> None:
        while True:
            try:
                recorded.append(ledger.record({"a": 1}).index)
            except Unavailable as err:
                refusals.append(err.code)
                return

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    ledger.close()
    for thread in threads:
        thread.join()
    assert len(refusals) == 6
    assert set(refusals) <= {"ledger.closed", "log.closed", "store.unavailable"}
    with counterfoil.open(folder) as again:
        assert sorted(recorded) == list(range(3, again.size))


def test_an_error_inside_still_closes(folder: Path) -> None:
    """Leaving the context by an error records what was handed over, and frees the ledger."""
    with pytest.raises(RuntimeError, match="mine"), counterfoil.open(folder) as ledger:
        ledger.record_later({"a": 1})
        raise RuntimeError("mine")
    with counterfoil.open(folder) as again:
        assert again.size == 4


def test_after_a_fatal_error(ledger: Ledger) -> None:
    """A log that must not go on says why at every record, and can still be read and closed."""
    parts_of(ledger).log._sequencer.stop(FatalLogError("log.mismatch", "expected a, found b"))
    for _ in range(2):
        with refused("log.mismatch", FatalLogError):
            ledger.record({})
    assert ledger.get(2).kind == "organisation"


FORKED = """
import os, sys, time
import counterfoil
from counterfoil.errors import CounterfoilError

def quiet():  # a thread that is in SQLite at a fork leaves its mutex taken in the child
    ledger.publish()
    time.sleep(0.1)

ledger = counterfoil.open(sys.argv[1])
ledger.record({"from": "parent"})
quiet()
child = os.fork()
if child == 0:
    try:
        ledger.record({"from": "child"})
    except CounterfoilError as err:
        print(err.code, flush=True)
    try:
        ledger.key_admin
    except CounterfoilError as err:
        print(err.code, flush=True)
    ledger.close()
    with counterfoil.open(sys.argv[1]) as own:
        print(type(own._recorder).__name__, own.record({"from": "child"}).index, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(ledger.record({"from": "parent"}).index, flush=True)
quiet()
child = os.fork()
if child == 0:
    os.read(0, 1)
    os._exit(0)
ledger.close()
with counterfoil.open(sys.argv[1]) as again:
    print(type(again._recorder).__name__, again.size, flush=True)
"""


def test_forks(folder: Path) -> None:
    """A forked child cannot write or close what is its parent's; it opens the ledger itself.

    What a child inherits does not keep the ledger owned after its parent let go.
    """
    ran = subprocess.run(
        [sys.executable, "-c", FORKED, folder],
        input="x",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "ledger.forked",
        "ledger.forked",
        "ForwardingRecorder 4",
        "5",
        "LocalRecorder 6",
    ]


FORGETFUL = """
import sys
import counterfoil
ledger = counterfoil.open(sys.argv[1])
if sys.argv[2] == "guest":
    ledger = counterfoil.open(sys.argv[1])
futures = [ledger.record_later({"n": n}, source="s") for n in range(200)]
done = ledger.record_many([{"m": n} for n in range(50)], source="m")
print(sum(future.done() for future in futures), done.size, flush=True)
if sys.argv[2] == "error":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("how", ["end", "error", "guest"])
def test_an_interpreter_that_ends_without_closing(folder: Path, how: str) -> None:
    """A program that forgets to close ends promptly, and loses nothing that it was told of."""
    ran = subprocess.run(
        [sys.executable, "-c", FORGETFUL, folder, how], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (3 if how == "error" else 0, "")
    done, size = map(int, ran.stdout.split())
    assert (done, size) == (200, 254)
    with counterfoil.open(folder) as ledger:
        assert ledger.size >= size
        assert [prove(ledger, index).index for index in (3, 100, 202, 203, 252)]


def test_read_only_folders_of_others(folder: Path) -> None:
    """A reader leaves no trace in the folder: not one file changes."""

    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in folder.rglob("*")
            if not path.name.endswith(("-shm", "-wal"))
        }

    before = state()
    with counterfoil.open(folder, read_only=True) as reader:
        prove(reader, 2)
        list(reader.views())
    assert state() == before


def test_signals_do_not_end_a_record(folder: Path) -> None:
    """Ctrl-C while waiting reaches the caller; the record is in order all the same."""
    script = (
        "import os, signal, sys, threading, counterfoil\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "ledger = counterfoil.open(sys.argv[1])\n"
        "threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "count = 0\n"
        "try:\n"
        "    while True:\n"
        "        ledger.record({'n': count}); count += 1\n"
        "except KeyboardInterrupt:\n"
        "    ledger.close()\n"
        "    print(count)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    with counterfoil.open(folder) as ledger:
        assert ledger.size - 3 - int(ran.stdout) in (0, 1)
        assert [view.content["n"] for view in ledger.views(3)] == list(range(ledger.size - 3))


def test_owners_do_not_leak(folder: Path) -> None:
    """Opening and closing again and again leaves no thread and no file behind."""
    counterfoil.open(folder).close()
    handles = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with counterfoil.open(folder) as ledger, counterfoil.open(folder) as guest:
            guest.record({})
            with counterfoil.open(folder, read_only=True) as reader:
                assert reader.size == ledger.size
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(
        thread.name in ("sequencer", "publisher", "forward") for thread in threading.enumerate()
    ):
        time.sleep(0.01)
    names = [thread.name for thread in threading.enumerate()]
    assert not {"sequencer", "publisher", "forward"} & set(names), names
    assert len(list(Path("/proc/self/fd").iterdir())) == handles


def test_writes_need_the_rights(ledger: Ledger) -> None:
    """The process that owns a ledger changes its keys; it is the one that opened it first."""
    assert ledger.key_admin.keyring.owner == OWNER
    with counterfoil.open(ledger.layout.folder) as guest, refused("ledger.not-owner", Refused):
        _ = guest.key_admin
    assert os.getpid() == ledger._process

"""Several processes write one ledger, and any of them is killed: nothing twice, nothing lost.

Every process keeps what was acknowledged to it. In the end each of these records stands in the
log, once, under its number, and is proven.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict
from counterfoil.ledger import Ledger
from counterfoil.ledger.audit import audit
from counterfoil.storage import read_owner
from tests.ledgers import OWNER, confirm_inclusion, copy_ledger, merkle_tree, prove
from tests.shared_data import program
from tests.statements import refused

WRITER = """
import json, sys, time
import counterfoil
from counterfoil.errors import Conflict, Unavailable

folder, source, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger, number, gone = None, 0, 0
while number < count:
    try:
        if ledger is None:
            ledger = counterfoil.open(folder)
        done = ledger.record({"from": source, "n": number}, source=source, number=number)
    except (Conflict, Unavailable) as err:
        assert err.code in ("ledger.owner-gone", "ledger.owned", "log.closed"), err
        gone += err.code == "ledger.owner-gone"
        if ledger is not None:
            ledger.close()
        ledger = None
        time.sleep(0.01)
        continue
    print(json.dumps([number, done.index, done.leaf, gone]), flush=True)
    number += 1
ledger.close()
"""

OWNER_ONLY = """
import sys, time
import counterfoil
ledger = counterfoil.open(sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""

SEATS = """
import sys
import counterfoil
from counterfoil.errors import Conflict

won = []
with counterfoil.open(sys.argv[1]) as ledger:
    sys.stdin.read(1)
    for seat in range(25):
        try:
            ledger.record({"seat": seat}, expect={f"seat/{seat}": (None, sys.argv[2])})
            won.append(seat)
        except Conflict as err:
            assert err.code == "log.expect", err
print(*won)
"""

ROWS = """
import sys
import counterfoil

rows = [b'{"row":%d}' % n for n in range(1500)]
with counterfoil.open(sys.argv[1]) as ledger:
    for first in range(0, len(rows), 60):
        done = ledger.record_many(rows[first:first + 60], source="file", first=first)
        print(first, done.new, flush=True)
"""

ROTATION = """
import sys
import counterfoil
with counterfoil.open(sys.argv[1]) as ledger:
    ledger.key_admin.rotate("yearly")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a new ledger."""
    return copy_ledger(tmp_path / "ledger")


@contextlib.contextmanager
def running(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script in another process, and never leave it behind."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def assert_sound(ledger: Ledger) -> None:
    """Audit the whole log, signatures and all, and prove every entry by two implementations."""
    report = audit(ledger.layout.folder, full=True)
    assert not report.damaged, [str(finding) for finding in report.findings]
    ledger.publish()
    tree = merkle_tree(ledger.entries())
    for index in range(0, ledger.size, 7):
        confirm_inclusion(tree, ledger.receipt(index), prove(ledger, index))


def acknowledged(output: str) -> list[list[Any]]:
    """Read what a writer was told; a line that was cut by a kill was not told."""
    return [json.loads(line) for line in output.splitlines() if line.endswith("]")]


def assert_recorded(ledger: Ledger, told: dict[str, list[list[Any]]]) -> None:
    """Check that each acknowledged record stands where it was said to stand, and only there."""
    seen: dict[tuple[str | None, int | None], int] = {}
    for view in ledger.views(3):
        place = view.source, view.number
        assert place not in seen
        seen[place] = view.index
        assert view.content == {"from": view.source, "n": view.number}
    for source, answers in told.items():
        for number, index, leaf, _ in answers:
            assert seen[source, number] == index
            assert ledger.get(index).leaf == leaf


def test_the_owner_is_killed(folder: Path) -> None:
    """Three processes write through an owner that is killed: one of them takes over, and again."""
    count, told = 60, dict[str, list[list[Any]]]()
    with contextlib.ExitStack() as stack:
        owner = stack.enter_context(running(OWNER_ONLY, folder))
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        writers = {
            f"w{n}": stack.enter_context(running(WRITER, folder, f"w{n}", count)) for n in range(3)
        }
        with counterfoil.open(folder, read_only=True) as reader:
            while len(reader.sources()) < 4:  # everybody is writing
                time.sleep(0.005)
            os.kill(owner.pid, signal.SIGKILL)
            killed_at = reader.size
            while reader.size < min(killed_at + 20, 3 + 2 * count):
                time.sleep(0.005)
        second = read_owner(folder).get("pid")
        victim = next((name for name, w in writers.items() if w.pid == second), None)
        if victim is not None:
            os.kill(writers[victim].pid, signal.SIGKILL)
        for name, writer in writers.items():
            output, errors = writer.communicate(timeout=60)
            assert errors == "", errors
            told[name] = acknowledged(output)
    finished = [answers for name, answers in told.items() if name != victim]
    assert [len(answers) for answers in finished] == [count] * len(finished)
    noticed = sum(answers[-1][3] for answers in told.values())
    assert noticed > 0, "nobody noticed that the owner died"
    with counterfoil.open(folder) as ledger:
        assert_recorded(ledger, told)
        assert_sound(ledger)


def test_exactly_one_winner(folder: Path) -> None:
    """Of four processes that want the same seats each seat has one winner, also after reopening."""
    with contextlib.ExitStack() as stack:
        buyers = [stack.enter_context(running(SEATS, folder, f"p{n}")) for n in range(4)]
        with counterfoil.open(folder):
            time.sleep(0.5)
            for buyer in buyers:
                assert buyer.stdin is not None
                buyer.stdin.write("x")
                buyer.stdin.flush()
            outputs = [buyer.communicate(timeout=60) for buyer in buyers]
    assert [errors for _, errors in outputs] == [""] * 4
    won = {f"p{n}": list(map(int, output.split())) for n, (output, _) in enumerate(outputs)}
    assert sorted(seat for seats in won.values() for seat in seats) == list(range(25))
    with counterfoil.open(folder) as ledger:
        for name, seats in won.items():
            assert [ledger.counter(f"seat/{seat}") for seat in seats] == [name] * len(seats)
        assert ledger.size == 3 + 25
        numbers = [view.number for view in ledger.views(3)]
        while len(numbers) < 100:  # numbers of the losers are not lost either
            numbers.append(ledger.record({}).number)
        assert sorted(number for number in numbers if number is not None) == list(range(100))
        assert_sound(ledger)


def test_a_killed_batch_goes_on(folder: Path) -> None:
    """A file whose recording is killed again and again is recorded once in the end, in order."""
    runs, new = 0, 0
    for stop_after in (2, 9, 4, 17, 1000):
        with running(ROWS, folder) as process:
            assert process.stdout is not None
            for told, line in enumerate(process.stdout):
                new += int(line.split()[1])
                if told == stop_after:
                    process.kill()
            runs += 1
    assert runs == 5
    assert new <= 1500
    with counterfoil.open(folder) as ledger:
        rows = [view for view in ledger.views() if view.source == "file"]
        assert [view.number for view in rows] == list(range(1500))
        assert [view.content["row"] for view in rows] == list(range(1500))
        assert ledger.sources()[-1] == (OWNER, "file", 1500)
        assert_sound(ledger)


@pytest.mark.parametrize("when", [1, 2])
def test_killed_within_a_rotation(folder: Path, when: int) -> None:
    """Killed before or between the renames of a rotation, the ledger goes on with the new key."""
    strace = [program("strace"), "-f", "-qq", "-o", "/dev/null"]
    kill = f"inject=rename:signal=KILL:when={when}"
    subprocess.run([*strace, "-e", kill, sys.executable, "-c", ROTATION, folder], check=False)
    with counterfoil.open(folder) as ledger:
        recorded = ledger.record({"after": "crash"})
        assert len(ledger.keys) == 3
        assert prove(ledger, recorded.index).signer == ledger.keys[-1]
        ledger.key_admin.rotate()
        assert prove(ledger, ledger.record({}).index).signer == ledger.keys[-1]
        assert_sound(ledger)


def test_two_owners_do_not_fork(folder: Path) -> None:
    """Even when somebody deletes the lock, so that two own a ledger, the log never forks."""
    with counterfoil.open(folder) as first:
        (folder / "owner.lock").unlink()
        second = counterfoil.open(folder)
        recorded = first.record({"from": "first"})
        for _ in range(2):
            with refused("store.base", Conflict):
                second.record({"from": "second"})
        receipt = first.receipt(recorded.index)
        second.close()
        assert first.record({"from": "first"}).index == recorded.index + 1
    with counterfoil.open(folder) as again:
        assert [view.content for view in again.views(3)] == [{"from": "first"}] * 2
        assert again.verify(receipt).index == recorded.index
        assert_sound(again)


def test_reading_while_others_write(folder: Path) -> None:
    """A reader beside a busy owner sees whole records in order, and every receipt verifies."""
    with running(WRITER, folder, "w", 120), counterfoil.open(folder, read_only=True) as reader:
        checked = 3
        while checked < 123:
            size = reader.size
            views = list(reader.views(checked, size))
            assert [view.number for view in views] == list(range(checked - 3, size - 3))
            with contextlib.suppress(counterfoil.errors.NotFound):  # not published yet
                prove(reader, size - 1)
            checked = size
    assert checked == 123

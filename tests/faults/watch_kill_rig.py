"""Kill a watcher at every step of its work, and look whether an alert is missing or doubled.

Runs as a program of its own (`python -m tests.faults.watch_kill_rig STRIDE PLANT FOLDER`), since it
forks. A step is a SQL statement of the ledger, or the opening or renaming of a file: all that can
be durable lies between two of them. Each run takes a copy of one ledger, watches it in a child that
is killed with SIGKILL at its n-th step, and then, in a child that is let live, to the end; every
third run is killed twice. What the ledger holds is compared with what a back-test says.

PLANT `forget-first` empties the outbox before it is recorded, `own-numbers` numbers alerts as they
come, instead of by the place of their event. Prints a JSON report.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.ledger import Ledger
from counterfoil.watch import Backtest, LedgerLog, LogFeed, Runner, Told
from counterfoil.watch.grouping import Pending
from tests.watchers import chosen_every, ledger_with_past

__all__ = ["kill_at_each_step"]

CHOSEN = chosen_every(every=4, groups=2, window_s=5400)
_FILE_STEPS = frozenset({"open", "os.rename"})


def expected(folder: Path) -> list[str]:
    """Say, by a back-test, what the ledger is to hold in the end."""
    with counterfoil.open(folder, read_only=True) as ledger:
        feed = LogFeed(LedgerLog(ledger))
        feed.poll()
        return [_brief(told.said) for told in Backtest(CHOSEN, feed).run()]


def _brief(said: dict[str, Any]) -> str:
    shown = [one["index"] for one in said.get("evidence", ())]
    state = said.get("state", "open")
    return f"{said['group']} {state} {said.get('count', 1)} {said['title']} {shown}"


def run_killed(folder: Path, state: Path, at: int, plant: str) -> bool:
    """Watch in a child that is killed at its step `at` (0: never); tell whether it was."""
    pid = os.fork()
    if pid == 0:
        try:
            _plant(plant)
            _watch_and_die(folder, state, at)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise RuntimeError("the child failed by itself")
    return False


def _watch_and_die(folder: Path, state: Path, at: int) -> None:
    with counterfoil.open(folder) as ledger:
        count = 0

        def step(*_: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        def audit(event: str, _: tuple[Any, ...]) -> None:
            if event in _FILE_STEPS:
                step()

        if at:
            store: Any = ledger._reading.store
            store._writer.set_trace_callback(step)
            sys.addaudithook(audit)
        feed = LogFeed(LedgerLog(ledger))
        feed.poll()
        with Runner(ledger, CHOSEN, feed, state) as runner:
            for _ in runner.round():
                pass
        if at:
            store._writer.set_trace_callback(None)
            at = 0  # closing the ledger is another rig's


def _plant(plant: str) -> None:
    """Break the runner on purpose."""
    if plant == "forget-first":

        def flush(self: Runner) -> Iterator[Told]:
            waiting = list(self._saved.outbox)
            self._saved.outbox = []
            if waiting:
                self._save()
            for pending in waiting:
                told = self._record(pending)
                self._saved.grouping.recorded(pending, told.leaf)
                yield told

        setattr(Runner, "_flush", flush)  # noqa: B010  # the planted bug
    elif plant == "own-numbers":
        record = Runner._record

        def numbered(self: Runner, pending: Pending) -> Told:
            pending.number = self._ledger.size * 64
            return record(self, pending)

        setattr(Runner, "_record", numbered)  # noqa: B010  # the planted bug


def check(folder: Path, wanted: list[str]) -> list[str]:
    """Compare the alerts in a ledger with those that it is to hold."""

    def found(ledger: Ledger) -> list[str]:
        return [_brief(view.content) for view in ledger.views() if view.kind == "alert"]

    with counterfoil.open(folder, read_only=True) as ledger:
        there, should = Counter(found(ledger)), Counter(wanted)
    wrong = [f"missing: {one}" for one in should - there]
    return wrong + [f"doubled: {one}" for one in there - should]


def kill_at_each_step(stride: int, plant: str, folder: Path) -> dict[str, Any]:
    """Kill at steps 1, 1 + stride, ... until the child gets to its end."""
    origin = ledger_with_past(folder / "origin")
    wanted = expected(origin)
    report: dict[str, Any] = {"kills": 0, "alerts": len(wanted), "wrong": []}
    at = 1
    while True:
        place, state = folder / f"l{at}", folder / f"s{at}"
        shutil.copytree(origin, place)
        killed = run_killed(place, state, at, plant)
        if killed and at % 3 == 1:
            report["kills"] += run_killed(place, state, 1 + at * 7 % 90, plant)
        run_killed(place, state, 0, plant)
        report["wrong"] += [f"at {at}: {one}" for one in check(place, wanted)]
        shutil.rmtree(place)
        shutil.rmtree(state)
        if not killed:
            return report
        report["kills"] += 1
        at += stride


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[3] or None) as place:
        json.dump(kill_at_each_step(int(sys.argv[1]), sys.argv[2], Path(place)), sys.stdout)

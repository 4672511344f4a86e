"""Kill a writer at random moments, many times, and check each time what is left.

Runs as a program of its own (`python -m tests.faults.kill_rig COUNT SEED PLANT FOLDER`), since it
forks: the process that forks has one thread. Prints one JSON report.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from counterfoil.storage.sqlite_store import SqliteStore
from tests.faults.crash_checks import Acknowledged, check_folder
from tests.faults.crash_child import busy, fork

__all__ = ["kill_many"]

ENTRIES_MAX = 4_000  # then a new ledger begins, so that checking it stays quick


class Ledger:
    """One folder that is written to and killed again and again."""

    def __init__(self, place: Path, number: int) -> None:
        self.folder = place / str(number)
        self.folder.mkdir()
        self.copy = place / f"{number}.copy"
        SqliteStore(self.folder / "ledger.db", create=True).close()
        self.told = Acknowledged()
        self.size = 0

    def kill_once(self, run: int, choice: random.Random, plant: str) -> dict[str, Any]:
        """Let a process write, kill it, and check; return what was seen."""
        pid, ear = fork(busy, self.folder, run, choice.randrange(2**32), plant)
        ear.send(b"!")
        facts: list[dict[str, Any]] = []
        if choice.random() < 0.3:  # anywhere, also while it opens
            time.sleep(choice.uniform(0, 0.03))
        else:  # soon after something was acknowledged
            for _ in range(choice.randint(1, 12)):
                facts += hear_one(ear)
            time.sleep(choice.uniform(0, 0.004))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        while heard := hear_one(ear):
            facts += heard
        ear.close()
        self.told.hear(facts)
        return {
            "left": traces_of(self.folder),
            "facts": facts,
            "killed": os.WIFSIGNALED(status),
            "wrong": self._check(choice.random() < 0.5),
        }

    def _check(self, in_place: bool) -> list[str]:
        """Check the folder or a copy of it; a check in place does a recovery's work, too."""
        if in_place:
            return check_folder(self.folder, self.told)
        shutil.copytree(self.folder, self.copy)
        try:
            return check_folder(self.copy, self.told)
        finally:
            shutil.rmtree(self.copy)


def hear_one(ear: socket.socket) -> list[dict[str, Any]]:
    """Wait for one fact; none when the process is gone and all is heard."""
    try:
        data = ear.recv(4096)
    except ConnectionResetError:  # it was killed before it began
        return []
    return [json.loads(data)] if data else []


def traces_of(folder: Path) -> set[str]:
    """Say where in its work a process was killed, by what it left."""
    wal = folder / "ledger.db-wal"
    left = {"wal"} if wal.exists() and wal.stat().st_size else set()
    return left | ({"half a tile"} if any(folder.rglob("*.new")) else set())


def kill_many(count: int, seed: int, plant: str, place: Path) -> dict[str, Any]:
    """Kill `count` times; stop at the first that leaves something wrong."""
    choice = random.Random(seed)
    report: dict[str, Any] = {"seed": seed, "kills": 0, "acknowledged": 0, "wrong": []}
    kinds: Counter[str] = Counter()
    ledger = Ledger(place, 0)
    for run in range(count):
        seen = ledger.kill_once(run, choice, plant)
        report["kills"] += seen["killed"]
        kinds.update(fact["kind"] for fact in seen["facts"])
        kinds.update(seen["left"])
        kinds["opening"] += not seen["facts"]
        for fact in seen["facts"]:
            if fact["kind"] in ("bug", "error", "refused"):
                seen["wrong"].append(f"told: {fact}")
        if seen["wrong"]:
            report["wrong"] = [f"kill {run}: {line}" for line in seen["wrong"]]
            break
        if len(ledger.told.places) > ENTRIES_MAX:
            report["acknowledged"] += len(ledger.told.places)
            shutil.rmtree(ledger.folder)
            ledger = Ledger(place, run + 1)
    report["acknowledged"] += len(ledger.told.places)
    return report | {"kinds": kinds}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kills-", dir=sys.argv[4]) as folder:
        made = kill_many(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(folder))
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

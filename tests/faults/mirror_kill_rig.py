"""Kill a mirror at random moments, many times, and check each time that what it left is a log.

Every third one is killed by its own hand before it writes a certain file: moments that a clock on
a busy machine may never meet.

Runs as a program of its own (`python -m tests.faults.mirror_kill_rig COUNT SEED PLANT FOLDER`),
since it forks. Prints one JSON report.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from counterfoil.network import Mirror, mirror, open_source
from counterfoil.storage import TileFiles
from tests.faults.mirror_checks import check_log
from tests.faults.planted import TILES
from tests.logs_on_disk import entries_of, policy_of, publish

__all__ = ["kill_many"]

SIZE_MAX = 256 * 14 + 100


def follow(source: Path, copy: Path, plant: str, dies_at: int | None) -> None:
    """Mirror without end; or until the write number `dies_at` of a tile."""
    tiles = TILES[plant] if plant else TileFiles
    setattr(mirror, "TileFiles", dying(tiles, dies_at))  # noqa: B010  # in a process of its own
    while True:
        with Mirror(copy, policy_of(), open_source(str(source)), "entries") as opened:
            for _ in range(20):
                opened.round()
                time.sleep(0.0002)


def dying(tiles: type[TileFiles], dies_at: int | None) -> type[TileFiles]:
    """Make tile files that kill their process before a write, counted from 0; None: never."""

    class Dying(tiles):  # type: ignore[misc,valid-type]  # a class that is chosen at run time
        writes = 0

        def put(self, path: str, data: bytes) -> None:
            if Dying.writes == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            Dying.writes += 1
            super().put(path, data)

    return Dying


def kill_once(source: Path, copy: Path, choice: random.Random, plant: str) -> bool:
    """Let a process mirror, and kill it; tells whether it was still at work."""
    dies_at = choice.randrange(1, 8) if choice.random() < 0.34 else None
    pid = os.fork()
    if not pid:
        try:
            follow(source, copy, plant, dies_at)
        finally:
            os._exit(1)
    if choice.random() < 0.3:  # right after a checkpoint was put in place
        before, until = stamp_of(copy), time.monotonic() + 0.2
        while stamp_of(copy) == before and time.monotonic() < until:
            time.sleep(0.0001)
    else:
        time.sleep(choice.choice([choice.uniform(0, 0.01), choice.uniform(0, 0.08)]))
    os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def stamp_of(copy: Path) -> int:
    """Tell when the mirror's checkpoint was put in place, ns; 0 before the first."""
    try:
        return (copy / "checkpoint").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def midway(copy: Path) -> bool:
    """Tell whether a round was under way: it wrote tiles, and no checkpoint after them."""
    stamps = [path.stat().st_mtime_ns for path in (copy / "tile").rglob("*") if path.is_file()]
    return any(stamp > stamp_of(copy) for stamp in stamps)


def kill_many(count: int, seed: int, plant: str, place: Path) -> dict[str, Any]:
    """Kill `count` times while the log grows; stop at the first that leaves no log."""
    choice = random.Random(seed)
    source, copy = place / "log", place / "copy"
    entries, size = entries_of(SIZE_MAX), 1
    report: dict[str, Any] = {"seed": seed, "kills": 0, "midway": 0, "states": 0, "wrong": []}
    seen: set[bytes] = set()
    publish(source, entries[:size])
    for run in range(count):
        report["kills"] += kill_once(source, copy, choice, plant)
        report["midway"] += midway(copy)
        if (copy / "checkpoint").exists():
            seen.add((copy / "checkpoint").read_bytes())
        wrong = check_log(copy)
        if wrong:
            report["wrong"] = [f"kill {run}: {line}" for line in wrong]
            break
        if choice.random() < 0.6:
            size = min(size + choice.choice([1, 5, 250, 256, 700]), SIZE_MAX)
            publish(source, entries[:size])
        if size == SIZE_MAX:
            size = 1
            for folder in (source, copy):
                shutil.rmtree(folder, ignore_errors=True)
            publish(source, entries[:size])
    if not report["wrong"]:
        with Mirror(copy, policy_of(), open_source(str(source)), "entries") as opened:
            opened.round()
            if opened.size != size:
                report["wrong"] = [f"it did not go on: {opened.size} of {size}"]
        report["wrong"] += check_log(copy)
    return report | {"states": len(seen)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="mirror-kills-", dir=sys.argv[4]) as folder:
        made = kill_many(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(folder))
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

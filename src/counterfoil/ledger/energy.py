"""Count what a ledger costs in CPU time and, where the machine tells, in joules: `energy.json`.

Nothing is measured on the way of a record: now and then, and on close, the owner reads the time
that the operating system has counted anyway, for its process and for the ledger's own threads, and
adds it to the file. Losing the last minute in a crash is accepted. Whoever asks in between is told
what is in the file and what came since.

This module refuses to take an estimate for a measurement: joules are kept only where the machine's
own counter (RAPL, under /sys/class/powercap) can be read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.ledger.layout import Layout
from counterfoil.storage.folder_copy import replace_file

__all__ = [
    "DECIDING",
    "SAVE_S",
    "EnergyMeter",
    "Spent",
    "machine_joules",
    "read_spent",
    "thread_cpu_s",
]

SAVE_S: Final = 60.0
"""How often what was counted is written down, seconds."""

DECIDING: Final = "decisions"
"""Name of the thread that records decisions in the background."""

_WORTH_CPU_S: Final = 1.0  # an idle opening that took less is not written down
_THREAD: Final = "thread "
_POWERCAP: Final = Path("/sys/class/powercap")


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent since `since_ms`, Unix ms, by the processes that owned the ledger.

    entries: recorded meanwhile. anchors: begun. decisions: recorded. process_cpu_s: user and
    system time of the whole process while it had the ledger open, whatever else it did. threads:
    name of each of the ledger's own threads -> CPU seconds; empty where the system does not tell.
    behind: decisions that the thread `decisions` recorded behind their callers' back.
    machine_j: joules of the machine's processors, times this process's share of their work; None
    where they cannot be read. machine_cpu_s: CPU seconds that those stand for.
    """

    since_ms: int
    updated_ms: int = 0
    sessions: int = 0
    entries: int = 0
    anchors: int = 0
    decisions: int = 0
    process_cpu_s: float = 0.0
    threads: dict[str, float] = {}
    machine_j: float | None = None
    machine_cpu_s: float = 0.0
    behind: int = 0


def read_spent(layout: Layout) -> Spent | None:
    """Read what a ledger has cost; None where nothing readable was written down."""
    try:
        return msgspec.json.decode(layout.energy.read_bytes(), type=Spent)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def thread_cpu_s(native_id: int | None) -> float | None:
    """Tell the CPU seconds of a thread of this process; None where the system does not tell."""
    try:
        text = Path(f"/proc/self/task/{native_id}/schedstat").read_text()
        return int(text.split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def machine_joules(folder: Path = _POWERCAP) -> float | None:
    """Tell the joules that the machine's processors have used since some moment.

    None where that cannot be read: on most machines only root may, and virtual ones have none.
    """
    total, found = 0, False
    with suppress(OSError, ValueError):
        for package in sorted(folder.glob("intel-rapl:*")):
            if package.name.count(":") == 1:  # a package; what is below it is part of it
                total += int((package / "energy_uj").read_text())
                found = True
        return total / 1e6 if found else None
    return None


def _busy_s() -> float | None:
    """Tell the CPU seconds that all of the machine has worked."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        user, nice, system, _, _, irq, softirq, *_ = map(int, fields)
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    return None


class EnergyMeter:
    """Counts for the ledger that this process owns.

    size: tells how many entries it has. anchors: tells how many anchors it began. threads: the
    ledger's own threads by name. now_ms: the clock.
    """

    def __init__(
        self,
        layout: Layout,
        size: Callable[[], int],
        anchors: Callable[[], int],
        threads: Mapping[str, threading.Thread],
        now_ms: Callable[[], int],
    ) -> None:
        self._layout, self._size, self._anchors = layout, size, anchors
        self._threads, self._now_ms = dict(threads), now_ms
        self._decisions = self._behind = 0
        self._behind_s = 0.0
        self._turn = threading.Lock()
        self._since_ms, self._sessions = now_ms(), 1
        self._seen = self._look()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="energy", daemon=True)
        self._thread.start()

    def decided(self, count: int) -> None:
        """Hear that decisions were recorded, on the thread that did it.

        The thread that records them in the background begins with the first and ends before the
        meter does, so its time is noted here; others' is the process's.
        """
        self._decisions += count
        if threading.current_thread().name == DECIDING:
            self._behind += count
            self._behind_s = time.thread_time()

    def present(self) -> Spent | None:
        """Tell what is written down and what came since; None where nothing did. Writes nothing."""
        with self._turn:
            old, now = read_spent(self._layout), self._look()
            if old is None and now["entries"] == self._seen["entries"]:
                return None
            return self._added(old or Spent(since_ms=self._since_ms), self._seen, now)

    def stop(self) -> None:
        """Look a last time while the ledger's threads live, and stop looking by itself."""
        self._closing.set()
        self._thread.join()
        self.save(ending=True)

    def save(self, *, ending: bool = False) -> None:
        """Add what was spent since the last time to the file; a full disk is nobody's trouble.

        ending: of an opening that nothing came of, nothing is written down.
        """
        with self._turn, suppress(OSError, CounterfoilError):
            now, seen = self._look(), self._seen
            entries = now["entries"] - seen["entries"]
            spent_s = now["process"] - seen["process"]
            is_first = self._sessions > 0
            if not entries and (is_first if ending else spent_s < _WORTH_CPU_S):
                return
            old = read_spent(self._layout) or Spent(since_ms=self._since_ms)
            total = self._added(old, seen, now)
            replace_file(self._layout.energy, msgspec.json.encode(total), sync=False)
            self._seen, self._sessions = now, 0

    def _added(self, old: Spent, seen: Mapping[str, float], now: Mapping[str, float]) -> Spent:
        moved = {name: max(value - seen.get(name, 0), 0) for name, value in now.items()}
        threads = dict(old.threads)
        for key, more in moved.items():
            if key.startswith(_THREAD):
                name = key.removeprefix(_THREAD)
                threads[name] = threads.get(name, 0.0) + more
        machine_j, counted_s = old.machine_j, old.machine_cpu_s
        if "joules" in moved and moved.get("busy", 0) > 0 and now["joules"] >= seen["joules"]:
            share = min(moved["process"] / moved["busy"], 1.0)
            machine_j = (machine_j or 0.0) + moved["joules"] * share
            counted_s += moved["process"]
        return Spent(
            since_ms=old.since_ms,
            updated_ms=self._now_ms(),
            sessions=old.sessions + self._sessions,
            entries=old.entries + int(moved["entries"]),
            anchors=old.anchors + int(moved["anchors"]),
            decisions=old.decisions + int(moved["decisions"]),
            process_cpu_s=round(old.process_cpu_s + moved["process"], 6),
            threads={name: round(value, 6) for name, value in threads.items()},
            machine_j=machine_j,
            machine_cpu_s=round(counted_s, 6),
            behind=old.behind + int(moved["behind"]),
        )

    def _look(self) -> dict[str, float]:
        found: dict[str, float] = {
            "entries": self._size(),
            "anchors": self._anchors(),
            "decisions": self._decisions,
            "behind": self._behind,
            "process": time.process_time(),
        }
        if self._behind:
            found[f"{_THREAD}{DECIDING}"] = self._behind_s
        for name, thread in self._threads.items():
            spent = thread_cpu_s(thread.native_id) if thread.is_alive() else None
            if spent is not None:
                found[f"{_THREAD}{name}"] = spent
        joules, busy = machine_joules(), _busy_s()
        if joules is not None and busy is not None:
            found |= {"joules": joules, "busy": busy}
        return found

    def _run(self) -> None:
        while not self._closing.wait(SAVE_S):
            self.save()

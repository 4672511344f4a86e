"""Let single system calls of a writer fail, lie or kill, by strace, and check what is left.

Runs as a program of its own (`python -m tests.faults.strace_rig KIND LIMIT SEED PLANT FOLDER`),
since it forks: the process that forks has one thread. Prints one JSON report.

strace counts calls a thread: "the third fsync" is the third of each thread, so that one fault may
come in the sequencer, the publisher and again after the log was opened anew.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.storage.sqlite_store import SqliteStore
from tests.faults.crash_checks import Acknowledged, check_folder
from tests.faults.crash_child import Child, fork, steady
from tests.faults.kill_rig import hear_one
from tests.faults.syscall_order import (
    parse_trace,
    unsynced_acknowledgements,
    unsynced_publications,
)

__all__ = ["Fault", "Ran", "new_ledger", "run_traced"]

WRITES = ("fsync", "fdatasync", "pwrite64", "write", "rename", "ftruncate", "mkdir", "unlink")
KINDS: dict[str, list[tuple[str, str]]] = {
    "errors": [
        *[(call, f"error={name}") for call in WRITES[:4] for name in ("EIO", "ENOSPC", "EINTR")],
        *[(call, f"error={name}") for call in WRITES[4:] for name in ("EIO", "ENOSPC")],
        *[("openat", f"error={name}") for name in ("EIO", "EMFILE", "EACCES")],
        ("pread64", "error=EIO"),
    ],
    "kills": [(call, "signal=KILL") for call in (*WRITES, "openat", "pread64")],
    "lies": [("write", "retval=8192"), ("pwrite64", "retval=8192"), ("fsync", "retval=0")],
    "lies about tiles": [("write", "retval=8192")],
    "errors of commits": [("fdatasync", "error=EIO")],
}
"""What strace injects: an error, a kill as the call is entered, a call that only pretends."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the `when`-th call of a thread gets `action`."""

    call: str
    action: str
    when: int

    @property
    def options(self) -> list[str]:
        """How to say it to strace."""
        inject = f"inject={self.call}:{self.action}:when={self.when}"
        return ["-e", f"trace={self.call}", "-e", inject]


@dataclass(frozen=True, slots=True)
class Ran:
    """A traced run: what the process told, whether it was killed, and strace's lines."""

    facts: list[dict[str, Any]]
    killed: bool
    trace: list[str]


def new_ledger(folder: Path) -> None:
    """Make a ledger with some bundles, so that every later step has something to change."""
    folder.mkdir()
    SqliteStore(folder / "ledger.db", create=True).close()
    run_alone(steady, folder, 0)
    run_alone(steady, folder, 1)


def run_alone(work: Callable[[Child], None], folder: Path, run: int) -> list[dict[str, Any]]:
    """Let a process work without a fault, and return what it told."""
    pid, ear = fork(work, folder, run, run)
    ear.send(b"!")
    facts: list[dict[str, Any]] = []
    while heard := hear_one(ear):
        facts += heard
    ear.close()
    os.waitpid(pid, 0)
    return facts


def run_traced(
    folder: Path,
    run: int,
    options: Sequence[str],
    work: Callable[[Child], None] = steady,
    plant: str = "",
) -> Ran:
    """Let a process work under strace, and wait until it has ended."""
    pid, ear = fork(work, folder, run, run, plant)
    output = folder.with_name(folder.name + ".trace")
    command = ["strace", "-f", "-y", "-s", "64", "-o", str(output), "-p", str(pid), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        while not _traced(pid):
            if tracer.poll() is not None:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
                raise RuntimeError(f"strace: {tracer.communicate()[1]}")
            time.sleep(0.001)
        ear.send(b"!")
        facts: list[dict[str, Any]] = []
        while heard := hear_one(ear):
            facts += heard
        ear.close()
        _, status = os.waitpid(pid, 0)
        tracer.communicate()
    lines = output.read_text(errors="replace").splitlines()
    output.unlink()
    return Ran(facts, os.WIFSIGNALED(status), lines)


def _traced(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return re.search(r"TracerPid:\s+0\n", status) is None


def count_calls(template: Path, place: Path) -> dict[str, int]:
    """Tell how often the busiest thread makes each call, in a run without a fault."""
    folder = place / "counted"
    shutil.copytree(template, folder)
    names = ",".join((*WRITES, "openat", "pread64"))
    lines = run_traced(folder, 7, ["-e", f"trace={names}"]).trace
    shutil.rmtree(folder)
    by_thread: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if match := re.match(r"(\d+) +(\w+)\(", line):
            by_thread[match[1], match[2]] += 1
    calls: dict[str, int] = {}
    for (_, name), count in by_thread.items():
        calls[name] = max(calls.get(name, 0), count)
    return calls


def try_fault(fault: Fault, template: Path, folder: Path, plant: str) -> dict[str, Any]:
    """Run with one fault and check what is left; then go on without it and check again.

    The second run is left out where the first check noticed damage: then a refusal is right.
    """
    shutil.copytree(template, folder)
    told = Acknowledged()
    ran = run_traced(folder, 8, fault.options, plant=plant)
    told.hear(ran.facts)
    wrong = [f"told: {fact}" for fact in ran.facts if fact["kind"] == "bug"]
    wrong += check_folder(folder, told)
    if not wrong:
        after = run_alone(steady, folder, 9)
        told.hear(after)
        expected = ("open", "ack", "closed")
        wrong += [f"afterwards: {fact}" for fact in after if fact["kind"] not in expected]
        wrong += [f"afterwards: {line}" for line in check_folder(folder, told)]
    shutil.rmtree(folder)
    return {
        "fault": f"{fault.call}:{fault.action}:when={fault.when}",
        "injected": sum("(INJECTED)" in line or "killed by SIGKILL" in line for line in ran.trace),
        "killed": ran.killed,
        "codes": sorted({fact["code"] for fact in ran.facts if "code" in fact}),
        "acknowledged": sum(fact["kind"] == "ack" for fact in ran.facts),
        "detected": [line for line in wrong if line.startswith("detected:")],
        "wrong": [line for line in wrong if not line.startswith("detected:")],
    }


def choose(kind: str, calls: dict[str, int], limit: int, seed: int) -> list[Fault]:
    """Choose the faults of a run: `limit` of each call and action, spread over the calls made."""
    choice = random.Random(seed)
    faults = []
    for call, action in KINDS[kind]:
        count = calls.get(call, 0)
        for when in sorted(choice.sample(range(1, count + 1), min(limit, count))):
            faults.append(Fault(call, action, when))
    return faults


def run_faults(kind: str, limit: int, seed: int, plant: str, place: Path) -> dict[str, Any]:
    """Try the faults of a kind."""
    template = place / "template"
    new_ledger(template)
    calls = count_calls(template, place)
    faults = choose(kind, calls, limit, seed)
    results = [try_fault(fault, template, place / "ledger", plant) for fault in faults]
    return {"seed": seed, "calls": calls, "results": results}


def run_order(plant: str, place: Path) -> dict[str, Any]:
    """Run without a fault, twice on one ledger, and look at the order of the system calls.

    The first run makes the folders of the tiles. The second finds them there, and cannot know
    whether whoever made them was killed before they were synced.
    """
    folder = place / "ledger"
    folder.mkdir()
    SqliteStore(folder / "ledger.db", create=True).close()
    names = "trace=write,pwrite64,fsync,fdatasync,rename,sendto"
    report: dict[str, Any] = {"acknowledged": 0, "published": 0, "wrong": []}
    for run in (0, 1):
        ran = run_traced(folder, run, ["-e", names], plant=plant)
        calls = parse_trace(ran.trace)
        report["wrong"] += unsynced_acknowledgements(calls) + unsynced_publications(calls)
        report["acknowledged"] += sum(fact["kind"] == "ack" for fact in ran.facts)
        report["published"] += sum(
            call.name == "rename" and call.path.endswith("/checkpoint") for call in calls
        )
    return report


if __name__ == "__main__":
    kind, limit, seed, plant, where = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="strace-", dir=where) as folder:
        if kind == "order":
            made = run_order(plant, Path(folder))
        else:
            made = run_faults(kind, int(limit), int(seed), plant, Path(folder))
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

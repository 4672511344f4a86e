"""Cut the power of a ledger's two disks at random moments, many times, and check what is left.

Runs as a program of its own (`python -m tests.faults.power_rig COUNT SEED PLANT FOLDER`), as root
and in namespaces of its own (`power_disks.ALONE`), since it mounts, and forks with one thread.
Prints one JSON report; `cannot` in it says why this machine has no disks to cut.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.faults.crash_child import Child, fork
from tests.faults.kill_rig import hear_one
from tests.faults.power_checks import Promised, check
from tests.faults.power_child import live
from tests.faults.power_disks import Disks, NoDisks

__all__ = ["cut_many"]

_ENTRIES_MAX: Final = 1_200  # then new disks begin, so that checking them stays quick
_RENEWED: Final = 0.15  # after so many of the cuts, too: making a ledger is cut as well
_STILL_S: Final = 10.0
_ENOUGH: Final = 3  # cuts that a planted bug did not survive


def cut_once(
    disks: Disks, told: Promised, run: int, choice: random.Random, plant: str
) -> dict[str, Any]:
    """Let a process use the ledger, cut the power, and check; return what was seen."""
    pid, ear = fork(live, disks.ledger, run, choice.randrange(2**32), plant)
    ear.send(b"!")
    before: list[dict[str, Any]] = []
    if choice.random() < 0.35:  # anywhere, also while it makes or opens the ledger
        time.sleep(choice.uniform(0, 0.15))
    else:  # soon after something was promised
        for _ in range(choice.randint(1, 40)):
            before += hear_one(ear)
        time.sleep(choice.uniform(0, 0.01))
    in_sync = hold_still(pid)
    before += heard_so_far(ear)
    disks.cut(choice)
    os.kill(pid, signal.SIGCONT)
    time.sleep(choice.uniform(0, 0.01))  # in a real cut it would be gone; here its disks are
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    after: list[dict[str, Any]] = []
    while heard := hear_one(ear):
        after += heard
    ear.close()
    for fact in before:
        told.hear(fact)
    told.wrong += [f"before the cut: {fact}" for fact in before if fact["kind"] == "error"]
    # Nobody hears a machine that has no power, and ext4 may call a sync done that this cut undid:
    # what is told then counts for nothing, unless it is a bug.
    told.wrong += [f"without disks: {fact}" for fact in after if fact["kind"] == "bug"]
    disks.replay()
    kinds = Counter(fact["kind"] for fact in before)
    kinds.update(f"{fact['code']} without disks" for fact in after if fact["kind"] == "error")
    kinds["cut within a sync"] += in_sync
    return {"kinds": kinds, **check_apart(disks, told, choice.randrange(2**32))}


def hold_still(pid: int) -> bool:
    """Stop a process before its disks go; tell whether the cut will meet it within a sync.

    A real cut takes the processor and both disks at once; here one disk goes before the other.
    Meanwhile ext4 may call a sync on the first done that its shutdown undid, and a process that
    ran on would publish on the second what its witness then does not remember. A thread that waits
    for its disk (D) stays where it is: the cut meets it, and it stops before it learns the answer.
    """
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + _STILL_S
    while (states := thread_states(pid)) & {"R", "S"}:
        if time.monotonic() > until:
            raise TimeoutError(f"expected process {pid} to stop in {_STILL_S} s, found {states}")
        os.sched_yield()  # it needs a processor to stop on
    return "D" in states


def thread_states(pid: int) -> set[str]:
    """Read the states of a process's threads, letters as in proc_pid_stat(5)."""
    states = set()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread is gone
            states.add((thread / "stat").read_text().rpartition(")")[2].split()[0])
    return states


def heard_so_far(ear: socket.socket) -> list[dict[str, Any]]:
    """Read what was told by now, without waiting."""
    facts: list[dict[str, Any]] = []
    ear.setblocking(False)
    with suppress(BlockingIOError):
        while heard := hear_one(ear):
            facts += heard
    ear.setblocking(True)
    return facts


def check_apart(disks: Disks, told: Promised, seed: int) -> dict[str, Any]:
    """Check in a process of its own, which leaves this one with one thread and no open file."""

    def work(child: Child) -> None:
        child.tell(kind="checked", **check(child.folder, told, seed))

    pid, ear = fork(work, disks.ledger, 0, seed)
    ear.send(b"!")
    (found,) = hear_one(ear)
    ear.close()
    os.waitpid(pid, 0)
    if found.pop("kind") == "bug":
        found = {"wrong": [f"while checking: {found['text']}"], "lost": 0, "size": 0, "ahead": 0}
    found["wrong"] += told.wrong
    return found


def cut_many(count: int, seed: int, plant: str, place: Path) -> dict[str, Any]:
    """Cut `count` times; stop when something is wrong, or a planted bug was found a few times."""
    choice = random.Random(seed)
    report = dict.fromkeys(("cuts", "acknowledged", "lost", "ahead", "unmade", "bad"), 0)
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    disks, told = Disks(place), Promised()
    os.environ["COUNTERFOIL_STATE"] = str(disks.state)
    os.environ["COUNTERFOIL_PUBLISH_INTERVAL_S"] = "0.01"
    while report["cuts"] < count and report["bad"] < (_ENOUGH if plant else 1):
        run, known = report["cuts"], len(told.entries)
        seen = cut_once(disks, told, run, choice, plant)
        report["cuts"] += 1
        report["acknowledged"] += len(told.entries) - known
        report["lost"] += seen["lost"]
        report["ahead"] += seen["ahead"]
        report["unmade"] += seen["size"] == 0
        report["bad"] += bool(seen["wrong"])
        wrong += [f"cut {run}: {line}" for line in seen["wrong"]]
        kinds.update(seen["kinds"])
        if seen["wrong"] or seen["size"] > _ENTRIES_MAX or choice.random() < _RENEWED:
            disks.renew()
            told = Promised()
    return {"seed": seed, **report, "wrong": wrong, "kinds": kinds}


if __name__ == "__main__":
    try:
        made = cut_many(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    except NoDisks as err:
        made = {"cannot": str(err)}
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

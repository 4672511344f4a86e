"""Kill an owner at every SQL statement of sealing and of erasing, and look at what is left.

Runs as a program of its own (`python -m tests.faults.people_kill_rig STRIDE PLANT FOLDER`), since
it forks. Each run takes a copy of one ledger, seals or erases in a child, and kills the child with
SIGKILL at its n-th statement on the vault's files or the log's. Then the ledger is opened again,
and every byte is searched. PLANT `forget-unsaid` breaks erasing on purpose. Prints a JSON report.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import counterfoil
from counterfoil.errors import CounterfoilError
from counterfoil.ledger import Ledger
from counterfoil.vault.keys import KeyBook
from tests.ledgers import copy_ledger
from tests.personal import found_on_disk, record_person

__all__ = ["kill_at_each_step"]

NAME = "Marker-Ann"
WHO: dict[str, Any] = {"actor": "dana", "purpose": "complaint"}


class Place:
    """A ledger with its own state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder / "ledger", folder / "state"
        os.environ["COUNTERFOIL_STATE"] = str(self.state)


def prepare(place: Place) -> tuple[int, bytes]:
    """Make a ledger with one sealed record; its index, and the person's key."""
    copy_ledger(place.folder)
    with counterfoil.open(place.folder) as ledger:
        index = record_person(ledger, "c-17", NAME, source="orders", number=0)
        keys = vault_of(ledger).keys.file.read("SELECT key FROM class_key")
        record_person(ledger, "c-18", "Eve", source="orders", number=1)
    return index, keys[0][0]


def vault_of(ledger: Ledger) -> Any:
    """Take the vault of an open ledger."""
    recorder: Any = ledger._recorder
    return recorder._keeper.vault()


def run_killed(place: Place, act: Callable[[Ledger], None], at: int, plant: str) -> bool:
    """Act in a child that is killed at its statement `at`; tell whether it came so far."""
    pid = os.fork()
    if pid == 0:
        try:
            if plant == "forget-unsaid":
                setattr(KeyBook, "unsaid", lambda _self: [])  # noqa: B010  # the planted bug
            _act_and_die(place, act, at)
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


def _act_and_die(place: Place, act: Callable[[Ledger], None], at: int) -> None:
    ledger = counterfoil.open(place.folder)
    vault = vault_of(ledger)
    count = 0

    def trace(_statement: str) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    store: Any = ledger._reading.store
    for connection in (vault.keys.file.connection, vault.bytes.file.connection, store._writer):
        connection.set_trace_callback(trace)
    act(ledger)
    for connection in (vault.keys.file.connection, vault.bytes.file.connection, store._writer):
        connection.set_trace_callback(None)
    ledger.close()


def check_erased(place: Place, index: int, key: bytes) -> list[str]:
    """After the next start the person is wholly there, or wholly gone and said to be."""
    wrong: list[str] = []
    with counterfoil.open(place.folder) as ledger:
        states = [one.state for one in ledger.get(index).personal]
        try:
            opened: Any = ledger.people.open(index, **WHO)["sealed"]["customer.name"]
        except CounterfoilError as err:
            opened = err.code
        known = bool(found_on_disk((place.folder, place.state), key))
        seen = (opened, states, known)
        if seen not in ((NAME, ["sealed"], True), ("person.erased", ["erased"], False)):
            wrong.append(f"half erased: {seen}")
        if states == ["erased"] and vault_of(ledger).unsaid():
            wrong.append("an erasure that is said is kept to be said")
        if ledger.people.open(index + 1, **WHO)["sealed"]["customer.name"] != "Eve":
            wrong.append("another person's data is gone")
        counterfoil.verify(ledger.receipt(index), ledger.policy)
    return wrong


def check_sealed(place: Place, size: int) -> list[str]:
    """After the next start a record is there and opens, or nothing of it is left sealed."""
    wrong: list[str] = []
    with counterfoil.open(place.folder) as ledger:
        vault = vault_of(ledger)
        recorded = [v for v in ledger.views(size) if v.kind == "record"]
        groups = vault.bytes.file.read("SELECT digest FROM sealed")
        if len(groups) != 2 + len(recorded):
            wrong.append(f"{len(groups)} groups for {len(recorded)} new records")
        for found in recorded:
            if ledger.people.open(found.index, **WHO)["sealed"]["customer.name"] != "New":
                wrong.append("a record does not open")
        people = {v["person"] for v in ledger.people.listing()}
        if len(people) != 2 + len(recorded):
            wrong.append(f"{len(people)} people for {len(recorded)} new records")
        index = record_person(ledger, "c-19", "New", source="orders", number=2)
        if recorded and index != recorded[0].index:
            wrong.append("the repeated record got another place")
    return wrong


def kill_at_each_step(stride: int, plant: str, folder: Path) -> dict[str, Any]:
    """Kill at statements 1, 1 + stride, ... of both, until the child gets to its end."""
    origin = Place(folder / "origin")
    index, key = prepare(origin)
    with counterfoil.open(origin.folder, read_only=True) as ledger:
        size = ledger.size

    def erase(ledger: Ledger) -> None:
        ledger.people.erase("c-17")

    def seal(ledger: Ledger) -> None:
        record_person(ledger, "c-19", "New", source="orders", number=2)

    report: dict[str, Any] = {"kills": {}, "wrong": []}
    acts = {"erase": (erase, lambda p: check_erased(p, index, key)), "seal": (seal, None)}
    for name, (act, check) in acts.items():
        at = 1
        while True:
            place = Place(folder / f"{name}-{at}")
            shutil.copytree(folder / "origin", folder / f"{name}-{at}")
            killed = run_killed(place, act, at, plant)
            wrong = _in_child(lambda p=place, c=check: c(p) if c else check_sealed(p, size), plant)  # type: ignore[misc]  # bound now
            report["wrong"] += [f"{name} at {at}: {one}" for one in wrong]
            shutil.rmtree(folder / f"{name}-{at}")
            if not killed:
                break
            report["kills"][name] = report["kills"].get(name, 0) + 1
            at += stride
    return report


def _in_child(check: Callable[[], list[str]], plant: str) -> list[str]:
    """Check in a child, so that the process that forks keeps one thread."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if plant == "forget-unsaid":
                setattr(KeyBook, "unsaid", lambda _self: [])  # noqa: B010  # the planted bug
            answer = check()
        except BaseException as err:
            answer = [f"{type(err).__name__}: {err}"]
        os.write(mouth, json.dumps(answer).encode()[:60_000])
        os._exit(0)
    os.close(mouth)
    with os.fdopen(ear, "rb") as file:
        found: list[str] = json.loads(file.read() or b'["the check died"]')
    os.waitpid(pid, 0)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[3] or None) as place:
        json.dump(kill_at_each_step(int(sys.argv[1]), sys.argv[2], Path(place)), sys.stdout)

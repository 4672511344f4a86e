"""A node killed under load: what it acknowledged is there, what was spooled arrives once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from counterfoil.errors import Unavailable
from counterfoil.ledger import open_ledger
from counterfoil.remote import connect
from counterfoil.remote.delivery import Delivery
from counterfoil.remote.spool import Item
from tests.node_process import NodeProcess
from tests.shared_data import ROOT

Promised = dict[tuple[str, int], int]
"""(series, number) -> what was said there."""


class Writer(threading.Thread):
    """Records until it is told to stop, and remembers what it was promised.

    spool: of its own; None keeps only what the node acknowledged.
    """

    def __init__(self, node: NodeProcess, spool: Path | None) -> None:
        super().__init__(daemon=True)
        self._node, self._spool = node, spool
        self._enough = threading.Event()
        self.promised: Promised = {}
        self.unsure = 0

    def run(self) -> None:
        said = 0
        kept = False if self._spool is None else self._spool
        with connect(self._node.url, self._node.key, spool=kept, patience_s=0.0) as remote:
            while not self._enough.is_set():
                said += 1
                try:
                    done = remote.record({"said": said})
                except Unavailable:
                    self.unsure += 1
                    time.sleep(0.01)
                else:
                    self.promised[done.source, done.number] = said
                    if done.spooled:
                        time.sleep(0.002)  # a disk alone would make thousands of it

    def finish(self) -> None:
        """Stop it."""
        self._enough.set()
        self.join()


def kill_often(folder: Path, kills: int, seed: int) -> tuple[list[Writer], Promised]:
    """Kill a node, and one of its clients, under load; give the writers and the client's promises.

    In the end the node is up, and everything that was spooled has been flushed, or should be.
    """
    choice = random.Random(seed)
    node = NodeProcess(folder / "ledger")
    node.start()
    writers = [Writer(node, folder / "a.db"), Writer(node, folder / "b.db"), Writer(node, None)]
    child = Promised()
    try:
        for writer in writers:
            writer.start()
        for turn in range(kills):
            program = _child(node, folder, turn)
            _let_work(writers, 10)
            time.sleep(choice.uniform(0.0, 0.3))
            node.kill()
            time.sleep(choice.uniform(0.0, 0.2))
            if turn % 2:
                program.kill()
            else:
                node.start()
                program.kill()
            _hear(program, child)
            if turn % 2:
                node.start()
        for writer in writers:
            writer.finish()
        for name in ("a.db", "b.db", "child.db"):
            with connect(node.url, node.key, spool=folder / name) as remote:
                remote.flush(60)
                assert remote.refused() == []
    finally:
        node.stop()
    return writers, child


def _let_work(writers: Sequence[Writer], more: int) -> None:
    """Wait until each was promised some more, however slow the machine is."""
    enough = [len(writer.promised) + more for writer in writers]
    until = time.monotonic() + 60
    while any(len(w.promised) < n for w, n in zip(writers, enough, strict=True)):
        assert time.monotonic() < until, [len(writer.promised) for writer in writers]
        time.sleep(0.01)


def _child(node: NodeProcess, folder: Path, turn: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.node_client_child", node.url, node.key]
    command += [str(folder / "child.db"), str(turn * 1_000_000), "1000000"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _hear(program: subprocess.Popen[str], promised: Promised) -> None:
    said = program.communicate()[0]
    for line in said.splitlines():
        if line.count(" ") == 2:  # the last may be a part of one
            series, number, what = line.split()
            promised[series, int(number)] = int(what)


def standing(folder: Path) -> Promised:
    """Read what stands in the log, and check that no place stands there twice."""
    found = Promised()
    with open_ledger(folder / "ledger", read_only=True) as ledger:
        for view in ledger.views():
            if view.kind == "record":
                place = (str(view.source), int(view.number or 0))
                assert place not in found, f"{place} twice"
                found[place] = view.content["said"]
    return found


def missing(writers: Sequence[Writer], child: Promised, found: Promised) -> list[tuple[str, int]]:
    """List what was promised and does not stand there as it was said."""
    promised = dict(child)
    for writer in writers:
        promised |= writer.promised
    return [place for place, said in promised.items() if found.get(place) != said]


def test_kills_under_load(tmp_path: Path) -> None:
    """Killed three times, the node has what it acknowledged; spools deliver the rest, once each."""
    writers, child = kill_often(tmp_path, 3, seed=1)
    found = standing(tmp_path)
    assert missing(writers, child, found) == []
    assert len(child) > 3, "too little was recorded to lose something"
    assert writers[2].unsure > 0, "no kill met a writer"
    for series in {series for series, _ in found if series.startswith("client:")} - {
        series for series, _ in writers[2].promised
    }:
        numbers = sorted(number for name, number in found if name == series)
        assert numbers == list(range(len(numbers))), f"a gap in {series}"


@pytest.mark.campaign
def test_kills_at_length(tmp_path: Path) -> None:
    """The same with 60 kills, and a new seed each time."""
    writers, child = kill_often(tmp_path, 60, seed=random.randrange(2**32))
    assert missing(writers, child, standing(tmp_path)) == []


def test_a_spool_that_forgets_too_early_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check is not blind: a spool that forgets before the node has it loses records."""
    real = Delivery._send

    def forgetful(self: Delivery, items: Sequence[Item]) -> None:
        self._spool.sent(list(items))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self._spool, "sent", lambda _: None)
            real(self, items)

    monkeypatch.setattr(Delivery, "_send", forgetful)
    writers, child = kill_often(tmp_path, 1, seed=2)
    assert missing(writers, child, standing(tmp_path)) != []

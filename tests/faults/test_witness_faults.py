"""What a witness cosigned it remembers: killed, restarted, asked by many, in several processes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from counterfoil.errors import Unavailable
from counterfoil.ports.witness import StaleSize
from counterfoil.proofs.signing import public_of
from counterfoil.witness import WitnessMemory
from counterfoil.witness.client import RemoteWitness
from tests.c2sp import witness as witness_key
from tests.faults.syscall_order import Call, parse_trace
from tests.shared_data import ROOT, program, require
from tests.witnessing import SigningLog

LOG = SigningLog()
FORK = LOG.forked(1)
KILLS = 8


class Child:
    """A witness in another process, and a client of it."""

    def __init__(self, folder: Path, plant: str = "", *before: str | Path) -> None:
        command = [*before, sys.executable, "-m", "tests.faults.witness_child", folder, plant]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.remote = self.client()

    def client(self) -> RemoteWitness:
        """Make a further client."""
        return RemoteWitness("w", public_of(witness_key(1)), self.url, 30.0)

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self.remote.close()
        self.strike()
        self.process.communicate()

    def strike(self) -> None:
        """Kill it, and whatever traces it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def child(folder: Path, plant: str = "", *before: str | Path) -> Iterator[Child]:
    """Run a witness until the end of a block."""
    made = Child(folder, plant, *before)
    try:
        yield made
    finally:
        made.kill()


def forgotten(folder: Path, plant: str, kills: int, seed: int) -> list[str]:
    """Let a witness cosign and be killed, again and again; say what it had forgotten."""
    choice, wrong = random.Random(seed), list[str]()
    with child(folder) as witness:
        witness.remote.add_checkpoint(LOG.request(0, 2))
    cosigned = 2
    for _ in range(kills):
        with child(folder, plant) as witness:
            with pytest.raises(StaleSize) as stale:
                witness.remote.add_checkpoint(FORK.request(1, cosigned))
            # It may know more than it said, never less.
            if stale.value.size < cosigned:
                wrong.append(f"cosigned {cosigned}, remembers {stale.value.size}")
            cosigned = stale.value.size
            for _ in range(choice.randint(1, 4)):
                new = cosigned + choice.randint(1, 5)
                if not cosigns(witness.remote, cosigned, new):
                    wrong.append(f"cosigned {cosigned}, and forgot it")
                    break
                cosigned = new
            last = partial(cosigns, witness.remote, cosigned, cosigned + 1)
            asking = threading.Thread(target=last)
            asking.start()
            time.sleep(choice.uniform(0, 0.03))  # the moment of the kill is to be any
            witness.strike()
            asking.join()
    return wrong


def test_killed(tmp_path: Path) -> None:
    """Killed at any moment and restarted, a witness knows everything that it has cosigned."""
    assert forgotten(tmp_path, "", KILLS, seed=7) == []


def test_planted_answers_before_remembering(tmp_path: Path) -> None:
    """Planted bug: a witness that answers before it remembers is found out."""
    assert forgotten(tmp_path, "early", KILLS, seed=7) != []


@pytest.mark.campaign
def test_killed_at_length(tmp_path: Path) -> None:
    """The same three hundred times."""
    assert forgotten(tmp_path, "", 300, random.randrange(2**32)) == []


def races_lost(folder: Path, plant: str, rounds: int) -> list[str]:
    """Ask two processes with one memory for N and N+K at once; say where both agreed."""
    wrong: list[str] = []
    with ExitStack() as stack:
        clients = [stack.enter_context(child(folder, plant)).client() for _ in range(2)]
        size = 0
        for step in range(rounds):
            ends = (size + 1 + step % 3, size + 2 + step % 4)
            old, answers = size, dict[int, bool]()

            def ask(at: int, old: int = old, ends: tuple[int, int] = ends) -> None:
                answers[at] = cosigns(clients[at], old, ends[at])  # noqa: B023  # joined below

            at_once([partial(ask, at) for at in range(2)])
            if sum(answers.values()) != 1:
                wrong.append(f"from {old} to {ends}: {answers}")
            size = size_in(folder)
            if size not in [end for at, end in enumerate(ends) if answers[at]]:
                wrong.append(f"cosigned {ends}, remembers {size}")
        for one in clients:
            one.close()
    return wrong


def at_once(jobs: Sequence[Callable[[], object]]) -> None:
    """Run jobs in threads that begin together."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        gate.wait()
        job()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cosigns(client: RemoteWitness, old: int, new: int) -> bool:
    """Ask, and say whether it cosigned."""
    try:
        client.add_checkpoint(LOG.request(old, new))
    except (StaleSize, Unavailable):
        return False
    return True


def size_in(folder: Path) -> int:
    """Read what a memory holds, from beside."""
    memory = WitnessMemory(folder / "witness.db")
    found = memory.remembered(LOG.origin)
    memory.close()
    return found.checkpoint.size if found is not None else 0


def test_two_processes_with_one_memory(tmp_path: Path) -> None:
    """Two witnesses that share a memory never cosign two things from one size."""
    assert races_lost(tmp_path, "", 12) == []


def test_planted_race(tmp_path: Path) -> None:
    """Planted bug: checking and remembering in two steps lets both through, and is found."""
    assert races_lost(tmp_path, "alone", 12) != []


def unsynced_answers(calls: Sequence[Call]) -> list[str]:
    """Name cosignatures that were sent before the last write to the memory was synced."""
    wrong, before = [], 0
    for sent in calls:
        if sent.name not in ("sendto", "write") or not sent.text.partition('"')[2].startswith(
            "HTTP/1.1 200"
        ):
            continue
        writes = [
            c
            for c in calls
            if c.name in ("pwrite64", "write")
            and c.path.endswith("-wal")
            and before <= c.start < sent.start
        ]
        synced = writes and any(
            c.name in ("fsync", "fdatasync")
            and c.path == writes[-1].path
            and writes[-1].end <= c.start
            and c.end < sent.start
            for c in calls
        )
        if not synced:
            wrong.append(f"line {sent.start}: answered before the memory was synced")
        before = sent.start
    return wrong


@pytest.mark.parametrize(("plant", "bad"), [("", False), ("unsynced", True)])
def test_synced_before_answering(tmp_path: Path, plant: str, bad: bool) -> None:
    """No cosignature leaves before the memory is synced; a memory that does not sync is found."""
    command = [program("strace"), "-f", "-o", os.devnull, "true"]
    allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0
    require(allowed, "strace may not trace processes here")
    trace = tmp_path / "trace"
    traced = ("strace", "-f", "-y", "-s", "64", "-o", trace)
    which = ("-e", "trace=fsync,fdatasync,pwrite64,write,sendto")
    with child(tmp_path, plant, *traced, *which) as witness:
        for old, new in [(0, 1), (1, 2), (2, 5), (5, 9)]:
            witness.remote.add_checkpoint(LOG.request(old, new))
    calls = parse_trace(trace.read_text(encoding="utf-8", errors="replace").splitlines())
    answers = [c for c in calls if "HTTP/1.1 200" in c.text]
    assert len(answers) == 4
    assert bool(unsynced_answers(calls)) is bad

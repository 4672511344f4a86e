"""Kill a process that anchors at each of its steps, and check each time what is left.

Runs as a program of its own (`python -m tests.faults.anchor_kill_rig PLANT FOLDER`), since it
forks: the process that forks has one thread. A step is a statement to the book or a request to
the chain; run n is killed before its n-th step, until one comes to its end. Prints one JSON report.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from counterfoil.chain import NodeChain, open_chain
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_state import Job
from counterfoil.chain.transport import Transport
from tests.anchoring import Anchoring, anchoring
from tests.chains import embedded

RUNS_MAX = 300


class Counted:
    """A transport that takes a step for each request."""

    def __init__(self, honest: Transport, step: Callable[[], None]) -> None:
        self._honest, self._step, self.shown = honest, step, honest.shown

    def request(self, method: str, params: Sequence[object]) -> object:
        self._step()
        return self._honest.request(method, params)

    def close(self) -> None:
        self._honest.close()


class SendsFirst(AnchorBook):
    """Planted bug: a transaction is sent before it is written down."""

    send: Callable[[bytes], bytes]

    def begin(self, chain_id: int, job: Job) -> None:
        self.send(job.attempts[-1].raw)
        super().begin(chain_id, job)


def work(world: Anchoring, kill_at: int, plant: str) -> None:
    """Anchor the published checkpoint, and die before step `kill_at`."""
    left = [kill_at]

    def step() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    honest = open_chain(f"embedded:{world.folder / 'chain.db'}")
    chain = NodeChain(Counted(honest.transport, step), honest.chain_id, "rpc", "us", 0)
    world.chain = chain
    kind = SendsFirst if plant else AnchorBook
    world.book = kind(world.folder / "anchor.db")
    world.book._db.set_trace_callback(lambda _: step())
    if isinstance(world.book, SendsFirst):
        world.book.send = chain.send_raw
    world.over(chain).advance(due=True)


def kill_once(world: Anchoring, kill_at: int, plant: str) -> bool:
    """Let a process anchor and kill it; tell whether it was killed."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            work(world, kill_at, plant)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"it ended with {status}"
    return os.WIFSIGNALED(status)


def check(world: Anchoring, size: int) -> list[str]:
    """Check that all that was sent was written down, and that going on anchors it once."""
    chain = world.chain = open_chain(f"embedded:{world.folder / 'chain.db'}")
    world.book = AnchorBook(world.folder / "anchor.db")
    try:
        written = {a.hash for job in world.book.open_jobs(chain.chain_id) for a in job.attempts}
        written |= {anchor.mined.tx_hash for anchor in world.book.anchored()}
        head = chain.head().number
        sent = world.contract.__class__(chain, world.contract.address, _abi()).events(
            world.log_id, None, 0, head
        )
        wrong = [f"size {e.size} was sent unwritten" for e in sent if e.tx_hash not in written]
        world.over(chain).advance(due=True)
        finals = [anchor.size for anchor in world.book.anchored()]
        on_chain = [
            event.size
            for event in world.contract.__class__(chain, world.contract.address, _abi()).events(
                world.log_id, None, 0, chain.head().number
            )
        ]
        if on_chain != finals or finals[-1] != size:
            wrong.append(f"on the chain {on_chain[-3:]}, in the book {finals[-3:]}, wanted {size}")
        if chain.nonce(world.account.address) != len(on_chain):
            wrong.append("more transactions than anchors")
        return wrong
    finally:
        world.book.close()
        chain.close()


def kill_at_each_step(plant: str, place: Path) -> dict[str, Any]:
    """Kill before each step; stop at the first run that leaves something wrong."""
    chain, faucet = embedded(place)
    world = anchoring(place, chain, faucet)
    world.book.close()
    chain.close()
    report: dict[str, Any] = {"kills": 0, "wrong": [], "finished": False}
    for kill_at in range(RUNS_MAX):
        world.log.size += 1
        killed = kill_once(world, kill_at, plant)
        report["kills"] += killed
        report["wrong"] = check(world, world.log.size)
        report["finished"] = not killed
        if report["wrong"] or not killed:
            break
    return report


def _abi() -> Any:
    from counterfoil.contracts import load_artifact

    return load_artifact("anchor").abi


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kills-", dir=sys.argv[2] or None) as home:
        made = kill_at_each_step(sys.argv[1], Path(home))
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

"""Kill the owner of an embedded chain at random moments and check each time what is left.

Runs as a program of its own (`python -m tests.faults.chain_kill_rig COUNT SEED PLANT FOLDER`),
since it forks: the process that forks has one thread. Half of the kills come before a chosen
statement of SQLite, so that every place inside a block's commit is hit on any machine; the others
come at any time. Prints one JSON report.
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from counterfoil.chain import create_embedded, faucet_of, open_chain, prepare
from counterfoil.chain.embedded.database import ChainDatabase, StoredLog
from counterfoil.chain.embedded.genesis import parse_genesis
from counterfoil.chain.embedded.node import EmbeddedNode
from counterfoil.chain.embedded.verify import verify_chain
from counterfoil.chain.embedding import embedded_chain
from counterfoil.chain.transactions import transact
from counterfoil.errors import CounterfoilError
from counterfoil.ports import ChainCall, Fees, SystemClock
from counterfoil.testing.chains import probe_code

BLOCKS_MAX = 20  # then a new chain begins, so that executing it again stays quick
HASH = 32


class Torn(ChainDatabase):
    """Writes a block's keys first and its head's note after; some kills come between the two."""

    def commit(
        self, block: int, logs: Sequence[StoredLog] = (), meta: Mapping[str, bytes] | None = None
    ) -> None:
        super().commit(block)
        if os.urandom(1)[0] < 26:
            os.kill(os.getpid(), signal.SIGKILL)
        super().commit(block, logs, meta)


class Unordered(ChainDatabase):
    """Writes each key as it comes."""

    def put(self, key: bytes, value: bytes | None) -> None:
        super().put(key, value)
        super().commit(-1)


PLANTS: dict[str, type[ChainDatabase]] = {"torn": Torn, "at once": Unordered}


def make(folder: Path) -> str:
    """Make a chain with the probe on it; gives the probe's address."""
    path = folder / "chain.db"
    chain = create_embedded(path)
    made = transact(chain, faucet_of(path), ChainCall(None, probe_code())).contract
    chain.close()
    assert made is not None
    return made


def work(folder: Path, probe: str, left: int, plant: str, ear: int) -> None:
    """Send transactions without end, and tell the hash of each once it is acknowledged.

    left: dies before this statement of SQLite, counted from 1; 0 for never.
    """
    path = folder / "chain.db"
    database = PLANTS.get(plant, ChainDatabase)(path)
    if left:

        def count(_: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        database._connection.set_trace_callback(count)
    genesis = parse_genesis(database.meta("genesis"))
    chain = embedded_chain(EmbeddedNode(database, genesis, SystemClock(), None), "embedded:")
    account = faucet_of(path)
    nonce = chain.nonce(account.address)
    for number in range(nonce, nonce + 1_000):
        call = ChainCall(probe)
        prepared = prepare(chain, account, call, nonce=number, fees=Fees(10**10, 1), gas=100_000)
        if plant == "early":
            os.write(ear, prepared.hash)
        chain.send_raw(prepared.raw)
        os.write(ear, prepared.hash)


def kill_once(folder: Path, probe: str, choice: random.Random, plant: str) -> list[bytes]:
    """Let a process work, kill it, and give the transactions that it acknowledged."""
    ear, mouth = os.pipe()
    left = choice.randint(1, 250) if choice.random() < 0.5 else 0
    pid = os.fork()
    if not pid:
        os.close(ear)
        try:
            work(folder, probe, left, plant, mouth)
        finally:
            os._exit(1)
    os.close(mouth)
    told = bytearray()
    if left:  # it kills itself
        while part := os.read(ear, 1 << 16):
            told += part
    elif choice.random() < 0.3:  # anywhere, also while it opens
        time.sleep(choice.uniform(0, 0.05))
    else:  # soon after something was acknowledged
        for _ in range(choice.randint(1, 5)):
            told += os.read(ear, 1 << 16)
        time.sleep(choice.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), f"the child ended by itself: {status}"
    while part := os.read(ear, 1 << 16):
        told += part
    os.close(ear)
    return [bytes(told[at : at + HASH]) for at in range(0, len(told) - HASH + 1, HASH)]


def check(folder: Path, probe: str, acknowledged: Sequence[bytes]) -> list[str]:
    """Check that nothing acknowledged is lost, that all can be executed again and goes on."""
    path = folder / "chain.db"
    try:
        chain = open_chain(f"embedded:{path}")
        try:
            lost = sum(chain.tx_receipt(tx) is None for tx in acknowledged)
            receipt = transact(chain, faucet_of(path), ChainCall(probe))
            report = verify_chain(path)
        finally:
            chain.close()
    except CounterfoilError as err:
        return [f"{err.code}: {err.message}"]
    wrong = [f"{lost} of {len(acknowledged)} acknowledged, and lost"] if lost else []
    if report.blocks != receipt.block:
        wrong.append(f"{report.blocks} blocks, and a receipt in {receipt.block}")
    return wrong


def kill_many(count: int, seed: int, plant: str, place: Path) -> dict[str, Any]:
    """Kill `count` times; stop at the first that leaves something wrong."""
    choice = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir=place))
    probe = make(folder)
    report: dict[str, Any] = {"seed": seed, "kills": 0, "acknowledged": 0, "wrong": []}
    known: list[bytes] = []
    for run in range(count):
        known += kill_once(folder, probe, choice, plant)
        report["kills"] += 1
        wrong = check(folder, probe, known)
        if wrong or len(known) > BLOCKS_MAX or run == count - 1:
            report["acknowledged"] += len(known)
            report["wrong"] = [f"kill {run}: {line}" for line in wrong]
            if wrong:
                break
            shutil.rmtree(folder)
            folder, known = Path(tempfile.mkdtemp(dir=place)), []
            probe = make(folder)
    return report


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kills-", dir=sys.argv[4] or None) as home:
        made = kill_many(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(home))
    print(json.dumps(made))  # noqa: T201  # the report is this program's output

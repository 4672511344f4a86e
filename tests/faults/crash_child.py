"""A process that appends to a log on disk and tells its parent what was acknowledged.

It is made by a fork from a process that has everything imported, so that a crash costs
milliseconds. What it tells goes over a socket, one message a fact; messages that were sent before
a kill can be read after it.
"""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counterfoil.errors import CounterfoilError, FatalLogError
from counterfoil.log import Appended, Log, Submission
from counterfoil.ports import Span
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from tests.faults.planted import STORES, TILES
from tests.log_rig import open_log

__all__ = ["ISSUER", "Child", "busy", "content", "fork", "steady"]

ISSUER = "urn:example:kills"
WAL_LIMIT_BYTES = 150_000  # short, so that folding the WAL is often under way


def content(run: int, source: str, number: int) -> bytes:
    """Make the entry of a number: it names its run, and is of many lengths."""
    filler = 3_000 if number % 101 == 0 else number * 37 % 150
    return b"%d/%s/%d/" % (run, source.encode(), number) + b"." * filler


@dataclass(slots=True)
class Child:
    """What the forked process works with.

    folder: the ledger's. run: differs from all runs before. seed: of its choices. tell: sends a
    fact. plant: name of a planted bug: "early" acknowledges before the commit, the others are
    stores and tiles of `tests.faults.planted`; or none.
    """

    folder: Path
    run: int
    seed: int
    tell: Callable[..., None]
    plant: str = ""
    store: SqliteStore = field(init=False)

    def open(self) -> Log:
        """Open the log, and tell how large it is."""
        store_type = STORES.get(self.plant, SqliteStore)
        self.store = store = store_type(self.folder / "ledger.db", wal_limit_bytes=WAL_LIMIT_BYTES)
        tiles = TILES.get(self.plant, TileFiles)(self.folder)
        log = open_log(store, tiles, interval_s=0.0005)
        self.tell(kind="open", size=log.head.size)
        return log

    def submit(self, log: Log, source: str, number: int, count: int) -> Future[Appended]:
        """Append numbered entries, and tell of them once they are acknowledged."""
        run = [content(self.run, source, number + k) for k in range(count)]
        future = log.submit(Submission(run, [Span(ISSUER, source, number, count, 0)]))
        told = {"kind": "ack", "run": self.run, "source": source, "number": number, "count": count}

        def answer(done: Future[Appended]) -> None:
            err = done.exception()
            if err is None:
                self.tell(**told, index=done.result().first)
            elif isinstance(err, CounterfoilError):
                self.tell(kind="error", code=err.code, fatal=isinstance(err, FatalLogError))
            else:
                self.tell(kind="bug", text=repr(err))

        if self.plant == "early":
            self.tell(**told, index=log.head.size)
        else:
            future.add_done_callback(answer)
        return future


def busy(child: Child) -> None:
    """Append without end, several submissions at a time; close and open now and then."""
    choice = random.Random(child.seed)
    while True:
        log = child.open()
        numbers = {source: child.store.next_number(ISSUER, source) for source in "ab"}
        waiting: list[Future[Appended]] = []
        for _ in range(choice.randint(1, 15)):
            source = choice.choice("ab")
            count = choice.choice([1, 1, 1, 3, 20, 60, 257])
            waiting.append(child.submit(log, source, numbers[source], count))
            numbers[source] += count
            if len(waiting) >= 3:
                waiting.pop(0).result()
        log.close()
        child.tell(kind="closed")


def steady(child: Child) -> None:
    """Append one after the other, waiting for each; after a fatal error open again.

    The same steps every time, so that the n-th system call of a kind is the same one.
    """
    counts = [1, 2, 250, 5, 1, 40, 1]
    for attempt in range(6):
        try:
            log = child.open()
        except CounterfoilError as err:
            child.tell(kind="refused", code=err.code, fatal=isinstance(err, FatalLogError))
            continue
        done = 0
        try:
            number = child.store.next_number(ISSUER, "s")
            for count in counts:
                future = child.submit(log, "s", number, count)
                if future.exception() is None:
                    number += count
                    done += 1
                    log.wait_published(log.head.size)
        except CounterfoilError as err:
            child.tell(kind="error", code=err.code, fatal=isinstance(err, FatalLogError))
        try:
            log.close()
        except CounterfoilError as err:
            child.tell(kind="error", code=err.code, fatal=isinstance(err, FatalLogError))
        child.tell(kind="closed", attempt=attempt)
        if done == len(counts):
            return


def fork(
    work: Callable[[Child], None], folder: Path, run: int, seed: int, plant: str = ""
) -> tuple[int, socket.socket]:
    """Fork a process that waits for one byte, then works; return its id and what it tells.

    To be called from a process of one thread.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    status = 1
    try:
        ours.close()

        def tell(**fact: Any) -> None:
            theirs.send(json.dumps(fact).encode())

        if theirs.recv(1):
            work(Child(folder, run, seed, tell, plant))
        status = 0
    except BaseException as err:
        theirs.send(json.dumps({"kind": "bug", "text": repr(err)}).encode())
    finally:
        os._exit(status)

"""A process that uses a whole ledger as programs do, and tells what it was promised.

Its ledger is on one disk, its state folder (the witness's memory, what readers saw) on another.
What it tells gives promises only: records that were acknowledged, checkpoints that were published
with their cosignature. The keys and the folder itself are made under the same cuts.
"""

from __future__ import annotations

import random
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

import counterfoil
from counterfoil.errors import CounterfoilError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.ledger import Ledger
from counterfoil.ledger.memory import seen_states
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.seen import remember
from counterfoil.storage import SqliteStore
from tests.faults.crash_child import Child
from tests.faults.power_anchors import BOOK_FILE, Anchoring
from tests.ledgers import parts_of

__all__ = ["PLANTS", "content_of", "live"]

PLANTS: Final = ("ledger normal", "memory normal", "book normal")
"""Planted bugs: the ledger's database, the witness's memory or the book of anchors, synced as
`NORMAL` asks."""

_WAL_LIMIT_BYTES: Final = 200_000  # short, so that folding the WAL is often under way
_NORMAL: Final = "PRAGMA synchronous = NORMAL"


def content_of(run: int, number: int) -> dict[str, Any]:
    """Make the content of a record: it names its run, and is of many lengths."""
    return {"run": run, "number": number, "text": "." * (number * 37 % 600)}


def live(child: Child) -> None:
    """Make the ledger where there is none, and use it until the disk is gone."""
    try:
        user = _User(child)
        while True:
            user.use()
    except CounterfoilError as err:
        child.tell(kind="error", code=err.code, text=err.message[:300])


class _User:
    """Whoever uses the ledger of a child; numbers what it records in a run from 0."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._choice = random.Random(child.seed)
        self._number = 0

    def use(self) -> None:
        """Open the ledger, do a few things, and close it."""
        ledger = counterfoil.open(self._child.folder, create=True, name="power")
        book = self._child.folder.parent / BOOK_FILE
        anchoring = Anchoring(self._child, book, normal=self._child.plant == "book normal")
        try:
            _plant(ledger, self._child.plant)
            self._child.tell(kind="open", size=ledger.size)
            steps = (
                self._single,
                self._several,
                self._rows,
                self._block,
                self._publish,
                self._keys,
            )
            for _ in range(self._choice.randint(3, 25)):
                self._choice.choices(steps, (12, 6, 4, 2, 10, 1))[0](ledger)
                anchoring.step(self._choice)
        finally:
            anchoring.close()
            ledger.close()
        self._child.tell(kind="closed")

    def _single(self, ledger: Ledger) -> None:
        number = self._next()
        recorded = ledger.record(content_of(self._child.run, number))
        self._acknowledged("ack", recorded.index, number)

    def _several(self, ledger: Ledger) -> None:
        """Record several side by side; each is told when it is acknowledged."""

        def answer(number: int, done: Future[Recorded]) -> None:
            if done.exception() is None:
                self._acknowledged("ack", done.result().index, number)

        waiting = []
        for _ in range(self._choice.randint(2, 30)):
            number = self._next()
            future = ledger.record_later(content_of(self._child.run, number))
            future.add_done_callback(partial(answer, number))
            waiting.append(future)
        for future in waiting:
            future.result()

    def _rows(self, ledger: Ledger) -> None:
        numbers = [self._next() for _ in range(self._choice.randint(2, 90))]
        rows = [content_of(self._child.run, number) for number in numbers]
        done = ledger.record_many(rows, source=f"rows {self._child.run} {numbers[0]}")
        for number, index in zip(numbers, done.indices, strict=True):
            self._acknowledged("ack", index, number)

    def _block(self, ledger: Ledger) -> None:
        number = self._next()
        rows = [content_of(self._child.run, number)] * 40
        self._acknowledged("block", ledger.record_block(rows).index, number)

    def _keys(self, ledger: Ledger) -> None:
        self._acknowledged("keys", ledger.key_admin.rotate("it is time").index)

    def _publish(self, ledger: Ledger) -> None:
        """Publish, and tell what any reader sees then; one reader remembers it."""
        ledger.publish()
        note = ledger.published()
        tree = checkpoints.parse(notes.parse(note).text)
        if self._choice.random() < 0.5:
            remember(seen_states(), tree, note, 0)
        signed = ledger.verify(ledger.receipt(tree.size - 1)).grade
        size, root = tree.size, tree.root.hex()
        self._child.tell(kind="published", size=size, root=root, grade=signed)

    def _acknowledged(self, kind: str, index: int, number: int = -1) -> None:
        self._child.tell(kind=kind, run=self._child.run, index=index, number=number)

    def _next(self) -> int:
        self._number += 1
        return self._number - 1


def _plant(ledger: Ledger, plant: str) -> None:
    """Make the write-ahead log short, and plant a bug."""
    parts = parts_of(ledger)
    store = parts.log._store
    assert isinstance(store, SqliteStore)
    store._wal_limit_bytes = _WAL_LIMIT_BYTES
    if plant == "ledger normal":
        parts.log._sequencer.run(lambda: store._require_writer().execute(_NORMAL).close())
    if plant == "memory normal":
        own = parts.witnesses._own
        assert own is not None
        with own._memory._lock:
            own._memory._use().execute(_NORMAL)

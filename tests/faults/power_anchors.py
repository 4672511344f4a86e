"""The book of anchors under power cuts: what a chain may have seen is written down here.

What the book's user tells is what the chain would have: a transaction that was sent, an anchor
that became final and was shown to somebody, a wish that was acknowledged.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_state import Attempt, Job, Mined, Wish
from counterfoil.chain.anchor_tables import ChainNote
from counterfoil.ports import Fees
from tests.faults.crash_child import Child

__all__ = ["BOOK_FILE", "Anchoring", "check_book"]

BOOK_FILE: Final = "anchor.db"
_CHAIN: Final = 4711
_KINDS: Final = ("wish", "sent", "final")


class Anchoring:
    """Uses the book as the queue does: writes down, then tells.

    path: the file; made where there is none. normal: plant the bug that it does not sync.
    """

    def __init__(self, child: Child, path: Path, *, normal: bool = False) -> None:
        self._child = child
        self._book = AnchorBook(path, create=True)
        if normal:
            self._book._db.execute("PRAGMA synchronous = NORMAL")
        if self._book.chain(_CHAIN) is None:
            self._book.add_chain(
                ChainNote(_CHAIN, "http://chain.example", "run by us", "0x", "0x", "0x", b"", 1)
            )

    def step(self, choice: random.Random) -> None:
        """Take the next step of the anchor under way, or begin one."""
        jobs = self._book.open_jobs(_CHAIN)
        if not jobs:
            self._begin()
            return
        (job,) = jobs
        if job.phase == "mined":
            self._book.note_phase(_CHAIN, job.size, "final", job.mined)
            self._tell("final", job.size, job.attempts[-1].hash)
        elif choice.random() < 0.3:
            last = job.attempts[-1]
            attempt = replace(last, hash=sha256(last.hash).digest())
            self._book.add_attempt(_CHAIN, job.size, attempt)
            self._tell("sent", job.size, attempt.hash)
        else:
            mined = Mined(job.attempts[-1].hash, job.size, job.root, 1)
            self._book.note_phase(_CHAIN, job.size, "mined", mined)

    def close(self) -> None:
        """Close the book."""
        self._book.close()

    def _begin(self) -> None:
        size = self._book.newest(_CHAIN) + 1
        self._book.wish(Wish(size + 1_000_000, False, self._child.run))
        self._tell("wish", size + 1_000_000, b"")
        root = sha256(b"%d" % size).digest()
        attempt = Attempt(b"raw", sha256(root).digest(), size, 90_000, Fees(2, 1), 0)
        self._book.begin(_CHAIN, Job(size, root, size - 1, b"note", b"", "signed", (attempt,)))
        self._tell("sent", size, attempt.hash)

    def _tell(self, kind: str, size: int, tx_hash: bytes) -> None:
        self._child.tell(kind=kind, size=size, tx=tx_hash.hex())


def check_book(path: Path, told: list[Mapping[str, Any]]) -> list[str]:
    """Check that a book holds everything that its user told, and goes on."""
    facts = [fact for fact in told if fact["kind"] in _KINDS]
    with closing(AnchorBook(path, create=not facts)) as book:
        wishes = {wish.size for wish in book.wishes()}
        wrong = [f"not in the book: {fact}" for fact in facts if not _holds(book, fact, wishes)]
        jobs = book.open_jobs(_CHAIN)
        if len(jobs) > 1:
            wrong.append(f"expected one anchor under way, found {len(jobs)}")
        found = book._db.execute("PRAGMA integrity_check").fetchall()
    return wrong[:5] + [f"the book is damaged: {found}"] * (found != [("ok",)])


def _holds(book: AnchorBook, fact: Mapping[str, Any], wishes: set[int]) -> bool:
    if fact["kind"] == "wish":
        return fact["size"] in wishes
    job, tx_hash = book.job(_CHAIN, fact["size"]), bytes.fromhex(fact["tx"])
    if job is None:
        return False
    if fact["kind"] == "sent":
        return job.phase == "final" or any(a.hash == tx_hash for a in job.attempts)
    return job.phase == "final" and job.mined is not None and job.mined.tx_hash == tx_hash

"""Write down what is to happen on a chain, what was signed for it, and where it stands: `act.db`.

A verdict is in this file before it is in the log, and a transaction before anybody else sees it;
so after a crash the same ones go on. Several processes may use it, one step at a time: see `turn`.
This module refuses to decide, and to ask a chain.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.act.book_tables import (
    APPLICATION_ID,
    KIND_NAMES,
    OPEN_PHASES,
    SCHEMA,
    VERSION,
    ActJob,
    JobPhase,
)
from counterfoil.chain.anchor_state import Attempt, Mined
from counterfoil.chain.book_file import BookFile, BookKind
from counterfoil.errors import Conflict, Unavailable
from counterfoil.ports import ChainCall, Fees

__all__ = ["ActBook"]

_KIND: Final = BookKind(SCHEMA, "job", VERSION, APPLICATION_ID)
_COLUMNS: Final = (
    "number, key, chain_id, kind, account, said, entry, at_ms, phase, entry_index, target, data, "
    "tx_hash, block, block_hash, time_s, stated, trouble, trouble_text"
)
_TURN_POLL_S: Final = 0.02


class ActBook(BookFile):
    """The file at `path`.

    create: make it where there is none. read_only: only read. Raises Unavailable with code
    act.book when the file cannot be used.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        super().__init__(path, _KIND, create=create, read_only=read_only)

    @contextlib.contextmanager
    def turn(self, timeout_s: float = 60.0) -> Iterator[None]:
        """Have the accounts for oneself inside: one process at a time signs and sends.

        The lock is the kernel's (flock), so that a crash frees it. Raises Conflict with code
        act.busy after `timeout_s`.
        """
        path = self._path.with_name(f"{self._path.name}.lock")
        with self._faults():
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + timeout_s
            while not _lock(handle):
                if time.monotonic() >= until:
                    raise Conflict(
                        "act.busy",
                        f"expected {path} to be free within {timeout_s:g} s, found another "
                        "process at work",
                        hint="It is submitting something: try again when it is done.",
                    )
                time.sleep(_TURN_POLL_S)
            yield
        finally:
            os.close(handle)  # which unlocks

    def plan(self, job: ActJob) -> ActJob:
        """Write a new job down, durably; gives the one with its key that is there already, else it.

        job: its number is given here.
        """
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO job (key, chain_id, kind, account, said, entry, at_ms, "
                "phase, entry_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.key,
                    job.chain_id,
                    job.kind,
                    job.account,
                    json.dumps(job.said, sort_keys=True),
                    job.entry,
                    job.at_ms,
                    job.phase,
                    job.index,
                ),
            )
        found = self.find(job.key)
        assert found is not None  # noqa: S101  # it was written above
        return found

    def find(self, key: bytes) -> ActJob | None:
        """Read the job of a key."""
        return next(iter(self._jobs("WHERE key = ?", key)), None)

    def job(self, number: int) -> ActJob | None:
        """Read a job by its number."""
        return next(iter(self._jobs("WHERE number = ?", number)), None)

    def open_jobs(self, chain_id: int) -> list[ActJob]:
        """List the jobs on a chain that are not done, in the order in which they were planned."""
        marks = ", ".join("?" * len(OPEN_PHASES))
        where = f"WHERE chain_id = ? AND phase IN ({marks}) ORDER BY number"
        return self._jobs(where, chain_id, *OPEN_PHASES)

    def jobs(self, *, limit: int, before: int | None = None) -> list[ActJob]:
        """List jobs, newest first; before: only those with smaller numbers."""
        end = (1 << 62) if before is None else before
        return self._jobs("WHERE number < ? ORDER BY number DESC LIMIT ?", end, limit)

    def note_recorded(self, number: int, index: int | None) -> None:
        """Write down that a verdict stands in the log, or that a job may be sent."""
        self._change(number, phase="recorded", entry_index=index)

    def add_attempt(self, number: int, call: ChainCall, attempt: Attempt) -> None:
        """Write down a signed transaction, before it is sent; the same one is now the last."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO attempt (job, hash, raw, nonce, gas, max_fee, "
                "priority_fee, legacy, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    attempt.hash,
                    attempt.raw,
                    attempt.nonce,
                    attempt.gas,
                    str(attempt.fees.max_fee),
                    str(attempt.fees.priority_fee),
                    int(attempt.fees.legacy),
                    attempt.at_ms,
                ),
            )
            query = (
                "UPDATE job SET phase = 'signed', target = ?, data = ?, trouble = NULL, "
                "trouble_text = NULL WHERE number = ?"
            )
            db.execute(query, (call.to or "", call.data, number))

    def note_phase(self, number: int, phase: JobPhase, mined: Mined | None = None) -> None:
        """Write down how far a job is; mined: where it took effect, None for nowhere."""
        place: tuple[Any, ...] = (None,) * 4
        if mined is not None:
            place = (mined.tx_hash, mined.block, mined.block_hash, mined.time_s)
        tx_hash, block, block_hash, time_s = place
        self._change(
            number, phase=phase, tx_hash=tx_hash, block=block, block_hash=block_hash, time_s=time_s
        )

    def note_done(self, number: int, stated: int) -> None:
        """Write down which statement says what a job did; it is never touched again."""
        self._change(number, phase="done", stated=stated, trouble=None, trouble_text=None)

    def drop(self, number: int) -> None:
        """Give a job up: it can never happen; what was its trouble stays."""
        self._change(number, phase="dropped")

    def note_trouble(self, number: int, trouble: tuple[str, str] | None) -> None:
        """Write down what keeps a job from going on, or that nothing does."""
        code, text = trouble or (None, None)
        self._change(number, trouble=code, trouble_text=text)

    # How far events were followed --------------------------------------------------------------

    def followed(self, chain_id: int, gate: str) -> int | None:
        """Tell up to which block a gate's events are recorded; None before the first time."""
        query = "SELECT followed FROM place WHERE chain_id = ? AND gate = ?"
        return next((int(block) for (block,) in self._rows(query, chain_id, gate)), None)

    def note_followed(self, chain_id: int, gate: str, block: int) -> None:
        """Write down that the events up to a block are recorded."""
        with self._writing() as db:
            known = (chain_id, gate, block)
            db.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", known)

    def _jobs(self, where: str, *arguments: object) -> list[ActJob]:
        rows = self._rows(f"SELECT {_COLUMNS} FROM job {where}", *arguments)  # noqa: S608  # ours
        with self._faults():
            return [self._job(row) for row in rows]

    def _job(self, row: Sequence[Any]) -> ActJob:
        number, key, chain_id, kind, account, said, entry, at_ms, phase, index, *rest = row
        target, data, *place, stated, trouble, text = rest
        attempts = self._rows(
            "SELECT raw, hash, nonce, gas, max_fee, priority_fee, legacy, at_ms FROM attempt "
            "WHERE job = ? ORDER BY number",
            number,
        )
        return ActJob(
            number=number,
            key=key,
            chain_id=chain_id,
            kind=KIND_NAMES[KIND_NAMES.index(kind)],
            account=account,
            said=_said(said),
            entry=entry,
            at_ms=at_ms,
            phase=phase,
            index=index,
            target=target,
            data=data,
            attempts=tuple(map(_attempt, attempts)),
            mined=None if place[0] is None else Mined(*place),
            stated=stated,
            trouble=None if trouble is None else (trouble, text or ""),
        )

    def _change(self, number: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as db:
            query = f"UPDATE job SET {columns} WHERE number = ?"  # noqa: S608  # names of ours
            db.execute(query, (*values.values(), number))

    def _unusable(self, err: Exception) -> Unavailable:
        return Unavailable(
            "act.book",
            f"expected to use {self._path}, but: {err}",
            hint="Check the disk. If the file is damaged, move it away: what was recorded and what "
            "a contract did stay where they are, and `counterfoil act follow` finds them again.",
        )


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _said(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as err:
        raise sqlite3.DatabaseError(f"no JSON in a job: {err}") from err
    return found if isinstance(found, dict) else {}


def _attempt(row: Sequence[Any]) -> Attempt:
    raw, tx_hash, nonce, gas, most, tip, legacy, at_ms = row
    return Attempt(raw, tx_hash, nonce, gas, Fees(int(most), int(tip), bool(legacy)), at_ms)

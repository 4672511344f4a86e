"""Write down what is to be anchored, what was signed for it, and where it stands: `anchor.db`.

A transaction is in this file, durably, before anybody else sees it; so after a crash the same one
is sent again, or its outcome is found. One process writes; others may read, and may add wishes.
This module refuses to decide, and to ask a chain.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.chain.anchor_state import Attempt, Job, Mined, Phase, Wish
from counterfoil.errors import Unavailable
from counterfoil.ports import Fees

__all__ = ["Alarm", "AnchorBook", "AnchoredAt", "ChainNote"]

_VERSION: Final = 1
_APPLICATION_ID: Final = 0x4346414E  # "CFAN"
_BUSY_S: Final = 10.0
_ALARMS_MAX: Final = 1_000
_SCHEMA: Final = """
CREATE TABLE chain (
    chain_id INTEGER PRIMARY KEY, url TEXT NOT NULL, run_by TEXT NOT NULL, contract TEXT NOT NULL,
    owner TEXT NOT NULL, anchor_key TEXT NOT NULL, log_id BLOB NOT NULL, block INTEGER NOT NULL,
    stated INTEGER, behind_ms INTEGER, balance TEXT NOT NULL DEFAULT '0',
    cost TEXT NOT NULL DEFAULT '0', trouble TEXT, trouble_text TEXT, trouble_ms INTEGER) STRICT;
CREATE TABLE wish (
    size INTEGER NOT NULL, exact INTEGER NOT NULL, by_ms INTEGER NOT NULL, note BLOB NOT NULL,
    PRIMARY KEY (size, exact, by_ms)) STRICT, WITHOUT ROWID;
CREATE TABLE job (
    chain_id INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, old_size INTEGER NOT NULL,
    note BLOB NOT NULL, data BLOB NOT NULL, phase TEXT NOT NULL
    CHECK (phase IN ('signed', 'sent', 'mined', 'final')), tx_hash BLOB, block INTEGER,
    block_hash BLOB, time_s INTEGER, PRIMARY KEY (chain_id, size),
    CHECK (phase IN ('signed', 'sent') OR tx_hash IS NOT NULL)) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
    chain_id INTEGER NOT NULL, size INTEGER NOT NULL, hash BLOB NOT NULL, raw BLOB NOT NULL,
    nonce INTEGER NOT NULL, gas INTEGER NOT NULL, max_fee TEXT NOT NULL,
    priority_fee TEXT NOT NULL, legacy INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    number INTEGER PRIMARY KEY, UNIQUE (chain_id, hash)) STRICT;
CREATE TABLE alarm (
    number INTEGER PRIMARY KEY, chain_id INTEGER NOT NULL, code TEXT NOT NULL,
    text TEXT NOT NULL, evidence TEXT NOT NULL, at_ms INTEGER NOT NULL,
    UNIQUE (chain_id, code, text)) STRICT;
CREATE TRIGGER final_stays BEFORE UPDATE ON job WHEN OLD.phase = 'final'
    BEGIN SELECT RAISE(ABORT, 'a final anchor is never changed'); END;
CREATE TRIGGER final_never_goes BEFORE DELETE ON job WHEN OLD.phase = 'final'
    BEGIN SELECT RAISE(ABORT, 'a final anchor is never forgotten'); END;
"""
_JOB: Final = (
    "SELECT size, root, old_size, note, data, phase, tx_hash, block, block_hash, time_s FROM job"
)


@dataclass(frozen=True, slots=True)
class ChainNote:
    """A chain on which the log is registered.

    log_id: 32 bytes. block: of the registration. stated: index of the log's entry that says so;
    None before. behind_ms: since when entries wait to be anchored, Unix ms; None: none do.
    balance, cost: the anchor account's coins, and what one anchor may take of them, wei. trouble:
    code of the error that keeps us from anchoring, and its text; None where none does.
    """

    chain_id: int
    url: str
    run_by: str
    contract: str
    owner: str
    anchor_key: str
    log_id: bytes
    block: int
    stated: int | None = None
    behind_ms: int | None = None
    balance: int = 0
    cost: int = 0
    trouble: str | None = None
    trouble_text: str | None = None
    trouble_ms: int | None = None

    @property
    def anchors_left(self) -> int | None:
        """How many more anchors the account can pay for; None before the first."""
        return None if self.cost == 0 else self.balance // self.cost


@dataclass(frozen=True, slots=True)
class AnchoredAt:
    """A final anchor, as receipts name it; note: the checkpoint's. See `Mined`."""

    chain_id: int
    contract: str
    owner: str
    log_id: bytes
    size: int
    root: bytes
    note: bytes
    mined: Mined


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that must be looked at. evidence: JSON text. at_ms: Unix ms."""

    chain_id: int
    code: str
    text: str
    evidence: str
    at_ms: int


class AnchorBook:
    """The file at `path`.

    create: make it where there is none. read_only: only read. Raises Unavailable with code
    anchor.book when the file cannot be used.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        mode = "ro" if read_only else "rwc" if create else "rw"
        with self._faults():
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=_BUSY_S,
            )
            try:
                self._prepare(read_only=read_only)
            except BaseException:
                self._db.close()
                raise

    def _prepare(self, *, read_only: bool) -> None:
        pragmas = ["trusted_schema = OFF"]
        if sys.platform == "darwin":
            pragmas += ["fullfsync = ON", "checkpoint_fullfsync = ON"]
        if not read_only:
            pragmas += ["journal_mode = WAL", "synchronous = FULL"]
        for pragma in pragmas:
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0 and not read_only:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; "
                f"PRAGMA application_id = {_APPLICATION_ID}; COMMIT;"
            )
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"version {version} of the file, expected {_VERSION}")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # Chains ------------------------------------------------------------------------------------

    def chains(self) -> list[ChainNote]:
        """List the chains on which the log is registered."""
        rows = self._rows("SELECT * FROM chain ORDER BY chain_id")
        return [ChainNote(*row[:10], int(row[10]), int(row[11]), *row[12:]) for row in rows]

    def chain(self, chain_id: int) -> ChainNote | None:
        """Read what is known of a chain."""
        return next((note for note in self.chains() if note.chain_id == chain_id), None)

    def add_chain(self, note: ChainNote) -> None:
        """Write down where the log is registered."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO chain (chain_id, url, run_by, contract, owner, anchor_key, "
                "log_id, block) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    note.chain_id,
                    note.url,
                    note.run_by,
                    note.contract,
                    note.owner,
                    note.anchor_key,
                    note.log_id,
                    note.block,
                ),
            )

    def note_stated(self, chain_id: int, index: int) -> None:
        """Write down which entry of the log names this chain."""
        self._change(chain_id, stated=index)

    def note_behind(self, chain_id: int, since_ms: int | None) -> None:
        """Write down since when entries wait, or that none do."""
        self._change(chain_id, behind_ms=since_ms)

    def note_funds(self, chain_id: int, balance: int, cost: int) -> None:
        """Write down the account's coins and what an anchor may take, wei."""
        self._change(chain_id, balance=str(balance), cost=str(cost))

    def note_trouble(self, chain_id: int, code: str, text: str, at_ms: int) -> None:
        """Write down what keeps us from anchoring there."""
        self._change(chain_id, trouble=code, trouble_text=text, trouble_ms=at_ms)

    def clear_trouble(self, chain_id: int) -> None:
        """Write down that nothing does any more."""
        self._change(chain_id, trouble=None, trouble_text=None, trouble_ms=None)

    def raise_alarm(self, alarm: Alarm) -> None:
        """Keep an alarm, once; it stays when the trouble is over."""
        with self._writing() as db:
            (kept,) = db.execute("SELECT count(*) FROM alarm").fetchone()
            if kept < _ALARMS_MAX:
                db.execute(
                    "INSERT OR IGNORE INTO alarm (chain_id, code, text, evidence, at_ms) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (alarm.chain_id, alarm.code, alarm.text, alarm.evidence, alarm.at_ms),
                )

    def alarms(self) -> list[Alarm]:
        """List the alarms, oldest first."""
        query = "SELECT chain_id, code, text, evidence, at_ms FROM alarm ORDER BY number"
        return [Alarm(*row) for row in self._rows(query)]

    # Wishes ------------------------------------------------------------------------------------

    def wish(self, wish: Wish) -> None:
        """Keep a wish, durably; it holds for every chain."""
        with self._writing() as db:
            by_ms = -1 if wish.by_ms is None else wish.by_ms
            known = (wish.size, int(wish.exact), by_ms, wish.note)
            db.execute("INSERT OR IGNORE INTO wish VALUES (?, ?, ?, ?)", known)

    def wishes(self) -> list[Wish]:
        """List the wishes, smallest size first."""
        rows = self._rows("SELECT size, exact, by_ms, note FROM wish ORDER BY size, by_ms")
        return [Wish(s, bool(e), None if by < 0 else by, note) for s, e, by, note in rows]

    def forget_wishes(self, size: int) -> None:
        """Forget wishes of up to `size` entries: every chain has anchored as many."""
        if any(wish.size <= size for wish in self.wishes()):
            with self._writing() as db:
                db.execute("DELETE FROM wish WHERE size <= ?", (size,))

    # Jobs --------------------------------------------------------------------------------------

    def open_jobs(self, chain_id: int) -> list[Job]:
        """List the anchors of a chain that are not final, smallest first."""
        query = f"{_JOB} WHERE chain_id = ? AND phase <> 'final' ORDER BY size"
        return [self._job(chain_id, row) for row in self._rows(query, chain_id)]

    def job(self, chain_id: int, size: int) -> Job | None:
        """Read the anchor of a size."""
        for row in self._rows(f"{_JOB} WHERE chain_id = ? AND size = ?", chain_id, size):
            return self._job(chain_id, row)
        return None

    def newest(self, chain_id: int) -> int:
        """Tell the largest size that is anchored or under way; 0 where none is."""
        query = "SELECT coalesce(max(size), 0) FROM job WHERE chain_id = ?"
        return int(self._rows(query, chain_id)[0][0])

    def newest_final(self, chain_id: int) -> int:
        """Tell the largest size whose anchor is final; 0 where none is."""
        query = "SELECT coalesce(max(size), 0) FROM job WHERE chain_id = ? AND phase = 'final'"
        return int(self._rows(query, chain_id)[0][0])

    def begin(self, chain_id: int, job: Job) -> None:
        """Write down a signed anchor, before it is sent; entries no longer wait."""
        with self._writing() as db:
            values = (chain_id, job.size, job.root, job.old_size, job.note, job.data, job.phase)
            db.execute(
                "INSERT INTO job (chain_id, size, root, old_size, note, data, phase) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            _insert_attempt(db, chain_id, job.size, job.attempts[-1])
            db.execute("UPDATE chain SET behind_ms = NULL WHERE chain_id = ?", (chain_id,))

    def add_attempt(self, chain_id: int, size: int, attempt: Attempt) -> None:
        """Write down a further transaction for the same anchor, before it is sent."""
        with self._writing() as db:
            _insert_attempt(db, chain_id, size, attempt)
            query = "UPDATE job SET phase = 'signed' WHERE chain_id = ? AND size = ?"
            db.execute(query, (chain_id, size))

    def note_phase(self, chain_id: int, size: int, phase: Phase, mined: Mined | None) -> None:
        """Write down how far an anchor is; of a final one, what was signed is let go."""
        place = (None,) * 4
        if mined is not None:
            place = (mined.tx_hash, mined.block, mined.block_hash, mined.time_s)  # type: ignore[assignment]  # four columns
        with self._writing() as db:
            db.execute(
                "UPDATE job SET phase = ?, tx_hash = ?, block = ?, block_hash = ?, time_s = ?, "
                "data = CASE ?1 WHEN 'final' THEN x'' ELSE data END "
                "WHERE chain_id = ? AND size = ?",
                (phase, *place, chain_id, size),
            )
            if phase == "final":
                known = (chain_id, size)
                db.execute("DELETE FROM attempt WHERE chain_id = ? AND size = ?", known)

    def drop(self, chain_id: int, size: int) -> None:
        """Give an anchor up: a larger one stands, and this one never can."""
        with self._writing() as db:
            for table in ("job", "attempt"):
                db.execute(f"DELETE FROM {table} WHERE chain_id = ? AND size = ?", (chain_id, size))

    def anchored(self, least: int = 0) -> list[AnchoredAt]:
        """List the final anchors of at least `least` entries, smallest first."""
        rows = self._rows(
            "SELECT chain_id, contract, owner, log_id, size, root, note, tx_hash, job.block, "
            "block_hash, time_s FROM job JOIN chain USING (chain_id) "
            "WHERE phase = 'final' AND size >= ? ORDER BY size, chain_id",
            least,
        )
        return [AnchoredAt(*row[:7], Mined(*row[7:])) for row in rows]

    def _job(self, chain_id: int, row: Sequence[Any]) -> Job:
        size, root, old_size, note, data, phase, *place = row
        rows = self._rows(
            "SELECT raw, hash, nonce, gas, max_fee, priority_fee, legacy, at_ms FROM attempt "
            "WHERE chain_id = ? AND size = ? ORDER BY number",
            chain_id,
            size,
        )
        attempts = tuple(
            Attempt(*head, Fees(int(most), int(tip), bool(legacy)), at_ms)
            for *head, most, tip, legacy, at_ms in rows
        )
        mined = None if place[0] is None else Mined(*place)
        return Job(size, root, old_size, note, data, phase, attempts, mined)

    def _change(self, chain_id: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as db:
            query = f"UPDATE chain SET {columns} WHERE chain_id = ?"
            db.execute(query, (*values.values(), chain_id))

    def _rows(self, query: str, *arguments: object) -> list[Any]:
        with self._lock, self._faults():
            return self._db.execute(query, arguments).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as err:
            raise Unavailable(
                "anchor.book",
                f"expected to use {self._path}, but: {err}",
                hint="Check the disk. If the file is damaged, move it away: what was anchored "
                "stays on the chain, and is found there again.",
            ) from err


def _insert_attempt(db: sqlite3.Connection, chain_id: int, size: int, attempt: Attempt) -> None:
    db.execute(
        "INSERT INTO attempt (chain_id, size, hash, raw, nonce, gas, max_fee, priority_fee, "
        "legacy, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            chain_id,
            size,
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

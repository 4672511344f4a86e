"""Write down what is to be anchored, what was signed for it, and where it stands: `anchor.db`.

A transaction is in this file, durably, before anybody else sees it; so after a crash the same one
is sent again, or its outcome is found. One process writes; others may read.
This module refuses to decide, and to ask a chain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.chain.anchor_state import Attempt, Job, Mined, Phase, Wish
from counterfoil.chain.anchor_tables import (
    APPLICATION_ID,
    CHOICES,
    SCHEMA,
    VERSION,
    Alarm,
    AnchoredAt,
    ChainNote,
)
from counterfoil.chain.book_file import BookFile, BookKind
from counterfoil.errors import Unavailable
from counterfoil.ports import Choice, Fees

__all__ = ["AnchorBook"]

_KIND: Final = BookKind(
    schema=SCHEMA,
    table="chain",
    version=VERSION,
    application_id=APPLICATION_ID,
    more=CHOICES,
)
_ALARMS_MAX: Final = 1_000
_JOB: Final = (
    "SELECT size, root, old_size, note, data, phase, tx_hash, block, block_hash, time_s FROM job"
)


class AnchorBook(BookFile):
    """The file at `path`.

    create: make it where there is none. read_only: only read. Raises Unavailable with code
    anchor.book when the file cannot be used.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        super().__init__(path, _KIND, create=create, read_only=read_only)

    # Chains ------------------------------------------------------------------------------------

    def chains(self) -> list[ChainNote]:
        """List the chains on which the log is registered."""
        rows = self._rows("SELECT * FROM chain ORDER BY chain_id")
        return [_chain_note(row) for row in rows]

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

    def note_url(self, chain_id: int, url: str) -> None:
        """Write down under which name the settings have the chain now."""
        self._change(chain_id, url=url)

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

    def standing(self, chain_id: int, least: int) -> list[tuple[int, int]]:
        """List (size, time of its block) of anchors of at least `least` entries, smallest first.

        They stand in blocks, which may still go where they are not final.
        """
        query = (
            "SELECT size, time_s FROM job WHERE chain_id = ? AND size >= ? "
            "AND phase IN ('mined', 'final') ORDER BY size"
        )
        return [(size, time_s) for size, time_s in self._rows(query, chain_id, least)]

    def newest_note(self, above: int) -> tuple[int, bytes, bytes] | None:
        """Read the largest checkpoint that is anchored or under way on any chain.

        above: it must have more entries than that. Gives size, root and signed note.
        """
        query = "SELECT size, root, note FROM job WHERE size > ? ORDER BY size DESC LIMIT 1"
        rows = self._rows(query, above)
        return tuple(rows[0]) if rows else None

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

    def note_choice(self, chain_id: int, size: int, choice: Choice, at_ms: int) -> None:
        """Write down why an anchor was begun at a time, Unix ms."""
        fees = [None if fee is None else str(fee) for fee in (choice.fee, choice.take)]
        with self._writing() as db:
            known = (chain_id, size, at_ms, choice.why, *fees)
            db.execute("INSERT OR REPLACE INTO choice VALUES (?, ?, ?, ?, ?, ?)", known)

    def why(self, chain_id: int, size: int) -> str | None:
        """Tell why an anchor was begun when it was; None where that is not written down."""
        tables = "SELECT name FROM sqlite_master WHERE name = 'choice'"
        if not self._rows(tables):
            return None
        query = "SELECT why FROM choice WHERE chain_id = ? AND size = ?"
        return next((str(why) for (why,) in self._rows(query, chain_id, size)), None)

    def drop(self, chain_id: int, size: int) -> None:
        """Give an anchor up: a larger one stands, and this one never can."""
        with self._writing() as db:
            known = (chain_id, size)
            db.execute("DELETE FROM job WHERE chain_id = ? AND size = ?", known)
            db.execute("DELETE FROM attempt WHERE chain_id = ? AND size = ?", known)

    def anchored(self, least: int = 0) -> list[AnchoredAt]:
        """List the final anchors of at least `least` entries, smallest first."""
        rows = self._rows(
            "SELECT chain_id, contract, owner, log_id, size, root, note, tx_hash, job.block, "
            "block_hash, time_s FROM job JOIN chain USING (chain_id) "
            "WHERE phase = 'final' AND size >= ? ORDER BY size, chain_id",
            least,
        )
        return [_anchored_at(row) for row in rows]

    def _job(self, chain_id: int, row: Sequence[Any]) -> Job:
        size, root, old_size, note, data, phase, *place = row
        rows = self._rows(
            "SELECT raw, hash, nonce, gas, max_fee, priority_fee, legacy, at_ms FROM attempt "
            "WHERE chain_id = ? AND size = ? ORDER BY number",
            chain_id,
            size,
        )
        attempts = tuple(map(_attempt, rows))
        mined = None if place[0] is None else Mined(*place)
        return Job(size, root, old_size, note, data, phase, attempts, mined)

    def _change(self, chain_id: int, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as db:
            query = f"UPDATE chain SET {columns} WHERE chain_id = ?"  # noqa: S608  # names of ours
            db.execute(query, (*values.values(), chain_id))

    def _unusable(self, err: Exception) -> Unavailable:
        return Unavailable(
            "anchor.book",
            f"expected to use {self._path}, but: {err}",
            hint="Check the disk. If the file is damaged, move it away: what was anchored stays "
            "on the chain, and is found there again.",
        )


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


def _chain_note(row: Sequence[Any]) -> ChainNote:
    fields = list(row)
    fields[10:12] = int(row[10]), int(row[11])  # wei, beyond 64 bits
    return ChainNote(*fields)


def _anchored_at(row: Sequence[Any]) -> AnchoredAt:
    chain_id, contract, owner, log_id, size, root, note, *place = row
    return AnchoredAt(chain_id, contract, owner, log_id, size, root, note, Mined(*place))


def _attempt(row: Sequence[Any]) -> Attempt:
    raw, tx_hash, nonce, gas, most, tip, legacy, at_ms = row
    return Attempt(raw, tx_hash, nonce, gas, Fees(int(most), int(tip), bool(legacy)), at_ms)

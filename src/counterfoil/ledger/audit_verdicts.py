"""Audit verdicts: the decision that each names stands before it in the log, and says the same.

Decisions are kept in a scratch database while the audit goes on, so that memory does not grow with
the log. A verdict that a contract signed, or for which a proof stands, cannot be judged without
its chain: that is worth a notice. This module refuses to ask a chain.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.formats.entry import VerdictEntry
from counterfoil.formats.verdict import Verdict
from counterfoil.ledger.examine import Examined
from counterfoil.log.findings import Findings, places
from counterfoil.proofs.deciders import Decided, check_decided, signs_alone

__all__ = ["VerdictAudit"]

_WAITING_MAX: Final = 10_000
_TABLE: Final = "CREATE TABLE decisions (leaf BLOB PRIMARY KEY, said BLOB) WITHOUT ROWID"
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Decided).decode


class VerdictAudit:
    """Holds verdicts against the decisions before them.

    scratch: where its database may be made. findings, notices: where what is wrong, and what is
    only worth knowing, is named. Used by one thread.
    """

    def __init__(self, scratch: Path, findings: Findings, notices: Findings) -> None:
        self._findings, self._notices = findings, notices
        self._database = sqlite3.connect(
            scratch / "decisions.db", isolation_level=None, check_same_thread=False
        )
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", _TABLE, "BEGIN"):
            self._database.execute(statement)
        self._waiting: list[tuple[int, bytes]] = []

    def note(self, seen: Examined) -> None:
        """Remember a decision; other statements do nothing."""
        if seen.decided is not None:
            self._database.execute(
                "INSERT OR IGNORE INTO decisions VALUES (?, ?)",
                (seen.leaf, _ENCODE(seen.decided)),
            )

    def check(self, seen: Examined, parsed: VerdictEntry) -> None:
        """Hold the next verdict against its decision, which must have come."""
        if not signs_alone(parsed.signed):
            self._notices.add(
                "audit.verdict-unsigned",
                places([seen.index]),
                "an account's signature over a verdict",
                "none: only its chain can tell whether a contract or a proof stands for it",
            )
        verdict = parsed.verdict
        decided = self._find(verdict.decision)
        if decided is not None:
            self._compare(seen.index, verdict, decided)
        elif len(self._waiting) < _WAITING_MAX:
            self._waiting.append((seen.index, verdict.decision))

    def finish(self, damaged: bool) -> None:
        """Name the verdicts whose decision did not come before them, and let go.

        damaged: an entry is; it may have been the decision.
        """
        with closing(self._database):
            for index, leaf in self._waiting:
                later = self._find(leaf) is not None
                told = self._notices if damaged and not later else self._findings
                told.add(
                    "audit.verdict",
                    places([index]),
                    f"the decision {leaf.hex()} before it",
                    "it later" if later else "none",
                )

    def _find(self, leaf: bytes) -> Decided | None:
        row = self._database.execute("SELECT said FROM decisions WHERE leaf = ?", (leaf,))
        found = row.fetchone()
        return None if found is None else _DECODE(found[0])

    def _compare(self, index: int, verdict: Verdict, decided: Decided) -> None:
        try:
            check_decided(verdict, decided)
        except CounterfoilError as err:
            expected, _, found = err.message.removeprefix("expected ").partition(", found ")
            self._findings.add("audit.verdict", places([index]), expected, found or err.code)

"""The tables of `anchor.db`, and what is read from them.

They refuse by themselves that a final anchor is changed or forgotten, whatever a bug above them
asks for. This module refuses to open a file: `anchor_book` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.chain.anchor_state import Mined

__all__ = ["APPLICATION_ID", "CHOICES", "SCHEMA", "VERSION", "Alarm", "AnchoredAt", "ChainNote"]

VERSION: Final = 1
APPLICATION_ID: Final = 0x4346414E  # "CFAN"
SCHEMA: Final = """
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

CHOICES: Final = """
CREATE TABLE IF NOT EXISTS choice (
    chain_id INTEGER NOT NULL, size INTEGER NOT NULL, at_ms INTEGER NOT NULL, why TEXT NOT NULL,
    fee TEXT, take TEXT, PRIMARY KEY (chain_id, size)) STRICT, WITHOUT ROWID;
"""
"""Why each anchor was begun when it was; made in books that had no such table, too."""


@dataclass(frozen=True, slots=True)
class ChainNote:
    """A chain on which the log is registered.

    url: its name in the settings. log_id: 32 bytes. block: from which its events are looked
    for. stated: index of the log's entry that says so;
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

"""The tables of `act.db`, and what is read from them.

They refuse by themselves that a signed verdict is changed, that a job is forgotten, and that a
finished one is touched, whatever a bug above them asks for. This module refuses to open a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from counterfoil.chain.anchor_state import Attempt, Mined

__all__ = ["KIND_NAMES", "OPEN_PHASES", "SCHEMA", "VERSION", "ActJob", "JobKind", "JobPhase"]

VERSION: Final = 1
APPLICATION_ID: Final = 0x43464143  # "CFAC"

JobKind = Literal["verdict", "announce", "approve", "revoke", "halt", "resume"]
JobPhase = Literal["planned", "recorded", "signed", "sent", "mined", "final", "done", "dropped"]

KIND_NAMES: Final[tuple[JobKind, ...]] = (
    "verdict",
    "announce",
    "approve",
    "revoke",
    "halt",
    "resume",
)
OPEN_PHASES: Final[tuple[JobPhase, ...]] = (
    "planned",
    "recorded",
    "signed",
    "sent",
    "mined",
    "final",
)

SCHEMA: Final = """
CREATE TABLE place (
    chain_id INTEGER NOT NULL, gate TEXT NOT NULL, followed INTEGER NOT NULL,
    PRIMARY KEY (chain_id, gate)) STRICT, WITHOUT ROWID;
CREATE TABLE job (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, chain_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('verdict', 'announce', 'approve', 'revoke', 'halt', 'resume')),
    account TEXT NOT NULL, said TEXT NOT NULL, entry BLOB NOT NULL, at_ms INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('planned', 'recorded', 'signed', 'sent', 'mined', 'final',
        'done', 'dropped')),
    entry_index INTEGER, target TEXT NOT NULL DEFAULT '', data BLOB NOT NULL DEFAULT x'',
    tx_hash BLOB, block INTEGER, block_hash BLOB, time_s INTEGER, stated INTEGER,
    trouble TEXT, trouble_text TEXT,
    CHECK (phase NOT IN ('mined', 'final', 'done') OR tx_hash IS NOT NULL)) STRICT;
CREATE INDEX job_open ON job (chain_id, phase);
CREATE TABLE attempt (
    number INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, hash BLOB NOT NULL,
    raw BLOB NOT NULL, nonce INTEGER NOT NULL, gas INTEGER NOT NULL, max_fee TEXT NOT NULL,
    priority_fee TEXT NOT NULL, legacy INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    UNIQUE (job, hash)) STRICT;
CREATE TRIGGER said_stays BEFORE UPDATE OF key, chain_id, kind, account, said, entry ON job
    BEGIN SELECT RAISE(ABORT, 'what a job says is never changed'); END;
CREATE TRIGGER done_stays BEFORE UPDATE ON job WHEN OLD.phase = 'done'
    BEGIN SELECT RAISE(ABORT, 'a finished job is never changed'); END;
CREATE TRIGGER job_never_goes BEFORE DELETE ON job
    BEGIN SELECT RAISE(ABORT, 'a job is never forgotten'); END;
"""


@dataclass(frozen=True, slots=True)
class ActJob:
    """Something that is to happen on a chain once, under way or done.

    number: counts jobs. key: 32 bytes that say what is to happen; the same key is the same job.
    account: who sends it. said: what it is about, as JSON. entry: the signed verdict, or empty.
    index: of its entry in the log, once it stands there. target, data: of the last call that was
    signed for it. attempts: oldest first. mined: where it took effect. stated: index of the
    statement that says so. trouble: code and text of what keeps it from going on. at_ms: when it
    was planned, Unix ms.
    """

    number: int
    key: bytes
    chain_id: int
    kind: JobKind
    account: str
    said: Mapping[str, Any]
    entry: bytes
    at_ms: int
    phase: JobPhase
    index: int | None = None
    target: str = ""
    data: bytes = b""
    attempts: tuple[Attempt, ...] = ()
    mined: Mined | None = None
    stated: int | None = None
    trouble: tuple[str, str] | None = None

    @property
    def open(self) -> bool:
        """Tell whether something is still to be done."""
        return self.phase in OPEN_PHASES

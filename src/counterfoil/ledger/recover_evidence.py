"""Gather what is known of a log's states: what it signed, who kept it, and what a database holds.

A folder's own checkpoint says what it published last, unless the folder is a copy. This module
refuses to let a recovery go on where nothing at all says how far the log had come.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import CounterfoilError, Refused
from counterfoil.ledger.backup_marker import read_marker
from counterfoil.ledger.evidence import claims_of, read_evidence
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.memory import witness_note
from counterfoil.ledger.old_database import OldDatabase, SignedState
from counterfoil.ledger.policy_file import opener_of
from counterfoil.ledger.recover_settings import settings_of
from counterfoil.log.findings import Findings
from counterfoil.log.startup import OpenNote
from counterfoil.storage import TileFiles

__all__ = ["Evidence", "gather_evidence", "known_states", "states_of"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known.

    states: that the log signed, smallest first. databases: old ones, the folder's own first.
    open_note: checks a signed note.
    """

    open_note: OpenNote
    states: tuple[SignedState, ...]
    databases: tuple[OldDatabase, ...]

    @property
    def newest_published(self) -> SignedState:
        """The largest state that readers may have seen."""
        return max((s for s in self.states if s.published), key=lambda state: state.size)

    @property
    def newest(self) -> SignedState:
        """The largest state that was committed."""
        return max(self.states, key=lambda state: state.size)


def gather_evidence(
    target: Layout,
    copy: Layout | None,
    open_note: OpenNote,
    last_known: Mapping[str, bytes],
    scratch: Path,
    stack: contextlib.ExitStack,
) -> Evidence:
    """Read all evidence; databases are closed when `stack` is.

    Raises Refused with code recover.nothing-known, recover.evidence; InputError for evidence that
    is malformed.
    """
    vouched = [*known_states(last_known, open_note), *_remembered(target, copy, open_note)]
    own = _published(target.folder, "checkpoint", open_note)
    databases = []
    states = [*vouched, *own]
    is_copy = read_marker(target.folder) is not None
    for number, path in enumerate(_databases(target, copy)):
        database = OldDatabase(path, scratch / f"database-{number}", open_note)
        stack.callback(database.close)
        databases.append(database)
        states += database.states
        if path.parent == target.folder and not is_copy:
            vouched = [*vouched, *database.states]
    if not vouched and (is_copy or not own):
        raise Refused(
            "recover.nothing-known",
            f"expected to know how far the log had come, found no signed checkpoint in "
            f"{target.folder}" + (" but a copy's" if is_copy else ""),
            hint="Give the newest receipt or checkpoint that anybody kept with --last-known; or "
            "make a successor: `counterfoil recover NEW_DIR --from COPY --successor`.",
        )
    if copy is not None:
        states += _published(copy.folder, f"{copy.folder / 'checkpoint'}", open_note)
    states.sort(key=lambda state: state.size)
    return Evidence(open_note, tuple(states), tuple(databases))


def states_of(
    copy: Layout, open_note: OpenNote, last_known: Mapping[str, bytes], scratch: Path
) -> list[SignedState]:
    """List what a log signed, smallest first, as a copy of it and its readers know.

    Raises Refused with code recover.nothing-known or recover.evidence.
    """
    states = known_states(last_known, open_note)
    states += _published(copy.folder, f"{copy.folder / 'checkpoint'}", open_note)
    if copy.database.exists():
        database = OldDatabase(copy.database, scratch / "database", open_note)
        database.close()
        states += database.states
    if not states:
        raise Refused(
            "recover.nothing-known",
            f"expected a signed checkpoint of the old log in {copy.folder}, found none",
            hint="Give the newest receipt or checkpoint that anybody kept with --last-known.",
        )
    return sorted(states, key=lambda state: state.size)


def known_states(evidence: Mapping[str, bytes], open_note: OpenNote) -> list[SignedState]:
    """Turn receipts, proofs and checkpoints into states that readers saw.

    Raises Refused with code recover.evidence when the log did not sign one.
    """
    findings = Findings()
    claims = claims_of(evidence, open_note, findings)
    if findings:
        first = findings.kept[0]
        raise Refused(
            "recover.evidence",
            f"expected {first.place} to be signed by this log, found: {first.found}",
            hint="Give receipts or checkpoints of this very log.",
        )
    return [
        SignedState(
            claim.size, claim.root, read_evidence(evidence[claim.place])[0], None, claim.place, True
        )
        for claim in claims
    ]


def _remembered(target: Layout, copy: Layout | None, open_note: OpenNote) -> list[SignedState]:
    """List what this user's witness saw of the log."""
    settings = settings_of(target, copy)
    keys = opener_of(settings.policy, settings.origin).keys
    signed = witness_note(keys) if settings.config.witness else None
    if signed is None:
        return []
    found = open_note(signed)
    place = "the witness's memory"
    return [SignedState(found.size, found.root, signed, None, place, published=True)]


def _published(folder: Path, place: str, open_note: OpenNote) -> list[SignedState]:
    try:
        signed = TileFiles(folder).published()
        found = open_note(signed) if signed is not None else None
    except CounterfoilError:
        return []
    if signed is None or found is None or not found.size:
        return []
    return [SignedState(found.size, found.root, signed, None, place, published=True)]


def _databases(target: Layout, copy: Layout | None) -> Iterator[Path]:
    """List the databases that may hold a tail: the own one, those set aside, the copy's."""
    if target.database.exists():
        yield target.database
    for path in sorted(target.folder.glob("ledger.db.damaged-*"), reverse=True):
        if not path.name.endswith(("-wal", "-shm")):
            yield path
    if copy is not None and copy.database.exists():
        yield copy.database

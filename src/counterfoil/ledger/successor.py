"""Begin a new log where an old one ended: its first statement names the old one's last state.

When the newest state of a log cannot be reached, going on under its name would be a fork. A
successor has a name and log keys of its own; whoever kept receipts of the old log can still
prove them, and reads in the new one where the story goes on. This module refuses to write into
the old log.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import FatalLogError, InputError, Unavailable
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger.config import load_config
from counterfoil.ledger.create import PRODUCER_KEY, RECOVERY_KEY, create_ledger
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.old_database import SignedState
from counterfoil.ledger.opening import open_writing
from counterfoil.ledger.recover_evidence import states_of
from counterfoil.ledger.recover_settings import settings_of
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log.audit import Claim, HashAudit
from counterfoil.log.findings import Findings
from counterfoil.log.startup import OpenNote
from counterfoil.ports import Clock, Said
from counterfoil.storage import KeyFiles, TileFiles
from counterfoil.storage.durable import sync_folder

__all__ = ["Frozen", "make_successor"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """How an old log ended, and who follows it.

    origin, size, root: the old log and its last state, 32 bytes. successor: the new log's origin.
    """

    origin: str
    size: int
    root: bytes
    successor: str


def make_successor(
    folder: Path,
    copy: Layout,
    last_known: Mapping[str, bytes],
    why: str,
    clock: Clock,
    notices: list[str],
) -> Frozen:
    """Make a successor in `folder`, which must be empty or not there.

    copy: a backup or mirror of the old ledger; its producer and recovery keys are taken over when
    it has them. last_known: name -> evidence of the old log. why: for people.
    Raises InputError with code ledger.exists, Refused with code recover.nothing-known or
    recover.evidence, Unavailable with code ledger.create.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "ledger.exists",
            f"expected an empty or no folder at {folder}, found something there",
            hint="A successor is a new ledger: choose another folder.",
        )
    settings = settings_of(Layout(folder), copy)  # a mirror has none of its own
    with tempfile.TemporaryDirectory(prefix="counterfoil-recover-") as scratch:
        states = states_of(copy, settings.open_note, last_known, Path(scratch))
    _require_one_history(copy, settings.open_note, states, notices)
    last = states[-1]
    keys = KeyFiles(copy.keys)
    kept = [name for name in (PRODUCER_KEY, RECOVERY_KEY) if name in keys.names()]
    if PRODUCER_KEY not in kept:
        notices.append(
            "The successor has a new producer key: tell its readers that it is yours, since "
            "nothing in the log can prove it."
        )
    fresh = folder.resolve().parent / f".{secrets.token_hex(8)}.new"
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        create_ledger(
            fresh,
            clock,
            name=settings.config.name,
            organisation=settings.config.organisation,
            post_quantum=any(
                log.key.type is KeyType.COSIGNATURE_MLDSA44 for log in settings.policy.logs
            ),
            keys={name: keys.load(name) for name in kept},
        )
        successor = load_config(Layout(fresh).config).origin
        frozen = Frozen(settings.origin, last.size, last.root, successor)
        _record_frozen(fresh, clock, frozen, last.note, why)
        fresh.rename(folder)
        sync_folder(folder.resolve().parent)
    except OSError as err:
        raise Unavailable(
            "ledger.create",
            f"expected to make a ledger at {folder}, but: {err}",
            hint="Check the permissions and the space of the disk.",
        ) from err
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    notices.append(f"The old log ended with the {last.size} entries that {last.place} says.")
    return frozen


def _record_frozen(folder: Path, clock: Clock, frozen: Frozen, note: bytes, why: str) -> None:
    _, writing = open_writing(folder, clock)
    try:
        record_statement(
            writing.writer,
            Said(
                "log-frozen",
                {
                    "origin": frozen.origin,
                    "size": frozen.size,
                    "root": frozen.root.hex(),
                    "successor": frozen.successor,
                    "checkpoint": note.decode(),
                    "why": why,
                },
            ),
            None,
            None,
        ).result()
    finally:
        writing.close()


def _require_one_history(
    copy: Layout, open_note: OpenNote, states: Sequence[SignedState], notices: list[str]
) -> None:
    """Check what the old log signed against the copy's tiles, as far as they go."""
    signed = TileFiles(copy.folder).published()
    findings = Findings()
    claims = [Claim(s.size, s.root, s.place, "audit.forked") for s in states]
    audit = HashAudit(TilesUnder(copy.folder, signed), None, open_note, findings)
    audit.add_claims(claim for claim in claims if claim.size <= audit.start.size)
    audit.run()
    if findings and {finding.code for finding in findings.kept} == {"audit.forked"}:
        raise FatalLogError(
            "recover.forked",
            f"expected all that the old log signed to be one history, found {findings.kept[0]}",
            hint="Keep both as evidence: the log signed two histories. Decide which one stands "
            "before a successor names it.",
        )
    notices += [f"In the copy: {finding}." for finding in findings.kept[:10]]

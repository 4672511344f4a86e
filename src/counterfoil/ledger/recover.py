"""Bring a ledger back: from its own tiles, from a copy, or as a successor of its own.

Everything in the database but the tail follows from the tiles, so it can be made anew; tiles that
lead to the signed root are the right ones, wherever they come from. What must not happen is that
an old state goes on as if nothing newer had been published: that is a fork. So recovery asks for
evidence of the last published state, and refuses when it cannot reach it. This module refuses to
delete anything: an old database is moved aside.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from counterfoil.errors import FatalLogError, InputError, NotFound
from counterfoil.ledger.backup_marker import MARKER_FILE, read_marker
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.recover_evidence import Evidence, gather_evidence
from counterfoil.ledger.recover_index import build_database
from counterfoil.ledger.recover_settings import bring_settings, settings_of
from counterfoil.ledger.recover_tiles import restore_payloads, sound_tiles, write_mended
from counterfoil.ledger.successor import Frozen, make_successor
from counterfoil.ports import Clock, SystemClock
from counterfoil.storage import OwnerLock, TileFiles

__all__ = ["RecoverReport", "rebuild_index", "recover"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RecoverReport:
    """What a recovery did.

    way: `rebuilt` (the database, from the folder's own tiles), `mended` (tiles or payloads too,
    from a copy), `restored` (the whole folder, from a copy) or `successor`. size, root: of the
    log now, with its tail; for a successor those that the old log ended with. published_size:
    entries in tiles. tail_saved: entries that were saved from a database. lost: acknowledged
    entries that are known to be lost, (first, end). moved_aside: where the old database is.
    successor: origin of the new log.
    """

    way: str
    origin: str
    size: int
    root: str
    published_size: int
    tail_saved: int
    lost: tuple[int, int] | None
    tiles_restored: tuple[str, ...]
    payloads_restored: int
    moved_aside: str | None
    successor: str | None
    notices: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def rebuild_index(folder: str | Path, *, progress: Progress | None = None) -> RecoverReport:
    """Make a ledger's database anew from its own tiles; as `recover` without a copy."""
    return recover(folder, progress=progress)


def recover(
    folder: str | Path,
    *,
    source: str | Path | None = None,
    last_known: Mapping[str, bytes] | None = None,
    successor: bool = False,
    accept_loss: bool = False,
    why: str = "",
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> RecoverReport:
    """Bring a ledger back, or make its successor.

    source: a backup's or mirror's folder, to take tiles, payloads and settings from. last_known:
    name -> bytes of receipts, proofs or checkpoints that somebody kept: the state that is reached
    must not be older. successor: make a new log in an empty folder that names where the old one
    ended. accept_loss: go on although acknowledged entries, never published, are known to be lost.
    why: for a successor's first statement. progress: told (what, done, total); it may raise.
    Raises Conflict with code ledger.owned; Refused with code recover.newer-known,
    recover.nothing-known, recover.evidence or recover.tail-lost; FatalLogError with code
    recover.damaged or recover.forked; NotFound with code ledger.missing or recover.source;
    InputError with code ledger.exists or recover.no-source.
    """
    began = time.monotonic()
    target, copy = Layout(Path(folder)), Layout(Path(source)) if source is not None else None
    if copy is not None and not copy.folder.is_dir():
        raise NotFound(
            "recover.source",
            f"expected a backup or mirror at {copy.folder}, found no folder",
            hint="Name the folder of a copy of this ledger.",
        )
    if successor:
        return _succeed(target, copy, last_known or {}, why, clock or SystemClock(), began)
    if copy is None:
        target.require()
    target.folder.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(target.folder)
    try:
        with tempfile.TemporaryDirectory(prefix="counterfoil-recover-") as scratch:
            work = _Recovery(target, copy, Path(scratch), progress)
            return work.run(last_known or {}, began, accept_loss=accept_loss)
    finally:
        lock.release()


class _Recovery:
    """One recovery of one folder, which this process owns."""

    def __init__(
        self, target: Layout, copy: Layout | None, scratch: Path, progress: Progress | None
    ) -> None:
        self._target, self._copy, self._scratch = target, copy, scratch
        self._progress: Progress = progress if progress is not None else _silent
        self._notices: list[str] = []

    def run(
        self, last_known: Mapping[str, bytes], began: float, *, accept_loss: bool
    ) -> RecoverReport:
        target, copy = self._target, self._copy
        settings = settings_of(target, copy)
        with contextlib.ExitStack() as stack:
            evidence = gather_evidence(target, copy, settings, last_known, self._scratch, stack)
            fresh = target.database.with_name("ledger.db.new")
            tiles, goal = sound_tiles(evidence, target, copy, fresh, self._progress)
            built = build_database(evidence, goal, tiles, fresh, accept_loss=accept_loss)
        written = write_mended(tiles, target, self._progress)
        payloads = restore_payloads(target, copy, self._notices)
        if TileFiles(target.folder).published() != goal.note:
            TileFiles(target.folder).publish(goal.note)
        aside = self._swap(fresh)
        restored = bring_settings(settings, target, copy, self._notices)
        (target.folder / MARKER_FILE).unlink(missing_ok=True)
        way = "restored" if restored else "mended" if written or payloads else "rebuilt"
        return RecoverReport(
            way,
            settings.origin,
            built.size,
            built.root.hex(),
            goal.size,
            built.size - goal.size,
            built.lost,
            written,
            payloads,
            aside,
            None,
            tuple([*self._notices, *built.notices]),
            time.monotonic() - began,
        )

"""Bring a ledger back: from its own tiles, from a copy, or as a successor of its own.

Everything in the database but the tail follows from the tiles, so it can be made anew; tiles that
lead to the signed root are the right ones, wherever they come from. What must not happen is that
an old state goes on as if nothing newer had been published: that is a fork. So recovery asks for
evidence of the last published state, and refuses when it cannot reach it. This module refuses to
delete anything: an old database is moved aside.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.ledger.backup_marker import MARKER_FILE
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.recover_evidence import gather_evidence
from counterfoil.ledger.recover_index import IndexBuild
from counterfoil.ledger.recover_settings import bring_settings, settings_of
from counterfoil.ledger.recover_tiles import TileRecovery, restore_payloads, write_mended
from counterfoil.ledger.successor import make_successor
from counterfoil.ports import Clock, SystemClock
from counterfoil.storage import OwnerLock, TileFiles
from counterfoil.storage.durable import sync_folder
from counterfoil.storage.owner_lock import LOCK_FILE

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
    InputError with code ledger.exists or recover.no-source; Unavailable with code recover.files.
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
    try:
        with _owned(target.folder), tempfile.TemporaryDirectory(prefix="counterfoil-") as scratch:
            work = _Recovery(target, copy, Path(scratch), progress)
            return work.run(last_known or {}, began, accept_loss=accept_loss)
    except OSError as err:
        raise Unavailable(
            "recover.files",
            f"expected to read and write {target.folder}, but: {err}",
            hint="Check the space and the permissions of the disk, then run it again.",
        ) from err


@contextlib.contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Own a folder; one that was not there, and stayed without a ledger, is removed again."""
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock(folder)
    try:
        yield
    finally:
        lock.release()
        if new and not Layout(folder).config.exists():
            with contextlib.suppress(OSError):  # what was restored so far is kept for the next run
                (folder / LOCK_FILE).unlink(missing_ok=True)
                folder.rmdir()


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
        fresh = target.database.with_name("ledger.db.new")
        with contextlib.ExitStack() as stack:
            evidence = gather_evidence(
                target, copy, settings.open_note, last_known, self._scratch, stack
            )
            found = TileRecovery(
                evidence,
                target,
                copy,
                lambda: IndexBuild(fresh, settings.origin, self._notices),
                self._progress,
            ).find()
            try:
                self._progress("index", 0, found.goal.size)
                built = found.index.finish(
                    evidence, found.goal, found.tiles, accept_loss=accept_loss
                )
            except BaseException:
                found.index.discard()
                raise
            self._progress("index", built.size, built.size)
        # Nothing was changed until here. Each step can be done again after a crash, and until the
        # last one the ledger refuses to be written.
        mended = write_mended(found.tiles, target, self._progress)
        payloads = restore_payloads(target, copy, self._notices)
        tiles = TileFiles(target.folder)
        if tiles.published() != found.goal.note:
            tiles.publish(found.goal.note)
        aside = _swap(target.database, fresh)
        restored = bring_settings(target, copy, settings.config, self._notices)
        (target.folder / MARKER_FILE).unlink(missing_ok=True)
        sync_folder(target.folder)
        way = "restored" if restored else "mended" if mended or payloads else "rebuilt"
        return RecoverReport(
            way,
            settings.origin,
            built.size,
            built.root.hex(),
            found.goal.size,
            built.size - found.goal.size,
            built.lost,
            mended,
            payloads,
            str(aside) if aside is not None else None,
            None,
            tuple(self._notices),
            time.monotonic() - began,
        )


def _swap(database: Path, fresh: Path) -> Path | None:
    """Put a new database in the place of the old one, which is kept under another name.

    A crash between two steps leaves the old one under both names, or the new one in place.
    """
    aside = None
    if database.exists():
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        aside = database.with_name(f"{database.name}.damaged-{stamp}-{secrets.token_hex(2)}")
        try:
            os.link(database, aside)
        except OSError:  # a disk without links
            database.rename(aside)
    for suffix in ("-wal", "-shm"):  # a WAL must never meet another database
        beside = database.with_name(database.name + suffix)
        if beside.exists() and aside is not None:
            beside.rename(aside.with_name(aside.name + suffix))
        beside.unlink(missing_ok=True)
    sync_folder(database.parent)
    fresh.replace(database)
    sync_folder(database.parent)
    return aside


def _succeed(
    target: Layout,
    copy: Layout | None,
    last_known: Mapping[str, bytes],
    why: str,
    clock: Clock,
    began: float,
) -> RecoverReport:
    if copy is None:
        raise InputError(
            "recover.no-source",
            "expected a copy of the old ledger to succeed, found none named",
            hint="Name a backup, a mirror or the damaged folder itself with --from.",
        )
    notices: list[str] = []
    frozen = make_successor(target.folder, copy, last_known, why, clock, notices)
    return RecoverReport(
        "successor",
        frozen.origin,
        frozen.size,
        frozen.root.hex(),
        frozen.size,
        0,
        None,
        (),
        0,
        None,
        frozen.successor,
        tuple(notices),
        time.monotonic() - began,
    )


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""

"""Copy a ledger while it is in use, and prove that the copy is whole before it counts.

Tiles never change, so a second run copies only what is new. The copy's checkpoint is put in place
last, after a hash audit. A backup is marked: it can be read and audited, and `recover` brings it
back; nothing writes in it. This module refuses to replace a newer copy by an older one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    InputError,
    Refused,
    Unavailable,
)
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import (
    TilePath,
    bundles_between,
    level_shapes,
    parse_path,
    tiles_between,
)
from counterfoil.ledger.backup_marker import BackupMarker, read_marker, write_marker
from counterfoil.ledger.config import load_config
from counterfoil.ledger.layout import Layout, key_files, shared_files
from counterfoil.ledger.people.copies import copy_vault
from counterfoil.ledger.policy_file import own_keys
from counterfoil.ledger.snapshot import take_snapshot
from counterfoil.ledger.tile_sources import TilesUnder, cut_tile
from counterfoil.log.audit import Claim, HashAudit
from counterfoil.log.findings import Findings
from counterfoil.log.startup import OpenNote
from counterfoil.storage import SqliteStore, TileFiles
from counterfoil.storage.folder_copy import FolderCopy, files_below
from counterfoil.storage.sqlite_copy import copy_database

__all__ = ["BackupReport", "backup"]

Progress = Callable[[str, int, int], None]

_PROGRESS_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup did.

    size, root: of the published tree that it holds. committed: entries with the tail that only
    the database has. tiles, payloads: files copied, linked, or kept from the run before.
    """

    origin: str
    destination: str
    size: int
    root: str
    committed: int
    tiles_copied: int
    tiles_linked: int
    tiles_kept: int
    payloads_copied: int
    payloads_linked: int
    payloads_kept: int
    keys: int
    bytes_copied: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return asdict(self)


def backup(
    folder: str | Path,
    destination: str | Path,
    *,
    with_keys: bool = False,
    progress: Progress | None = None,
) -> BackupReport:
    """Copy the ledger in `folder` to `destination`: empty, not there, or an older copy of it.

    with_keys: copy private keys, and those of personal data, too; then guard the copy like them,
    and renew it when somebody was erased. progress: told (what, done,
    total); it may raise to stop, and the next run goes on from there.
    Raises NotFound with code ledger.missing; Refused with code backup.not-a-backup,
    backup.other-log or backup.newer; InputError with code backup.destination; FatalLogError with
    code backup.damaged; Unavailable with code copy.write or backup.files.
    """
    try:
        return _Backup(Path(folder), Path(destination), progress).run(with_keys=with_keys)
    except OSError as err:
        raise Unavailable(
            "backup.files",
            f"expected to copy {folder} to {destination}, but: {err}",
            hint="Check the space and the permissions of both disks, then run it again.",
        ) from err


class _Backup:
    """One run."""

    def __init__(self, folder: Path, destination: Path, progress: Progress | None) -> None:
        self._from, self._to = Layout(folder), Layout(destination)
        self._progress = progress
        self._from.require()
        _require_apart(folder.resolve(), destination.resolve())
        self._origin = load_config(self._from.config).origin
        self._open = own_keys(self._from, self._origin).open
        self._copy = FolderCopy()
        self._counts = {"copied": 0, "linked": 0, "kept": 0}
        self._payloads = {"copied": 0, "linked": 0, "kept": 0}

    def run(self, *, with_keys: bool) -> BackupReport:
        began = time.monotonic()
        last = self._require_destination()
        self._to.folder.mkdir(parents=True, exist_ok=True)
        if last is None:
            write_marker(self._to.folder, BackupMarker(self._origin, 0, "", _now_ms(), "writing"))
        fresh = self._to.database.with_name("ledger.db.new")
        _remove_database(fresh)
        tiles = self._snapshot(fresh)
        checkpoint = self._require_published(tiles)
        before = _published(self._to.folder, self._open)
        if before is not None and before.size > checkpoint.size:
            raise _older(self._from.folder, before.size, checkpoint.size)
        self._copy_tiles(tiles, checkpoint.size)
        self._copy_payloads()
        keys = self._copy_settings(with_keys=with_keys)
        self._copy_anchors()
        keys += copy_vault(self._from, self._to, with_keys=with_keys)
        self._copy.flush()
        committed = self._verify(tiles, fresh, before, checkpoint.size)
        marker = BackupMarker(
            self._origin, checkpoint.size, checkpoint.root.hex(), _now_ms(), "writing"
        )
        write_marker(self._to.folder, marker)
        _remove_database(self._to.database, only_log=True)
        fresh.replace(self._to.database)
        signed = tiles.published() or b""
        self._copy.write(self._to.folder / "checkpoint", signed)
        self._copy.flush()
        write_marker(self._to.folder, replace(marker, state="complete"))
        return BackupReport(
            self._origin,
            str(self._to.folder),
            checkpoint.size,
            checkpoint.root.hex(),
            committed,
            self._counts["copied"],
            self._counts["linked"],
            self._counts["kept"],
            self._payloads["copied"],
            self._payloads["linked"],
            self._payloads["kept"],
            keys,
            self._copy.bytes_copied,
            time.monotonic() - began,
        )

    def _require_destination(self) -> BackupMarker | None:
        """Refuse a destination that holds something else."""
        folder = self._to.folder
        marker = read_marker(folder)
        if marker is None:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise Refused(
                    "backup.not-a-backup",
                    f"expected an empty folder or a backup at {folder}, found something else",
                    hint="Choose another folder; nothing was changed.",
                )
            return None
        if marker.origin not in ("", self._origin):
            raise Refused(
                "backup.other-log",
                f"expected a backup of {self._origin} at {folder}, found one of {marker.origin}",
                hint="Choose another folder; nothing was changed.",
            )
        return marker

    def _snapshot(self, database: Path) -> TilesUnder:
        try:
            return take_snapshot(self._from, database)
        except CounterfoilError as err:
            raise FatalLogError(
                "backup.damaged",
                f"expected to copy the database of {self._from.folder}, but: {err.message}",
                hint="`counterfoil audit` says what is damaged; `counterfoil recover` mends it.",
            ) from err

    def _require_published(self, tiles: TilesUnder) -> Checkpoint:
        signed = tiles.published()
        try:
            if signed is not None:
                return self._open(signed)
            why = "there is none"
        except CounterfoilError as err:
            why = err.message
        raise FatalLogError(
            "backup.damaged",
            f"expected a published checkpoint in {self._from.folder}, but: {why}",
            hint="`counterfoil audit` says what is damaged; `counterfoil recover` mends it.",
        )

    def _copy_tiles(self, tiles: TilesUnder, size: int) -> None:
        shapes = level_shapes(size)
        total = sum(shape.full + bool(shape.partial) for shape in shapes + shapes[:1])
        for done, tile in enumerate(chain(bundles_between(0, size), tiles_between(0, size))):
            if done % _PROGRESS_FILES == 0:
                self._tell("tiles", done, total)
            self._copy_tile(tiles, tile)
        self._tell("tiles", total, total)

    def _copy_tile(self, tiles: TilesUnder, tile: TilePath) -> None:
        name = str(tile)
        try:
            done = self._copy.copy(self._from.folder / name, self._to.folder / name)
        except FileNotFoundError:
            data = cut_tile(tiles, tile)
            if data is None:
                return  # named by the audit of the copy
            self._copy.write(self._to.folder / name, data)
            done = "copied"
        self._counts[done] += 1

    def _copy_payloads(self) -> None:
        files = [path for path in files_below(self._from.payloads) if path.suffix != ".new"]
        for done, path in enumerate(files):
            if done % _PROGRESS_FILES == 0:
                self._tell("payloads", done, len(files))
            target = self._to.payloads / path.relative_to(self._from.payloads)
            try:
                self._payloads[self._copy.copy(path, target)] += 1
            except FileNotFoundError:
                continue  # erased meanwhile
        self._tell("payloads", len(files), len(files))

    def _copy_settings(self, *, with_keys: bool) -> int:
        for path in (self._from.config, self._from.policy):
            self._copy.write(self._to.folder / path.name, path.read_bytes())
        keys = list(key_files(self._from)) if with_keys else []
        for path in keys:
            target = self._to.folder / path.relative_to(self._from.folder)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._copy.write(target, path.read_bytes(), mode=0o600)
        return len(keys)

    def _copy_anchors(self) -> None:
        """Copy what anchoring knows, and the embedded chain: each one consistent state."""
        for source in (self._from.anchor_book, self._from.act_book, self._from.chain):
            if not source.exists():
                continue
            target = self._to.folder / source.name
            fresh = target.with_name(f"{source.name}.new")
            _remove_database(fresh)
            copy_database(source, fresh)
            _remove_database(target, only_log=True)
            fresh.replace(target)
        for path in shared_files(self._from):
            self._copy.write(
                self._to.folder / path.relative_to(self._from.folder), path.read_bytes()
            )

    def _verify(
        self, tiles: TilesUnder, database: Path, before: Checkpoint | None, size: int
    ) -> int:
        """Audit the copy; what was damaged there before is copied again. Returns its entries."""
        claims = []
        if before is not None:
            claims.append(Claim(before.size, before.root, "the last backup"))
        findings = Findings()
        committed = self._audit(tiles, database, claims, findings)
        if findings:
            self._copy_again(tiles, findings)
            findings = Findings()
            committed = self._audit(tiles, database, claims, findings)
        if findings:
            _remove_database(database)
            raise FatalLogError(
                "backup.damaged",
                f"expected a sound copy of {size} entries, found {len(findings)} faults, "
                f"the first: {findings.kept[0]}",
                hint="The last backup is untouched. `counterfoil audit` says what is damaged in "
                "the ledger.",
            )
        return committed

    def _audit(
        self, tiles: TilesUnder, database: Path, claims: list[Claim], findings: Findings
    ) -> int:
        store = SqliteStore(database, read_only=True)
        try:
            return (
                HashAudit(
                    TilesUnder(self._to.folder, tiles.published()),
                    store,
                    self._open,
                    findings,
                    claims=claims,
                    progress=lambda done, total: self._tell("audit", done, total),
                )
                .run()
                .size
            )
        finally:
            store.close()

    def _copy_again(self, tiles: TilesUnder, findings: Findings) -> None:
        for finding in findings.kept:
            try:
                tile = parse_path(finding.place)
            except InputError:
                continue
            (self._to.folder / finding.place).unlink(missing_ok=True)
            data = cut_tile(tiles, tile)
            if data is not None:
                self._copy.write(self._to.folder / finding.place, data)
        self._copy.flush()

    def _tell(self, what: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(what, done, total)


def _published(folder: Path, open_note: OpenNote) -> Checkpoint | None:
    signed = TileFiles(folder).published()
    try:
        return open_note(signed) if signed is not None else None
    except CounterfoilError:
        return None


def _remove_database(path: Path, *, only_log: bool = False) -> None:
    """Remove a database with its WAL, which must never meet another database."""
    for suffix in ("-wal", "-shm") if only_log else ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _require_apart(folder: Path, destination: Path) -> None:
    if folder == destination or folder in destination.parents or destination in folder.parents:
        raise InputError(
            "backup.destination",
            f"expected a destination outside {folder}, found {destination}",
            hint="Choose a folder on another disk, if you can.",
        )


def _older(folder: Path, backed_up: int, found: int) -> Refused:
    return Refused(
        "backup.newer",
        f"expected at least the {backed_up} entries of the last backup in {folder}, found {found}",
        hint="The ledger went back: keep the backup, and `counterfoil audit` the ledger.",
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""Keep tiles as files in the C2SP layout: any static web server can publish the folder.

Tiles and their folders are synced before the checkpoint that needs them is renamed into place,
so a reader of the published checkpoint always finds its tiles. A tile too is written under
another name and renamed: one that is published already and is put again is never half there.
This module refuses to take a write's word: it reads back what it wrote.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from counterfoil.errors import FatalLogError, InputError, Unavailable

__all__ = ["CHECKPOINT_FILE", "TileFiles"]

CHECKPOINT_FILE: Final = "checkpoint"
"""Name of the published checkpoint (C2SP tlog-tiles)."""


class TileFiles:
    """A `TileStore` in one folder.

    folder: the ledger's folder. Raises Unavailable with code tiles.write, FatalLogError with
    code tiles.read-back where a write did not hold.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unsynced: set[Path] = set()
        self._known: set[Path] = {folder}  # folders that exist, and whose parents are or get synced

    def put(self, path: str, data: bytes) -> None:
        """Write and sync a tile; its name is durable after `flush`."""
        target = self._resolve(path)
        try:
            self._make_folders(target.parent)
            self._unsynced.add(target.parent)
            _replace(target, data)
        except OSError as err:
            self._known = {self._folder}  # perhaps somebody deleted one
            raise _unwritable(target, err) from err

    def flush(self) -> None:
        """Sync the folders that name what was put."""
        for folder in sorted(self._unsynced):
            try:
                _sync_folder(folder)
            except OSError as err:
                raise _unwritable(folder, err) from err
        self._unsynced.clear()

    def get(self, path: str) -> bytes | None:
        """Read a tile; None when it is not there."""
        target = self._resolve(path)
        try:
            return target.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as err:
            raise Unavailable("tiles.read", f"expected to read {target}, but: {err}") from err

    def drop_partials(self, path: str) -> None:
        """Delete the partial tiles that the full tile at `path` has replaced."""
        target = self._resolve(path + ".p")
        shutil.rmtree(target, ignore_errors=True)
        self._known.discard(target)
        self._unsynced.discard(target)

    def publish(self, note: bytes) -> None:
        """Replace the published checkpoint: write, sync, rename, sync the folder."""
        target = self._folder / CHECKPOINT_FILE
        try:
            _replace(target, note)
            _sync_folder(self._folder)
        except OSError as err:
            raise _unwritable(target, err) from err

    def published(self) -> bytes | None:
        """Read the published checkpoint; None before the first."""
        return self.get(CHECKPOINT_FILE)

    def _resolve(self, path: str) -> Path:
        if path.startswith("/") or ".." in path.split("/") or "\0" in path:
            raise InputError("tiles.path", f"expected a tile's path, found {path!r}")
        return self._folder / path

    def _make_folders(self, folder: Path) -> None:
        """Make what is missing, and have every parent synced once.

        Also the parents of folders that are there: whoever made them may have been killed before
        the sync.
        """
        new = []
        while folder not in self._known:
            new.append(folder)
            folder = folder.parent
        for each in reversed(new):
            each.mkdir(exist_ok=True)
            self._unsynced.add(each.parent)
            self._known.add(each)


def _replace(target: Path, data: bytes) -> None:
    """Write, sync and rename, so that `target` is the old file or the new one, whole."""
    fresh = target.with_name(target.name + ".new")
    try:
        _write_synced(fresh, data)
        fresh.rename(target)
    except (OSError, FatalLogError):
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def _write_synced(target: Path, data: bytes) -> None:
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
        if os.pread(handle, len(data) + 1, 0) != data:
            raise FatalLogError(
                "tiles.read-back",
                f"expected {target} to hold what was written, found other bytes",
                hint="The disk does not keep what it is given: move the ledger to another.",
            )
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(target: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "tiles.write",
        f"expected to write {target}, but: {err}",
        hint="Check the space and the permissions of the disk; publishing goes on by itself.",
    )

"""Stores and tile stores with a bug, to show that the crash and fault tests find it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.ports import Commit
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import CHECKPOINT_FILE, TileFiles

__all__ = ["STORES", "TILES"]


class Unsynced(SqliteStore):
    """Does not sync its commits."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self._require_writer().execute("PRAGMA synchronous = OFF")


class Forgiving(SqliteStore):
    """Takes a commit that failed for one that was done."""

    def commit(self, commit: Commit) -> None:
        with contextlib.suppress(CounterfoilError):
            super().commit(commit)


class Unflushed(TileFiles):
    """Does not sync the folders that name what was put."""

    def flush(self) -> None:
        self._unsynced.clear()


class Late(TileFiles):
    """Publishes a checkpoint, then writes its tiles."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._late: dict[str, bytes] = {}

    def put(self, path: str, data: bytes) -> None:
        self._late[path] = data

    def publish(self, note: bytes) -> None:
        super().publish(note)
        while self._late:
            super().put(*self._late.popitem())


class InPlace(TileFiles):
    """Overwrites the published checkpoint where it stands."""

    def publish(self, note: bytes) -> None:
        with (self._folder / CHECKPOINT_FILE).open("wb", buffering=0) as file:
            for at in range(0, len(note), 50):
                file.write(note[at : at + 50])
                time.sleep(0.0003)  # as a disk takes


class Trusting(TileFiles):
    """Takes a write's word."""

    def put(self, path: str, data: bytes) -> None:
        target = self._resolve(path)
        self._make_folders(target.parent)
        self._unsynced.add(target.parent)
        handle = os.open(f"{target}.new", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.write(handle, data)
        os.fsync(handle)
        os.close(handle)
        Path(f"{target}.new").rename(target)


STORES: Final[Mapping[str, type[SqliteStore]]] = {"no sync": Unsynced, "forgiving": Forgiving}
"""Name of a planted bug -> the store that has it."""

TILES: Final[Mapping[str, type[TileFiles]]] = {
    "no flush": Unflushed,
    "late tiles": Late,
    "in place": InPlace,
    "trusting": Trusting,
}
"""Name of a planted bug -> the tile store that has it."""

"""Every store that we ship keeps the promises of its port."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.ports import LogStore, TileStore
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from counterfoil.testing.stores import LogStoreConformance
from counterfoil.testing.tile_stores import TileStoreConformance


class TestMemoryStore(LogStoreConformance):
    """The store in memory; what it has committed outlives it in a `MemoryDisk`."""

    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.disk = MemoryDisk()

    def open_store(self) -> LogStore:
        return MemoryStore(self.disk)


class TestSqliteStore(LogStoreConformance):
    """The store in one SQLite file."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "ledger.db"

    def open_store(self) -> LogStore:
        return SqliteStore(self.path, create=not self.path.exists())


class TestSqliteStoreWithAShortWal(TestSqliteStore):
    """The same, folding the WAL into the file after every commit."""

    def open_store(self) -> LogStore:
        return SqliteStore(self.path, create=not self.path.exists(), wal_limit_bytes=0)


class TestMemoryTiles(TileStoreConformance):
    """Tiles in memory."""

    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.tiles = MemoryTiles()

    def open_tiles(self) -> TileStore:
        return self.tiles


class TestTileFiles(TileStoreConformance):
    """Tiles as files in one folder."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def open_tiles(self) -> TileStore:
        return TileFiles(self.folder)

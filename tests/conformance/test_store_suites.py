"""The suites that authors of stores run go red for stores that break a promise."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterfoil.ports import Commit, LogStore, Segment, Span, StoredCheckpoint, TileStore
from counterfoil.storage.tile_files import CHECKPOINT_FILE, TileFiles
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from counterfoil.testing.stores import LogStoreConformance
from counterfoil.testing.tile_stores import TileStoreConformance

CHECKS = [name for name in dir(LogStoreConformance) if name.startswith("test_")]
TILE_CHECKS = [name for name in dir(TileStoreConformance) if name.startswith("test_")]


class Forks(MemoryStore):
    """Takes a commit of any base."""

    def commit(self, commit: Commit) -> None:
        super().commit(replace(commit, base=self.disk.head.size))


class Forgets(MemoryStore):
    """Loses counters when it is opened."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(disk)
        disk.counters.clear()


class Tears(MemoryStore):
    """Keeps the numbers of a commit that fails."""

    def commit(self, commit: Commit) -> None:
        for span in commit.spans:
            self.disk.spans.setdefault((span.issuer, span.source), []).append(span)
        super().commit(replace(commit, spans=()))


class MixesTypes(MemoryStore):
    """Keeps counters as text."""

    def counter(self, key: str) -> int | str | None:
        value = super().counter(key)
        return None if value is None else str(value)


class SkipsGaps(MemoryStore):
    """Finds the next run where a number is in none."""

    def find_span(self, issuer: str, source: str, first: int, count: int) -> Span | None:
        return super().find_span(issuer, source, first, count + 1)


class Untrims(MemoryStore):
    """Takes the trimmed index from a commit."""

    def commit(self, commit: Commit) -> None:
        super().commit(commit)
        self.disk.head = commit.head


class TrimsTooMuch(MemoryStore):
    """Forgets a bundle too many."""

    def trim(self, below: int) -> None:
        super().trim(below + 256 if below else 0)


class Repeats(MemoryStore):
    """Gives a segment twice."""

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        for segment in super().segments(first, end):
            yield segment
            yield segment


class KeepsOne(MemoryStore):
    """Keeps the last checkpoint only."""

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        self.disk.checkpoints.clear()


BROKEN = [Forks, Forgets, Tears, MixesTypes, SkipsGaps, Untrims, TrimsTooMuch, Repeats, KeepsOne]


def failures(suite: Any, names: list[str]) -> list[str]:
    """Run the checks of a suite and give the names of those that go red."""
    red = []
    for name in names:
        suite.__init__()
        try:
            getattr(suite, name)()
        except Exception:
            red.append(name)
    return red


@pytest.mark.parametrize("broken", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_store_goes_red(broken: type[MemoryStore]) -> None:
    """Each store here breaks one promise, and a check says so."""

    class Suite(LogStoreConformance):
        def __init__(self) -> None:
            self.disk = MemoryDisk()

        def open_store(self) -> LogStore:
            return broken(self.disk)

    red = failures(Suite(), CHECKS)
    assert red
    assert len(red) < len(CHECKS)


class TearsTiles(TileFiles):
    """Writes a checkpoint in place, and takes its time."""

    def publish(self, note: bytes) -> None:
        with (self._folder / CHECKPOINT_FILE).open("wb", buffering=0) as file:
            for at in range(0, len(note), 1_000):
                file.write(note[at : at + 1_000])
                time.sleep(0.0005)


class WanderingTiles(MemoryTiles):
    """Takes any path."""

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = data


class GreedyTiles(MemoryTiles):
    """Drops the partial tiles of others, too."""

    def drop_partials(self, path: str) -> None:
        for name in [name for name in self.files if ".p/" in name]:
            del self.files[name]


class DirtyTiles(MemoryTiles):
    """Never drops a partial tile."""

    def drop_partials(self, path: str) -> None:
        """Leave them."""


class FirstWins(MemoryTiles):
    """Never replaces what is there."""

    def put(self, path: str, data: bytes) -> None:
        if path not in self.files:
            super().put(path, data)


@pytest.mark.parametrize(
    "broken",
    [TearsTiles, WanderingTiles, GreedyTiles, DirtyTiles, FirstWins],
    ids=lambda kind: kind.__name__,
)
def test_a_broken_tile_store_goes_red(broken: Any, tmp_path: Path) -> None:
    """Each tile store here breaks one promise, and a check says so."""
    folders = iter(range(100))

    class Suite(TileStoreConformance):
        def __init__(self) -> None:
            self.folder = tmp_path / str(next(folders))
            self.folder.mkdir()
            self.tiles = None if issubclass(broken, TileFiles) else broken()

        def open_tiles(self) -> TileStore:
            made: TileStore = self.tiles or broken(self.folder)
            return made

    red = failures(Suite(), TILE_CHECKS)
    assert red
    assert len(red) < len(TILE_CHECKS)


def test_the_suites_say_what_they_need() -> None:
    """A factory that is missing is asked for, and every check states its promise."""
    with pytest.raises(NotImplementedError):
        LogStoreConformance().open_store()
    with pytest.raises(NotImplementedError):
        TileStoreConformance().open_tiles()
    for suite in (LogStoreConformance, TileStoreConformance):
        for name, check in inspect.getmembers(suite, inspect.isfunction):
            assert check.__doc__, name

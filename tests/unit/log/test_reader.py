"""Whoever reads gets every entry, once, in order: from tiles, from the tail, and across both."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import FatalLogError, NotFound
from counterfoil.formats import bundle
from counterfoil.log import LogReader
from counterfoil.log.edge import TileEdge
from counterfoil.log.publisher import Publisher
from counterfoil.ports import LogStore, TileStore
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from tests.log_rig import Watched, entries_of, open_note, raises_code
from tests.unit.log.sequencing import grow

SIZE = 1_000
PUBLISHED = 900


def make() -> tuple[MemoryDisk, MemoryTiles]:
    """Make a log of 1,000 entries, in commits of 7, of which 900 are published."""
    store, tiles = MemoryStore(), MemoryTiles()
    Publisher(store, tiles, TileEdge()).publish(grow(store, PUBLISHED, 7))
    grow(store, SIZE, 7)
    return store.disk, tiles


DISK, TILES = make()


def reader_of(trimmed: int) -> LogReader:
    """Open the log whose entries below `trimmed` are in tiles only."""
    store = MemoryStore(DISK.copy())
    store.trim(trimmed)
    return LogReader(TILES, store)


READERS: dict[str, tuple[LogReader, int]] = {
    "tail only": (LogReader(MemoryTiles(), MemoryStore(DISK.copy())), SIZE),
    "nothing trimmed": (reader_of(0), SIZE),
    "trimmed": (reader_of(512), SIZE),
    "trimmed to the last bundle": (reader_of(768), SIZE),
    "tiles only": (LogReader(TILES), PUBLISHED),
}


@pytest.mark.parametrize("name", READERS)
@given(st.integers(-5, SIZE + 5), st.integers(-5, SIZE + 5))
def test_any_range(name: str, first: int, end: int) -> None:
    """Entries of any range, also one that ends beyond the log, are those that were appended."""
    reader, size = READERS[name]
    first_kept = max(first, 0)
    expected = entries_of(max(min(end, size) - first_kept, 0), first_kept)
    assert list(reader.entries(first, end)) == expected


@pytest.mark.parametrize("name", READERS)
def test_any_index(name: str) -> None:
    """Each entry can be read alone; no index beside the log has one."""
    reader, size = READERS[name]
    assert reader.size() == size
    for index in (0, 1, 255, 256, 511, 512, 767, 768, size - 1):
        assert reader.entry(index) == entries_of(1, index)[0]
    for index in (-1, size, 2**62):
        with raises_code("entry.index", NotFound):
            reader.entry(index)


def test_single_reads_share_a_bundle() -> None:
    """Reading entries one by one parses a bundle once, not once an entry."""
    tiles = Watched(TILES, ["get"])
    store = MemoryStore(DISK.copy())
    store.trim(768)
    reader = LogReader(tiles, store)
    assert [reader.entry(index) for index in range(256)] == entries_of(256)
    assert len(tiles.calls) <= 2


def test_published() -> None:
    """The published checkpoint comes verbatim; before the first there is none."""
    tree, signed = LogReader(TILES).published()
    assert (tree.size, signed) == (PUBLISHED, TILES.published())
    assert open_note(signed) == tree
    for call in (LogReader(MemoryTiles()).published, LogReader(MemoryTiles()).size):
        with raises_code("log.unpublished", NotFound):
            call()


def test_a_checkpoint_that_is_none_is_damage() -> None:
    """Bytes that are no checkpoint are reported as damage of the log, not as bad input."""
    tiles = MemoryTiles()
    tiles.publish(b"garbage")
    with raises_code("log.damaged", FatalLogError):
        LogReader(tiles).published()


def sqlite(folder: Path) -> LogStore:
    """Make a SQLite store."""
    return SqliteStore(folder / "ledger.db", create=True)


@pytest.mark.parametrize("make_store", [lambda _: MemoryStore(), sqlite], ids=["memory", "sqlite"])
@pytest.mark.parametrize("read_before", [1, 255, 300, 600, 899])
def test_trimming_under_a_reader(
    tmp_path: Path, make_store: Callable[[Path], LogStore], read_before: int
) -> None:
    """A reader that is under way when entries are trimmed goes on in the tiles: no gap, none twice.

    It also sees what was there when it began, and not what is appended meanwhile.
    """
    store, tiles = make_store(tmp_path), MemoryTiles()
    Publisher(store, tiles, TileEdge()).publish(grow(store, 900, 7))
    reading = LogReader(tiles, store).entries(0, 2_000)
    found = list(islice(reading, read_before))
    store.trim(512)
    grow(store, 910, 7)
    found += islice(reading, 50)
    store.trim(768)
    found += reading
    assert found == entries_of(900)
    assert list(LogReader(tiles, store).entries(0, 910)) == entries_of(910)
    store.close()


def test_a_tile_that_became_full_serves_older_trees() -> None:
    """Who holds an older checkpoint reads from the full tile once the partial one is dropped."""
    store, tiles = MemoryStore(), MemoryTiles()
    publisher = Publisher(store, tiles, TileEdge())
    publisher.publish(grow(store, 300))
    old = LogReader(tiles)
    publisher.publish(grow(store, 600))
    assert tiles.get("tile/0/001.p/44") is None
    assert list(old.published_entries(250, 300, 300)) == entries_of(50, 250)
    assert old.tile(0, 1, 44) == old.tile(0, 1, 256)[: 44 * 32]
    assert old.nodes(300)(0, 299) == LogReader(TILES).nodes(900)(0, 299)


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "missing bundle": ("tile/entries/001", lambda _: None),
    "cut bundle": ("tile/entries/001", lambda data: data[:-1]),
    "empty bundle": ("tile/entries/001", lambda _: b""),
    "short bundle": ("tile/entries/001", lambda data: bundle.format(bundle.parse(data)[:-1])),
    "missing tile": ("tile/0/001", lambda _: None),
    "short tile": ("tile/0/001", lambda data: data[:-1]),
    "empty tile": ("tile/0/001", lambda _: b""),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_tiles_are_named(name: str) -> None:
    """A tile or bundle that is missing or cut is an error that names it, never other entries."""
    path, change = DAMAGE[name]
    tiles = TILES.copy()
    data = change(tiles.files.pop(path))
    if data is not None:
        tiles.files[path] = data
    reader = LogReader(tiles)
    with raises_code("log.damaged", FatalLogError) as caught:
        if "entries" in path:
            list(reader.entries(0, 900))
        else:
            reader.nodes(900)(0, 300)
    assert path in caught.value.message


def test_a_leftover_does_not_hide_the_bundle() -> None:
    """A torn partial bundle that a crash left is not read in the place of the full one."""
    tiles = TILES.copy()
    tiles.files["tile/entries/000.p/5"] = b"\x00\x09torn"
    store = MemoryStore(DISK.copy())
    store.trim(512)
    assert LogReader(tiles, store).entry(4) == entries_of(1, 4)[0]
    assert list(LogReader(tiles, store).entries(0, 5)) == entries_of(5)


def test_a_damaged_tail_is_named() -> None:
    """Entries that must be in the store and are not whole there are damage, not bad input."""
    gap = MemoryStore(DISK.copy())
    del gap.disk.segments[10:12]
    cut = MemoryStore(DISK.copy())
    at, segment = 10, cut.disk.segments[10]
    cut.disk.segments[at] = type(segment)(
        segment.first, segment.count, segment.entries[:-1], segment.hashes
    )
    for store in (gap, cut):
        reading = LogReader(MemoryTiles(), store).entries(0, 900)
        found = []
        with raises_code("log.damaged", FatalLogError):
            for entry in reading:
                found.append(entry)
        assert found == entries_of(70)


def test_random_reads_of_a_large_log() -> None:
    """In a log of many bundles, more than are cached, any index gives its own entry."""
    store, tiles = MemoryStore(), MemoryTiles()
    Publisher(store, tiles, TileEdge()).publish(grow(store, 6_000, 1_000))
    store.trim(5_888)
    reader: LogReader = LogReader(tiles, store)
    order = random.Random(5).sample(range(6_000), 600)
    assert [reader.entry(index) for index in order] == [entries_of(1, i)[0] for i in order]


def test_a_reader_takes_any_store(tmp_path: Path) -> None:
    """Only the ports are used: a forwarding store and tiles will do."""
    tiles: TileStore = Watched(TILES, [])
    assert LogReader(tiles, Watched(MemoryStore(DISK), [])).entry(999) == entries_of(1, 999)[0]

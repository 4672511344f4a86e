"""What is published is complete, durable before it is named, and the same however often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.errors import CounterfoilError, FatalLogError
from counterfoil.log.edge import TileEdge
from counterfoil.log.publisher import Publisher
from counterfoil.log.reader import parse_signed
from counterfoil.log.startup import check_start, published_edge
from counterfoil.ports import Head, Segment
from counterfoil.testing.commits import segments_of
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from tests.c2sp_reader import read_log
from tests.log_rig import (
    TILE_WRITES,
    Watched,
    entries_of,
    fatal,
    files_of,
    open_note,
    raises_code,
    unavailable,
)
from tests.unit.log.sequencing import grow

DISKS: dict[int, tuple[Head, MemoryDisk]] = {}


def log_of(size: int) -> tuple[Head, MemoryStore]:
    """Give a log of `size` entries; the same ones are made once."""
    if size not in DISKS:
        store = MemoryStore()
        DISKS[size] = grow(store, size), store.disk
    head, disk = DISKS[size]
    return head, MemoryStore(disk.copy())


def published_log(size: int) -> tuple[MemoryStore, MemoryTiles]:
    """Give a log of which `size` entries are published."""
    head, store = log_of(size)
    tiles = MemoryTiles()
    Publisher(store, tiles, TileEdge()).publish(head)
    return store, tiles


@given(st.lists(st.integers(0, 700), min_size=1, max_size=5))
@example([1, 255, 256, 257, 513])
@example([512])
def test_any_client_can_read_what_is_published(sizes: list[int]) -> None:
    """After each step an independent C2SP reader finds every tile, bundle and the signed root."""
    store, tiles = MemoryStore(), MemoryTiles()
    publisher = Publisher(store, tiles, TileEdge())
    for size in sorted(sizes):
        head = grow(store, size)
        publisher.publish(head)
        assert publisher.size == size
        if size:
            assert read_log(files_of(tiles)) == entries_of(size)
            assert open_note(tiles.published() or b"").size == size
        else:
            assert tiles.published() is None


def test_order() -> None:
    """All tiles are put, then flushed, then the checkpoint is published, then partials dropped."""
    store, inner = published_log(300)
    tiles = Watched(inner, [*TILE_WRITES, "drop_partials"])
    edge = published_edge(inner, open_note)
    Publisher(store, tiles, edge).publish(grow(store, 900))
    kinds = [name for at, name in enumerate(tiles.names) if at == 0 or name != tiles.names[at - 1]]
    assert kinds == ["put", "flush", "publish", "drop_partials"]
    flushed = tiles.names.index("flush")
    assert {arguments[0] for _, arguments in tiles.calls[:flushed]} == {
        "tile/entries/001",
        "tile/entries/002",
        "tile/entries/003.p/132",
        "tile/0/001",
        "tile/0/002",
        "tile/0/003.p/132",
        "tile/1/000.p/3",
    }


def test_nothing_is_done_twice() -> None:
    """Publishing what is published writes nothing; a tile that did not change is not written."""
    store, inner = published_log(300)
    tiles = Watched(inner, TILE_WRITES)
    publisher = Publisher(store, tiles, published_edge(inner, open_note))
    publisher.publish(store.head())
    assert tiles.calls == []
    publisher.publish(grow(store, 310))
    puts = [arguments[0] for name, arguments in tiles.calls if name == "put"]
    assert puts == ["tile/entries/001.p/54", "tile/0/001.p/54"]


def test_partial_tiles_are_dropped() -> None:
    """Once a tile is full its partial ones are deleted, and no others."""
    store, tiles = published_log(250)
    publisher = Publisher(store, tiles, published_edge(tiles, open_note))
    publisher.publish(grow(store, 256))
    assert sorted(tiles.files) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
    publisher.publish(grow(store, 511))
    publisher.publish(grow(store, 520))
    assert sorted(tiles.files) == [
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/8",
        "tile/1/000.p/1",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/8",
    ]
    assert read_log(files_of(tiles)) == entries_of(520)


def test_trimmed_entries_are_not_asked_for() -> None:
    """The publisher reads from the bundle that is unfinished, so what is before may be trimmed."""
    store, tiles = published_log(700)
    store.trim(512)
    publisher = Publisher(store, tiles, published_edge(tiles, open_note))
    publisher.publish(grow(store, 800))
    assert read_log(files_of(tiles)) == entries_of(800)


def break_at(
    step: int, err: Callable[[], Exception]
) -> Callable[[int, str, tuple[Any, ...]], None]:
    """Make a hook that breaks one write."""

    def hook(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if number == step:
            raise err()

    return hook


@pytest.mark.parametrize("reported_lost", [False, True], ids=["not done", "done but lost"])
@pytest.mark.parametrize("old", [0, 200, 300], ids="from {}".format)
def test_every_write_can_fail(old: int, reported_lost: bool) -> None:
    """Whichever write fails, readers keep a whole log, and publishing again gives the same files.

    Each write is broken two ways; then once the same publisher tries again, and once the process
    crashes, what was not flushed is lost or torn, and a new one starts from what it finds.
    """
    store, before = published_log(old)
    head = grow(store, 900)
    good = before.copy()
    Publisher(store, good, published_edge(good, open_note)).publish(head)
    step = 0
    while True:
        inner = before.copy()
        tiles = Watched(inner, TILE_WRITES)
        publisher = Publisher(store, tiles, published_edge(inner, open_note))
        hook = break_at(step, unavailable)
        if reported_lost:
            tiles.after = hook
        else:
            tiles.before = hook
        try:
            publisher.publish(head)
        except CounterfoilError as err:
            assert err.code == "test.unavailable"
        else:
            break
        if (signed := inner.published()) is not None:
            done = reported_lost and tiles.names[-1] == "publish"
            assert open_note(signed).size == (900 if done else old)
            assert read_log(files_of(inner)) == entries_of(900 if done else old)
        crashed = inner.copy()
        lost = sorted(crashed.unflushed)
        crashed.crash(kept=lost[::3], torn=lost[1::3])
        publisher.publish(head)
        again = Publisher(store, crashed, check_start(store, crashed, open_note))
        again.publish(head)
        for after in (inner, crashed):
            assert after.published() == good.published()
            assert {path: after.get(path) for path in good.files} == good.files
            assert read_log(files_of(after)) == entries_of(900)
        step += 1
    assert step == len(tiles.calls) >= 8


def test_a_fatal_error_of_the_tiles_is_passed_on() -> None:
    """Where a write did not hold the publisher says so, and names no checkpoint."""
    head, store = log_of(10)
    tiles = Watched(MemoryTiles(), TILE_WRITES)
    tiles.after = break_at(0, fatal)
    with raises_code("test.unknown", FatalLogError):
        Publisher(store, tiles, TileEdge()).publish(head)
    assert tiles.published() is None


DAMAGE: dict[str, tuple[str, Callable[[Segment], Segment]]] = {
    "an entry": ("log.damaged", lambda s: replace(s, entries=s.entries[:-1] + b"!")),
    "a length": ("log.damaged", lambda s: replace(s, entries=b"\xff" + s.entries[1:])),
    "a hash": ("log.damaged", lambda s: replace(s, hashes=bytes(32) + s.hashes[32:])),
    "entries and hashes": (
        "log.root-mismatch",
        lambda s: segments_of(s.first, [b"x"] * s.count)[0],
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("first", [0, 256, 300])
def test_what_was_not_signed_is_not_published(first: int, name: str) -> None:
    """When the store gives other entries or hashes than were signed nothing is published."""
    head, store = log_of(400)
    segments = store.disk.segments
    at = next(k for k, s in enumerate(segments) if s.first == first)
    code, change = DAMAGE[name]
    segments[at] = change(segments[at])
    tiles = MemoryTiles()
    with raises_code(code, FatalLogError):
        Publisher(store, tiles, TileEdge()).publish(head)
    assert tiles.published() is None


def test_what_is_published_again_is_checked_again() -> None:
    """An entry of the unfinished bundle that was good before, and is not now, is found."""
    store, tiles = published_log(300)
    publisher = Publisher(store, tiles, published_edge(tiles, open_note))
    last = store.disk.segments[-1]
    store.disk.segments[-1] = replace(last, entries=last.entries[:-1] + b"!")
    with raises_code("log.damaged", FatalLogError) as caught:
        publisher.publish(grow(store, 310))
    assert "tile/entries/001" in caught.value.message
    assert read_log(files_of(tiles)) == entries_of(300)


@pytest.mark.parametrize("missing", [slice(0, 1), slice(1, 2), slice(-1, None)], ids=str)
def test_a_store_that_lacks_entries_is_not_published(missing: slice) -> None:
    """A gap, or an end before the head's size, is no tree of that size."""
    head, store = log_of(400)
    del store.disk.segments[missing]
    tiles = MemoryTiles()
    with raises_code("log.root-mismatch", FatalLogError):
        Publisher(store, tiles, TileEdge()).publish(head)
    assert tiles.published() is None


def test_a_newer_checkpoint_is_not_replaced() -> None:
    """Should another process have published more, its checkpoint stays: a log never shrinks."""
    _, theirs = published_log(50)
    store, ours = published_log(20)
    publisher = Publisher(store, ours, published_edge(ours, open_note))
    newer = theirs.published() or b""
    ours.publish(newer)
    with raises_code("log.rolled-back", FatalLogError):
        publisher.publish(grow(store, 30))
    assert ours.published() == newer
    publisher.publish(grow(store, 60))
    assert parse_signed(ours.published() or b"").size == 60


def test_a_checkpoint_that_is_none_is_not_replaced() -> None:
    """Bytes that are no checkpoint stand where one was: damage is named, not painted over."""
    store, tiles = published_log(20)
    publisher = Publisher(store, tiles, published_edge(tiles, open_note))
    tiles.publish(b"\x00garbage")
    with raises_code("log.damaged", FatalLogError):
        publisher.publish(grow(store, 30))
    assert tiles.published() == b"\x00garbage"

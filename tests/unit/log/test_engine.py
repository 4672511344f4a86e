"""A log as a whole: what is appended is published, trimmed and kept; a close ends it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.log import Log, Submission
from counterfoil.testing.clock import ManualClock
from counterfoil.testing.memory import MemoryStore, MemoryTiles
from tests.c2sp_reader import read_log
from tests.log_rig import (
    ORIGIN,
    STORE_WRITES,
    TILE_WRITES,
    Watched,
    append,
    entries_of,
    fatal,
    files_of,
    open_log,
    open_note,
    raises_code,
    sign,
    unavailable,
)


@pytest.fixture
def store() -> Watched:
    return Watched(MemoryStore(), STORE_WRITES)


@pytest.fixture
def tiles() -> Watched:
    return Watched(MemoryTiles(), TILE_WRITES)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def log(store: Watched, tiles: Watched, clock: ManualClock) -> Iterator[Log]:
    opened = open_log(store, tiles, clock)
    yield opened
    opened.close()


def test_what_is_appended_is_published(log: Log, tiles: Watched) -> None:
    """Without being asked, the log publishes what it has committed."""
    append(log, 700)
    log.wait_published(700)
    assert log.published_size == log.head.size == 700
    assert read_log(files_of(tiles.inner)) == entries_of(700)
    assert open_note(tiles.inner.published()).size >= 700


def test_entries_are_read_at_once(log: Log) -> None:
    """An entry can be read as soon as it is acknowledged, published or not."""
    for index in range(50):
        append(log, 7)
        assert log.reader.entry(index * 7 + 3) == entries_of(1, index * 7 + 3)[0]


def test_full_bundles_are_trimmed(log: Log, store: Watched) -> None:
    """What full bundles hold durably leaves the database, and is read from the tiles."""
    append(log, 1_000)
    log.close()
    assert store.inner.head().trimmed == 768
    assert next(iter(store.inner.segments(0, 1_000))).first >= 768
    assert list(log.reader.entries(0, 1_000)) == entries_of(1_000)


def test_close_publishes_the_rest(store: Watched, tiles: Watched) -> None:
    """Closing commits and publishes what waits, however long the interval; twice is once."""
    log = open_log(store, tiles, interval_s=3_600.0)
    append(log, 1)
    log.wait_published(1)
    futures = [log.submit(Submission([entry])) for entry in entries_of(300, 1)]
    log.close()
    log.close()
    assert [future.result(0).first for future in futures] == list(range(1, 301))
    assert read_log(files_of(tiles.inner)) == entries_of(301)
    with raises_code("log.closed", Unavailable):
        log.submit(Submission([b"late"]))


def test_nothing_to_do(store: Watched, tiles: Watched) -> None:
    """A log that is opened and closed without an entry writes nothing."""
    open_log(store, tiles).close()
    assert (store.calls, tiles.calls) == ([], [])
    open_log(store, tiles).close()
    assert (store.inner.head().size, tiles.inner.published()) == (0, None)


def test_checkpoints_are_spaced(store: Watched, tiles: Watched) -> None:
    """Between two published checkpoints the interval passes, however many commits there are."""
    log = open_log(store, tiles, interval_s=3_600.0)
    append(log, 1)
    log.wait_published(1)
    append(log, 20, group=1)
    assert log.published_size == 1
    log.close()
    assert tiles.names.count("publish") == 2


def test_checkpoints_are_kept_now_and_then(log: Log, store: Watched, clock: ManualClock) -> None:
    """The first is kept, then one once a minute has passed, and the last one at the close."""
    append(log, 5)
    log.wait_published(5)
    clock.advance(61_000)
    append(log, 5)
    log.wait_published(10)
    for size in (15, 20):
        append(log, 5)
        log.wait_published(size)
    log.close()
    kept = [arguments[0].size for name, arguments in store.calls if name == "keep_checkpoint"]
    assert kept == [5, 10, 20]
    assert [each.size for each in store.inner.checkpoints()] == kept
    for each in store.inner.checkpoints():
        assert open_note(each.note).size == each.size


def test_publishing_goes_on_by_itself(log: Log, tiles: Watched) -> None:
    """While the disk of the tiles fails entries are acknowledged; afterwards all is published."""
    broken = threading.Event()
    broken.set()

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if broken.is_set():
            raise unavailable()

    tiles.before = fail
    append(log, 300)
    with raises_code("test.unavailable", Unavailable):
        log.wait_published(300)
    assert log.published_size == 0
    append(log, 300)
    broken.clear()
    while True:
        try:
            log.wait_published(600)
            break
        except Unavailable as err:
            assert err.code == "test.unavailable"  # the last failure, told before the next try
    assert read_log(files_of(tiles.inner)) == entries_of(600)


def test_a_close_that_cannot_publish_says_so(store: Watched, tiles: Watched) -> None:
    """Closing raises what kept the last entries from being published; they are durable."""
    log = open_log(store, tiles)
    append(log, 10)
    log.wait_published(10)

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        raise unavailable()

    tiles.before = fail
    append(log, 10)
    for _ in range(2):
        with raises_code("test.unavailable", Unavailable):
            log.close()
    assert store.inner.head().size == 20
    again = open_log(MemoryStore(store.inner.disk), tiles.inner)
    again.close()
    assert read_log(files_of(tiles.inner)) == entries_of(20)


def test_waiting_has_an_end(log: Log) -> None:
    """Who waits for entries that are not there hears so after the time that he gave."""
    append(log, 3)
    with raises_code("log.publish-timeout", Unavailable) as caught:
        log.wait_published(4, timeout_s=0.02)
    assert "4 entries" in caught.value.message


@pytest.mark.parametrize("kind", ["fatal", "bug"])
def test_damage_that_the_publisher_meets_stops_the_writer(
    store: Watched, tiles: Watched, kind: str
) -> None:
    """When a tile does not hold what was written, or a bug shows, nothing more is signed."""

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        raise fatal() if kind == "fatal" else ZeroDivisionError("a bug")

    log = open_log(store, tiles)
    append(log, 3)
    log.wait_published(3)
    tiles.after = fail
    code = {"fatal": "test.unknown", "bug": "log.unexpected"}[kind]
    append(log, 1)
    with raises_code(code, FatalLogError):
        log.wait_published(4)
    with raises_code(code, FatalLogError):
        log.submit(Submission([b"more"]))
    writes = list(store.names)
    with raises_code(code, FatalLogError):
        log.close()
    assert store.names == writes
    assert store.inner.head().size == 4


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but reported lost"])
def test_an_unknown_commit_ends_all_writing(store: Watched, tiles: Watched, done: bool) -> None:
    """After a commit of unknown outcome the database is left alone, and what is known published."""

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if number >= 1:
            raise fatal()

    log = open_log(store, tiles)
    append(log, 300, group=300)
    if done:
        store.after = fail
    else:
        store.before = fail
    with raises_code("test.unknown", FatalLogError):
        log.submit(Submission([b"unknown"])).result(60)
    log.close()
    assert store.names.count("commit") + store.names.count("trim") <= 3
    assert open_note(tiles.inner.published()).size == 300
    again = open_log(MemoryStore(store.inner.disk), tiles.inner)
    assert again.head.size >= 300
    again.close()


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done but reported lost"])
@pytest.mark.parametrize("name", ["trim", "keep_checkpoint"])
def test_tidying_can_fail(
    store: Watched, tiles: Watched, clock: ManualClock, name: str, done: bool
) -> None:
    """A trim, or a checkpoint that is not kept, fails without harm and is tried again."""
    failed: list[int] = []

    def fail(number: int, called: str, arguments: tuple[Any, ...]) -> None:
        if called == name and not failed:
            failed.append(number)
            raise unavailable()

    if done:
        store.after = fail
    else:
        store.before = fail
    log = open_log(store, tiles, clock)
    clock.advance(100_000)
    append(log, 600)
    log.wait_published(600)
    log.close()
    assert failed
    assert store.inner.head().trimmed == 512
    assert store.inner.checkpoints()[-1].size == 600
    assert read_log(files_of(tiles.inner)) == entries_of(600)


def test_an_unknown_trim_stops_the_log(store: Watched, tiles: Watched) -> None:
    """Trimming is a commit: after one of unknown outcome nothing is acknowledged."""

    def fail(number: int, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "trim":
            raise fatal()

    store.after = fail
    log = open_log(store, tiles)
    append(log, 300, group=300)
    with raises_code("test.unknown", FatalLogError):
        for _ in range(100_000):  # the trim comes after the publication, on its own
            append(log, 1)
    log.close()
    assert store.names.count("trim") == 1


def test_a_log_that_must_not_go_on_starts_no_thread(tiles: Watched) -> None:
    """When the check at the start refuses, nothing runs and nothing is written."""
    store = MemoryStore()
    log = open_log(store, tiles)
    append(log, 10)
    log.close()
    threads = threading.active_count()
    writes = list(tiles.calls)
    with raises_code("log.rolled-back", FatalLogError):
        open_log(MemoryStore(), tiles)
    assert (threading.active_count(), tiles.calls) == (threads, writes)


def test_a_log_knows_its_origin_and_time(store: Watched, tiles: Watched) -> None:
    """Commits carry the origin and a time that goes on from the store's."""
    clock = ManualClock(5_000)
    log = open_log(store, tiles, clock)
    append(log, 1)
    log.close()
    clock.at_ms = 4_000
    again = open_log(MemoryStore(store.inner.disk), tiles, clock)
    assert again.clock.now_ms() == 5_000
    append(again, 1)
    assert (again.head.at_ms, again.origin) == (5_000, ORIGIN)
    assert open_note(again.head.note).origin == ORIGIN
    again.close()
    assert sign(open_note(again.head.note)) == again.head.note

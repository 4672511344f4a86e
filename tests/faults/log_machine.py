"""A log under every order of operations, beside a naive model: a list of entries and RFC 6962.

Appends alone and together, repeats, conditions, publications, closes, crashes and a clock that
jumps; after each step the log must say what the model says.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from counterfoil.errors import Conflict, CounterfoilError, Refused
from counterfoil.log import AlreadyRecorded, Log, LogReader, Submission
from counterfoil.ports import Span
from counterfoil.proofs.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles
from counterfoil.testing.clock import ManualClock
from counterfoil.testing.memory import MemoryDisk, MemoryStore, MemoryTiles
from tests.log_rig import (
    STORE_WRITES,
    TILE_WRITES,
    Watched,
    entries_of,
    memory_folder,
    open_log,
    open_note,
)
from tests.log_rig import append as append_entries
from tests.rfc6962 import mth, path, proof

__all__ = ["LogMachine", "MemoryPlace", "SqlitePlace"]

COUNTS = st.integers(1, 9) | st.sampled_from([250, 256, 300])
VALUES = st.sampled_from([None, 0, 1, "1", ""])


@cache
def _started(size: int) -> tuple[MemoryDisk, MemoryTiles]:
    """Make a log of `size` entries once, to start from."""
    store, tiles = MemoryStore(), MemoryTiles()
    log = open_log(store, tiles, ManualClock())
    append_entries(log, size)
    log.close()
    return store.disk, tiles


class MemoryPlace:
    """A log in memory. A crash loses unflushed tiles, or tears them."""

    def __init__(self, size: int) -> None:
        disk, tiles = _started(size)
        self.disk, self.tiles = disk.copy(), tiles.copy()

    def open(self) -> tuple[Any, Any]:
        """Open store and tiles."""
        return MemoryStore(self.disk), self.tiles

    def crash(self, draw: Any) -> None:
        """Lose what a crash may take."""
        lost = sorted(self.tiles.unflushed)
        fates = [draw.draw(st.sampled_from(["kept", "lost", "torn"])) for _ in lost[:4]]
        fates += ["lost"] * (len(lost) - len(fates))
        by_fate = {
            fate: [path for path, its in zip(lost, fates, strict=True) if its == fate]
            for fate in ("kept", "torn")
        }
        self.tiles.crash(**by_fate)

    def remove(self) -> None:
        """Nothing is left behind."""


class SqlitePlace:
    """A log in a folder. A crash leaves the files as they are, the WAL not folded."""

    def __init__(self, size: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="log-machine-", dir=memory_folder()))
        self.runs = 0
        self._database.parent.mkdir()
        SqliteStore(self._database, create=True).close()
        log = open_log(*self.open(), ManualClock())
        append_entries(log, size)
        log.close()

    @property
    def _database(self) -> Path:
        return self.folder / str(self.runs) / "ledger.db"

    def open(self) -> tuple[Any, Any]:
        """Open store and tiles."""
        return SqliteStore(self._database, wal_limit_bytes=50_000), TileFiles(self._database.parent)

    def crash(self, draw: Any) -> None:
        """Go on with a copy of the files, made while they are open."""
        before = self._database.parent
        self.runs += 1
        shutil.copytree(before, self._database.parent)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)


class LogMachine(RuleBasedStateMachine):
    """The operations of a log, in any order."""

    place_type: ClassVar[type[MemoryPlace | SqlitePlace]] = MemoryPlace

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[bytes] = []
        self.numbers: dict[tuple[str, int], int] = {}
        self.identities: dict[bytes, int] = {}
        self.counters: dict[str, int | str | None] = {}
        self.sizes: list[int] = []
        self.clock = ManualClock()
        self.latest_ms = self.clock.at_ms

    @initialize(size=st.sampled_from([0, 1, 250, 255, 510, 760]))
    def begin(self, size: int) -> None:
        """Start from a log of some size."""
        self.place = self.place_type(size)
        self.entries = entries_of(size)
        self.sizes = [size] if size else []
        self._open()

    def _open(self) -> None:
        store, tiles = self.place.open()
        self.store = Watched(store, [*STORE_WRITES, "close"])
        self.tiles = Watched(tiles, TILE_WRITES)
        self.log: Log = open_log(self.store, self.tiles, self.clock)
        self.reader: Any = self.reader_of(self.log)

    def reader_of(self, log: Log) -> LogReader:
        """Read as everybody does; a planted bug overrides this."""
        return log.reader

    def _expect_place(self, future: Any, count: int) -> int:
        answer = future.result(60)
        assert answer.first == len(self.entries), "the place"
        assert answer.size == answer.first + count, "the size"
        return int(answer.first)

    @rule(count=COUNTS)
    def append(self, count: int) -> None:
        """Entries in a row stand in a row."""
        run = entries_of(count, len(self.entries))
        self._expect_place(self.log.submit(Submission(run)), count)
        self.entries += run

    @rule(counts=st.lists(st.integers(1, 5), min_size=2, max_size=6))
    def append_together(self, counts: list[int]) -> None:
        """Submissions that wait together keep their order."""
        runs, first = [], len(self.entries)
        for count in counts:
            runs.append(entries_of(count, first))
            first += count
        for run, future in [(run, self.log.submit(Submission(run))) for run in runs]:
            answer = future.result(60)
            assert answer.first == len(self.entries), "the place"
            self.entries += run

    @rule(source=st.sampled_from("st"), first=st.integers(0, 30), count=st.integers(1, 4))
    def append_numbered(self, source: str, first: int, count: int) -> None:
        """Each number is taken once; a repeat is told an entry that holds one of them."""
        keys = [(source, first + k) for k in range(count)]
        taken = {self.numbers[key] for key in keys if key in self.numbers}
        run = entries_of(count, len(self.entries))
        future = self.log.submit(Submission(run, [Span("i", source, first, count, 0)]))
        if taken:
            self._expect_repeat(future, taken)
            return
        at = self._expect_place(future, count)
        self.numbers |= {key: at + k for k, key in enumerate(keys)}
        self.entries += run

    @rule(name=st.integers(0, 6), twice=st.booleans())
    def append_named(self, name: int, twice: bool) -> None:
        """A statement without a number is recorded once, also when it comes twice at a time."""
        identity = leaf_hash(b"%d" % name)
        run = entries_of(1, len(self.entries))
        futures = [
            self.log.submit(Submission(run, identities={identity: 0})) for _ in range(1 + twice)
        ]
        if identity not in self.identities:
            self.identities[identity] = self._expect_place(futures.pop(0), 1)
            self.entries += run
        for future in futures:
            self._expect_repeat(future, {self.identities[identity]})

    @staticmethod
    def _expect_repeat(future: Any, places: set[int]) -> None:
        try:
            future.result(60)
        except AlreadyRecorded as err:
            assert err.index in places, "the first place"
        else:
            raise AssertionError("recorded twice")

    @rule(key=st.sampled_from("ab"), old=VALUES, new=VALUES, other_old=VALUES)
    def append_expecting(self, key: str, old: Any, new: Any, other_old: Any) -> None:
        """A condition holds in value and type, and all of them, or nothing is appended."""
        other = "b" if key == "a" else "a"
        expect = {key: (old, new), other: (other_old, other_old)}
        run = entries_of(1, len(self.entries))
        future = self.log.submit(Submission(run, expect=expect))
        holds = all(self._is(name, value) for name, (value, _) in expect.items())
        try:
            future.result(60)
        except Conflict as err:
            assert err.code == "log.expect"
            assert not holds, "refused although it holds"
        else:
            assert holds, "appended although it does not hold"
            self.entries += run
            self.counters[key] = new

    def _is(self, key: str, value: object) -> bool:
        now = self.counters.get(key)
        return (now, type(now)) == (value, type(value))

    @rule()
    def publish(self) -> None:
        """What is published is the naive root of all entries."""
        size = len(self.entries)
        self.log.wait_published(size)
        if not size:
            return
        tree, signed = self.reader.published()
        assert (tree.size, tree.root) == (size, mth(self.entries)), "the root"
        assert open_note(signed) == tree
        self.sizes.append(size)

    @rule(first=st.integers(-2, 1_200), count=st.integers(0, 700))
    def read(self, first: int, count: int) -> None:
        """Any range is read as it was appended."""
        found = list(self.reader.entries(first, first + count))
        assert found == self.entries[max(first, 0) : max(first + count, 0)], "the entries"

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def read_one(self, data: Any) -> None:
        """Any entry is read as it was appended."""
        index = data.draw(st.integers(0, len(self.entries) - 1))
        assert self.reader.entry(index) == self.entries[index], "the entry"

    @precondition(lambda self: self.sizes)
    @rule(data=st.data())
    def prove_inclusion(self, data: Any) -> None:
        """Any entry of any published tree has RFC 6962's path, and it verifies."""
        size = data.draw(st.sampled_from(self.sizes))
        index = data.draw(st.integers(0, size - 1))
        entries = self.entries[:size]
        found = inclusion_path(index, size, self.reader.nodes(size))
        assert found == path(index, entries), "the path"
        verify_inclusion(leaf_hash(entries[index]), index, size, found, mth(entries))

    @precondition(lambda self: self.sizes)
    @rule(data=st.data())
    def prove_consistency(self, data: Any) -> None:
        """Any two published trees have RFC 6962's proof, and it verifies."""
        pick = st.sampled_from(self.sizes)
        old, new = sorted((data.draw(pick), data.draw(pick)))
        entries = self.entries[:new]
        found = consistency_path(old, new, self.reader.nodes(new))
        assert found == proof(old, entries), "the proof"
        verify_consistency(old, new, mth(entries[:old]), mth(entries), found)

    @rule(step_ms=st.sampled_from([-400_000, -1_000, 1, 70_000]))
    def step_clock(self, step_ms: int) -> None:
        """Whatever the clock does, the log's time does not go back, nor its content change."""
        self.clock.advance(step_ms)
        self.latest_ms = max(self.latest_ms, self.clock.at_ms)
        try:
            assert self.log.clock.now_ms() >= self.log.head.at_ms
        except Refused as err:
            assert err.code == "clock.back"
            assert self.latest_ms - self.clock.at_ms > 300_000
            self.clock.at_ms = self.latest_ms

    @rule()
    def close_and_open(self) -> None:
        """Closing publishes everything; opening again finds it."""
        self.log.close()
        tree = open_note(self.tiles.inner.published()) if self.entries else None
        assert tree is None or tree.size == len(self.entries), "published by the close"
        self._open()

    @rule(data=st.data())
    def crash_and_open(self, data: Any) -> None:
        """A crash at any moment loses no entry that was acknowledged."""
        self.store.before = self.tiles.before = _cut
        with contextlib.suppress(CounterfoilError, ConnectionAbortedError):
            self.log.close()
        self.place.crash(data)
        self.store.inner.close()
        self._open()

    @invariant()
    def says_its_size(self) -> None:
        """The log's size is the model's, and no more is published than is committed."""
        if not hasattr(self, "log"):
            return
        assert self.log.head.size == len(self.entries), "the size"
        assert self.log.published_size <= len(self.entries), "published more than there is"
        assert open_note(self.log.head.note).size == len(self.entries) if self.entries else True

    def teardown(self) -> None:
        """Check everything once more, from what is on the disk."""
        if not hasattr(self, "log"):
            return
        try:
            self.log.close()
            if self.entries:
                published = LogReader(self.tiles.inner).entries(0, 10**6)
                assert list(published) == self.entries, "what any client reads"
        finally:
            self.place.remove()


def _cut(number: int, name: str, arguments: tuple[Any, ...]) -> None:
    """End the process, as far as the disk can tell."""
    raise ConnectionAbortedError("the process is gone")

"""Stores that keep everything in memory: for tests, for notebooks, and to show what a port asks.

They are no mocks: they pass the conformance suites (`testing.stores`, `testing.tile_stores`), and
a crash can be played: what survives it is a `MemoryDisk`, and tiles that were not flushed can get
lost. This module refuses to write a file.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from counterfoil.errors import Conflict, InputError, Unavailable
from counterfoil.ports import Commit, Head, Segment, Span, StoredCheckpoint
from counterfoil.ports.store import CounterValue

__all__ = ["MemoryDisk", "MemoryStore", "MemoryTiles"]

_PAGE_SEGMENTS = 64


@dataclass(slots=True)
class MemoryDisk:
    """What a `MemoryStore` has committed; open it again to go on after a close or a crash."""

    head: Head = field(default_factory=lambda: Head(0, (), b"", 0, 0))
    segments: list[Segment] = field(default_factory=list)
    spans: dict[tuple[str, str], list[Span]] = field(default_factory=dict)
    identities: dict[bytes, int] = field(default_factory=dict)
    counters: dict[str, CounterValue] = field(default_factory=dict)
    key_entries: list[int] = field(default_factory=list)
    checkpoints: dict[int, StoredCheckpoint] = field(default_factory=dict)

    def copy(self) -> MemoryDisk:
        """Make an independent copy: the old disk that somebody may put back."""
        return MemoryDisk(
            self.head,
            list(self.segments),
            {source: list(runs) for source, runs in self.spans.items()},
            dict(self.identities),
            dict(self.counters),
            list(self.key_entries),
            dict(self.checkpoints),
        )


class MemoryStore:
    """A `LogStore` in memory. disk: what is committed; a new one unless given."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self._lock = threading.Lock()

    def head(self) -> Head:
        """Read the last committed state."""
        return self.disk.head

    def commit(self, commit: Commit) -> None:
        """Change everything that `commit` names, or nothing; see `LogStore.commit`."""
        with self._lock:
            disk = self.disk
            if disk.head.size != commit.base:
                raise Conflict(
                    "store.base",
                    f"expected a log of {commit.base} entries, found {disk.head.size}",
                    hint="Another process wrote to this ledger: open it again.",
                )
            _require_new(disk, commit)
            disk.segments.extend(commit.segments)
            for span in commit.spans:
                _insert(disk.spans.setdefault((span.issuer, span.source), []), span)
            disk.identities.update(commit.identities)
            disk.counters.update(commit.counters)
            for key in [key for key, value in commit.counters.items() if value is None]:
                del disk.counters[key]
            disk.key_entries.extend(commit.key_entries)
            disk.head = replace(commit.head, trimmed=disk.head.trimmed)

    def find_span(self, issuer: str, source: str, first: int, count: int) -> Span | None:
        """Find the lowest run that shares a number with first ... first + count - 1."""
        with self._lock:
            runs = self.disk.spans.get((issuer, source), [])
            at = bisect_right(runs, first, key=_first)
            if at and runs[at - 1].first + runs[at - 1].count > first:
                return runs[at - 1]
            return runs[at] if at < len(runs) and runs[at].first < first + count else None

    def spans(self, issuer: str, source: str) -> Iterator[Span]:
        """List the runs of a source, by number."""
        with self._lock:
            runs = list(self.disk.spans.get((issuer, source), []))
        yield from runs

    def sources(self) -> Iterator[tuple[str, str, int]]:
        """List (issuer, source, statements)."""
        with self._lock:
            sums = [
                (*source, sum(s.count for s in runs)) for source, runs in self.disk.spans.items()
            ]
        yield from sums

    def next_number(self, issuer: str, source: str) -> int:
        """Tell the number after the highest of a source; 0 for a new one."""
        with self._lock:
            runs = self.disk.spans.get((issuer, source))
            return runs[-1].first + runs[-1].count if runs else 0

    def find_identity(self, identity: bytes) -> int | None:
        """Find the index of a statement without a number."""
        return self.disk.identities.get(identity)

    def counter(self, key: str) -> CounterValue:
        """Read a counter; None when it is not there."""
        return self.disk.counters.get(key)

    def key_entries(self) -> list[int]:
        """List the indices of key statements, ascending."""
        with self._lock:
            return sorted(self.disk.key_entries)

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        """List the segments that hold entries of [first, end), ascending; none below `trimmed`."""
        at = first
        while at < end:
            with self._lock:
                held = self.disk.segments
                start = max(bisect_right(held, at, key=_first) - 1, 0)
                page = [s for s in held[start : start + _PAGE_SEGMENTS] if s.first < end]
            page = [s for s in page if s.first + s.count > at]
            if not page:
                return
            yield from page
            at = page[-1].first + page[-1].count

    def trim(self, below: int) -> None:
        """Forget entries below an index; a multiple of 256 that tiles hold durably."""
        with self._lock:
            del self.disk.segments[: bisect_left(self.disk.segments, below, key=_first)]
            head = self.disk.head
            self.disk.head = replace(head, trimmed=max(head.trimmed, below))

    def checkpoints(self) -> list[StoredCheckpoint]:
        """List the kept checkpoints, oldest first; the head's is always among them."""
        with self._lock:
            kept, head = dict(self.disk.checkpoints), self.disk.head
        if head.note:
            kept.setdefault(head.size, StoredCheckpoint(head.size, head.note, head.at_ms))
        return [kept[size] for size in sorted(kept)]

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint, or replace its note by one with more signatures."""
        with self._lock:
            self.disk.checkpoints[checkpoint.size] = checkpoint

    def close(self) -> None:
        """Let go of the store; what was committed stays in `disk`."""


class MemoryTiles:
    """A `TileStore` in memory that knows what a crash would take."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.unflushed: set[str] = set()
        self._published: bytes | None = None

    def put(self, path: str, data: bytes) -> None:
        """Write a tile, durable after `flush`. The same bytes again are no change."""
        if path.startswith("/") or ".." in path.split("/"):
            raise InputError("tiles.path", f"expected a tile's path, found {path!r}")
        if self.files.get(path) != data:
            self.files[path] = data
            self.unflushed.add(path)

    def flush(self) -> None:
        """Make all that was put durable."""
        self.unflushed.clear()

    def get(self, path: str) -> bytes | None:
        """Read a tile; None when it is not there."""
        return self.files.get(path)

    def drop_partials(self, path: str) -> None:
        """Delete the partial tiles that the full tile at `path` has replaced."""
        for partial in [name for name in list(self.files) if name.startswith(f"{path}.p/")]:
            del self.files[partial]
            self.unflushed.discard(partial)

    def publish(self, note: bytes) -> None:
        """Replace the published checkpoint, atomically and durably."""
        self._published = note

    def published(self) -> bytes | None:
        """Read the published checkpoint; None before the first."""
        return self._published

    def copy(self) -> MemoryTiles:
        """Make an independent copy: the old tiles that somebody may put back."""
        other = MemoryTiles()
        other.files, other.unflushed = dict(self.files), set(self.unflushed)
        other._published = self._published
        return other

    def crash(self, kept: Collection[str] = (), torn: Collection[str] = ()) -> None:
        """Lose what was not flushed, but for `kept`; of `torn` only the first half stays."""
        for path in self.unflushed.difference(kept):
            data = self.files.pop(path)
            if path in torn:
                self.files[path] = data[: len(data) // 2]
        self.unflushed.clear()


def _require_new(disk: MemoryDisk, commit: Commit) -> None:
    """Refuse what a database's keys would refuse, before anything is changed."""
    taken = set(disk.identities).intersection(commit.identities)
    taken_keys = set(disk.key_entries).intersection(commit.key_entries)
    ends = [segment.first for segment in commit.segments]
    if taken or taken_keys or (ends and ends[0] < commit.base):
        raise Unavailable(
            "store.unavailable", "expected new entries and identities, found one that is there"
        )
    for value in commit.counters.values():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError("store.value", f"expected a 64-bit integer, found {value}")


def _insert(runs: list[Span], span: Span) -> None:
    """Keep runs ascending, and those that follow each other as one."""
    at = bisect_left(runs, span.first, key=_first)
    if at:
        last = runs[at - 1]
        if (last.first + last.count, last.index + last.count) == (span.first, span.index):
            runs[at - 1] = replace(last, count=last.count + span.count)
            return
    runs.insert(at, span)


def _first(run: Span | Segment) -> int:
    return run.first

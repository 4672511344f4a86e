"""What the log asks of a store: one atomic commit, few reads, and immutable tiles.

Two engines keep these promises: SQLite (`storage`) and memory (`testing`). Whoever writes a third
runs `counterfoil.testing.stores`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Commit", "Head", "LogStore", "Segment", "Span", "StoredCheckpoint", "TileStore"]

CounterValue = int | str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last committed state of a log.

    size: entries. frontier: the tree's right edge, 32 bytes each (see `proofs.frontier`).
    note: the signed checkpoint of this size; empty before the first commit.
    at_ms: when it was committed, by the log's clock. trimmed: entries below it are in tiles only.
    """

    size: int
    frontier: tuple[bytes, ...]
    note: bytes
    at_ms: int
    trimmed: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of entries inside one bundle.

    first: index of its first entry. count: 1 to 256; the run crosses no multiple of 256.
    entries: in entry-bundle encoding. hashes: count * 32 bytes, the leaf hashes.
    """

    first: int
    count: int
    entries: bytes
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """A run of numbered statements that stand in a row in the log.

    Number first + k of (issuer, source) is the entry at index + k, for 0 <= k < count.
    """

    issuer: str
    source: str
    first: int
    count: int
    index: int


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint that is kept: its size, signed note and commit time (Unix ms)."""

    size: int
    note: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Commit:
    """All that one transaction changes, together or not at all.

    base: the size that the log must have (compare and swap). head: the new state.
    identities: SHA-256 of the pre-authentication encoding -> index, for statements without a
    number. counters: key -> new value, None to delete. key_entries: indices of key statements.
    """

    base: int
    head: Head
    segments: Sequence[Segment]
    spans: Sequence[Span] = ()
    identities: Mapping[bytes, int] = field(default_factory=dict)
    counters: Mapping[str, CounterValue] = field(default_factory=dict)
    key_entries: Sequence[int] = ()


class LogStore(Protocol):
    """Keeps a log's tail, its numbering, its counters and its checkpoints.

    `commit`, `trim` and `keep_checkpoint` are called from one thread; reads from any.
    """

    def head(self) -> Head:
        """Read the last committed state."""

    def commit(self, commit: Commit) -> None:
        """Make `commit` durable, or change nothing. Only `trim` changes `trimmed`.

        Raises Conflict when the size is not commit.base, Unavailable when nothing was written,
        FatalLogError when it is unknown whether it was.
        """

    def find_span(self, issuer: str, source: str, first: int, count: int) -> Span | None:
        """Find the lowest run that shares a number with first ... first + count - 1."""

    def spans(self, issuer: str, source: str) -> Iterator[Span]:
        """List the runs of a source, by number."""

    def sources(self) -> Iterator[tuple[str, str, int]]:
        """List (issuer, source, statements)."""

    def next_number(self, issuer: str, source: str) -> int:
        """Tell the number after the highest of a source; 0 for a new one."""

    def find_identity(self, identity: bytes) -> int | None:
        """Find the index of a statement without a number."""

    def counter(self, key: str) -> CounterValue:
        """Read a counter; None when it is not there."""

    def key_entries(self) -> list[int]:
        """List the indices of key statements, ascending."""

    def segments(self, first: int, end: int) -> Iterator[Segment]:
        """List the segments that hold entries of [first, end), ascending; none below `trimmed`."""

    def trim(self, below: int) -> None:
        """Forget entries below an index; a multiple of 256 that tiles hold durably."""

    def checkpoints(self) -> list[StoredCheckpoint]:
        """List the kept checkpoints, oldest first; the head's is always among them."""

    def keep_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint, or replace its note by one with more signatures."""

    def close(self) -> None:
        """Let go of the store; what was committed stays. Calling it again does nothing."""


class TileStore(Protocol):
    """Keeps immutable tiles by their C2SP path, and the published checkpoint."""

    def put(self, path: str, data: bytes) -> None:
        """Write a tile, durable after `flush`. The same bytes again are no change."""

    def flush(self) -> None:
        """Make all that was put durable, with the folders that name it."""

    def get(self, path: str) -> bytes | None:
        """Read a tile; None when it is not there."""

    def drop_partials(self, path: str) -> None:
        """Delete the partial tiles that the full tile at `path` has replaced."""

    def publish(self, note: bytes) -> None:
        """Replace the published checkpoint, atomically and durably."""

    def published(self) -> bytes | None:
        """Read the published checkpoint; None before the first."""

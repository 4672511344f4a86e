"""Commits as a sequencer makes them, and looks at what a store made of them.

For conformance checks and for tests of one's own store. Refuses to sign: notes are stand-ins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from counterfoil.ports import Commit, Head, LogStore, Segment
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.testing.checks import check
from counterfoil.units import TILE_WIDTH

__all__ = ["append", "check_holds", "next_commit", "place", "segments_of", "typed"]


def segments_of(first: int, entries: Sequence[bytes]) -> list[Segment]:
    """Cut entries where bundles end, as a sequencer does; first: index of the first entry."""
    runs: list[list[bytes]] = []
    for index, entry in enumerate(entries, first):
        if index % TILE_WIDTH == 0 or not runs:
            runs.append([])
        runs[-1].append(entry)
    segments = []
    for run in runs:
        joined = b"".join(len(e).to_bytes(2, "big") + e for e in run)
        segments.append(Segment(first, len(run), joined, b"".join(map(leaf_hash, run))))
        first += len(run)
    return segments


def next_commit(head: Head, entries: Sequence[bytes], **changes: Any) -> Commit:
    """Make the commit that appends `entries` to a log.

    changes: `spans`, `identities`, `counters` and `key_entries` of the commit. Its checkpoint is
    a stand-in, `note <size>`: a store does not look into it.
    """
    frontier = Frontier(head.size, head.frontier)
    frontier.extend([leaf_hash(entry) for entry in entries])
    note = b"note %d" % frontier.size
    new = Head(frontier.size, frontier.hashes, note, head.at_ms + 10, head.trimmed)
    return Commit(head.size, new, segments_of(head.size, entries), **changes)


def append(store: LogStore, count: int) -> None:
    """Append `count` entries that differ."""
    head = store.head()
    store.commit(next_commit(head, [b"entry %d" % (head.size + k) for k in range(count)]))


def place(store: LogStore, source: str, number: int) -> int | None:
    """Tell which entry holds a number of issuer "i"."""
    span = store.find_span("i", source, number, 1)
    return None if span is None else span.index + number - span.first


def typed(value: object) -> tuple[object, type]:
    """Give a value with its type: 1 equals True, but is no bool."""
    return value, type(value)


def check_holds(store: LogStore, commit: Commit) -> None:
    """Check that a store of one commit holds all of it."""
    check("head", commit.head, store.head())
    check("segments", list(commit.segments), list(store.segments(0, commit.head.size)))
    for span in commit.spans:
        found = store.find_span(span.issuer, span.source, span.first, span.count)
        check("span", span, found)
    for identity, index in commit.identities.items():
        check("identity", index, store.find_identity(identity))
    for key, value in commit.counters.items():
        check(f"counter {key}", typed(value), typed(store.counter(key)))
    check("key entries", sorted(commit.key_entries), store.key_entries())

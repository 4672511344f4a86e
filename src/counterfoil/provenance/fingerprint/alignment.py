"""Align the rows of two tables by what they say: which were inserted, deleted or changed.

Rows are equal when their digests are. The common beginning and end are set aside; in between, rows
that stand exactly once on both sides and keep their order are anchors (patience diff: the longest
such run). What lies between two anchors is paired in order; what is left over was inserted or
deleted. Exact where rows are distinct; never wrong, but perhaps longer than needed, where many rows
are equal. This module refuses to know columns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Alignment", "align"]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Rows of two tables side by side; numbers from 0.

    changed: (k, 2) row before and row after, with other content. deleted, inserted: rows that
    only stand before, or only after.
    """

    changed: NDArray[np.int64]
    deleted: NDArray[np.int64]
    inserted: NDArray[np.int64]

    @property
    def edits(self) -> int:
        """How many rows differ in some way."""
        return len(self.changed) + len(self.deleted) + len(self.inserted)


def align(before: NDArray[Any], after: NDArray[Any]) -> Alignment:
    """Align two lists of row digests: (n,) and (m,), one number or text of fixed length a row."""
    shorter = min(len(before), len(after))
    unlike = np.flatnonzero(before[:shorter] != after[:shorter])
    head = int(unlike[0]) if len(unlike) else shorter
    rest = shorter - head
    unlike = np.flatnonzero(before[len(before) - rest :][::-1] != after[len(after) - rest :][::-1])
    tail = int(unlike[0]) if len(unlike) else rest
    stops = len(before) - tail, len(after) - tail
    anchors = _anchors(before[head : stops[0]], after[head : stops[1]], head)
    changed: list[tuple[int, int]] = []
    deleted: list[int] = []
    inserted: list[int] = []
    at = head, head
    for anchor in [*anchors, stops]:
        _between(before, after, at, anchor, (changed, deleted, inserted))
        at = anchor[0] + 1, anchor[1] + 1
    pairs = np.array(changed, dtype=np.int64).reshape(-1, 2)
    return Alignment(pairs, np.array(deleted, np.int64), np.array(inserted, np.int64))


def _anchors(before: NDArray[Any], after: NDArray[Any], offset: int) -> list[tuple[int, int]]:
    """Find rows that are unique on both sides and in order: the longest increasing run."""
    ones, first = _once(before)
    others, second = _once(after)
    _, here, there = np.intersect1d(ones, others, assume_unique=True, return_indices=True)
    order = np.argsort(first[here], kind="stable")
    rows, places = first[here][order], second[there][order]
    run = list(_longest_increasing(places.tolist()))
    return [(int(rows[at]) + offset, int(places[at]) + offset) for at in run]


def _once(digests: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    values, first, counts = np.unique(digests, return_index=True, return_counts=True)
    return values[counts == 1], first[counts == 1]


def _longest_increasing(values: list[int]) -> Iterator[int]:
    """Give the places of one longest increasing run of distinct numbers."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            ends.append(at)
        else:
            tops[pile], ends[pile] = value, at
    found = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return reversed(found)


def _between(
    before: NDArray[Any],
    after: NDArray[Any],
    start: tuple[int, int],
    stop: tuple[int, int],
    found: tuple[list[tuple[int, int]], list[int], list[int]],
) -> None:
    """Take what lies between two anchors apart; equal rows at its ends are no change."""
    changed, deleted, inserted = found
    (i, j), (k, m) = start, stop
    while i < k and j < m and before[i] == after[j]:
        i, j = i + 1, j + 1
    while i < k and j < m and before[k - 1] == after[m - 1]:
        k, m = k - 1, m - 1
    paired = min(k - i, m - j)
    for step in range(paired):
        if before[i + step] != after[j + step]:
            changed.append((i + step, j + step))
    deleted.extend(range(i + paired, k))
    inserted.extend(range(j + paired, m))

"""Read a log's parts for an audit: what cannot be read is named, and the audit goes on.

Damage makes a database answer with anything: errors, other types, absurd numbers. Nothing that
comes from here has been trusted for more than its type and its length. This module refuses to
compare: `log.audit` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from counterfoil.errors import CounterfoilError
from counterfoil.formats import bundle
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.log.findings import Findings
from counterfoil.ports import Head, LogStore, Segment, StoredCheckpoint, TileStore
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["StoreReads", "TileReads", "entries_place"]

_Read = TypeVar("_Read")

_FAULTS: Final = (CounterfoilError, TypeError, ValueError, OverflowError, AttributeError)


def entries_place(first: int, end: int) -> str:
    """Name entries [first, end) of the database."""
    return f"database: entries {first} to {end - 1}"


class TileReads:
    """Published tiles; what is missing or of another length is a finding."""

    def __init__(self, tiles: TileStore, findings: Findings) -> None:
        self._tiles, self._findings = tiles, findings

    def published(self) -> bytes | None:
        """Read the published checkpoint's note; None where there is none."""
        try:
            return self._tiles.published()
        except CounterfoilError as err:
            self._findings.add("audit.unreadable", "checkpoint", "a readable file", err.message)
            return None

    def has(self, path: str) -> bool:
        """Tell whether a tile is there."""
        try:
            return self._tiles.get(path) is not None
        except CounterfoilError:
            return True

    def hashes(self, level: int, number: int, width: int) -> list[bytes] | None:
        """Read the first `width` hashes of a tile, from it or from the full one."""
        path, data = self._either(tile_path(level, number, width), tile_path(level, number))
        if data is None:
            return None
        whole = (TILE_WIDTH if path == tile_path(level, number) else width) * HASH_BYTES
        if len(data) != whole:
            self._findings.add("audit.tile-length", path, f"{whole} bytes", f"{len(data)}")
            return None
        return [data[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]

    def entries(self, number: int, width: int) -> list[bytes] | None:
        """Read the first `width` entries of a bundle, from it or from the full one."""
        path, data = self._either(entries_path(number, width), entries_path(number))
        if data is None:
            return None
        expected = TILE_WIDTH if path == entries_path(number) else width
        try:
            entries = bundle.parse(data)
        except CounterfoilError as err:
            self._findings.add(
                "audit.bundle-malformed", path, f"{expected} entries", f"no bundle: {err.message}"
            )
            return None
        if len(entries) != expected:
            self._findings.add(
                "audit.bundle-malformed", path, f"{expected} entries", f"{len(entries)}"
            )
            return None
        return entries[:width]

    def _either(self, exact: str, full: str) -> tuple[str, bytes | None]:
        """Read a tile, or the full one that has replaced it while the log grew."""
        for path in (exact, full):
            try:
                data = self._tiles.get(path)
            except CounterfoilError as err:
                self._findings.add("audit.unreadable", path, "a readable file", err.message)
                return path, None
            if data is not None:
                return path, data
        self._findings.add("audit.tile-missing", exact, "a tile", "none")
        return exact, None


class StoreReads:
    """A log's store; what cannot be read, or has no sense, is a finding."""

    def __init__(self, store: LogStore | None, findings: Findings) -> None:
        self._store, self._findings = store, findings

    @property
    def there(self) -> bool:
        """Tell whether there is a store at all."""
        return self._store is not None

    def head(self) -> Head | None:
        """Read the head; None where there is none that has the right types."""
        store = self._store
        head = None if store is None else self._read("database: head", store.head)
        if head is None or _is_head(head):
            return head
        self._findings.add("audit.database", "database: head", "a head", "values that are none")
        return None

    def trimmed(self) -> int:
        """Tell below which index entries are in tiles only, as of now."""
        store = self._store
        head = None if store is None else self._read("database: head", store.head)
        return head.trimmed if head is not None and _is_head(head) else 0

    def checkpoints(self) -> list[StoredCheckpoint]:
        """Read the kept checkpoints that have the right types."""
        if self._store is None:
            return []
        kept = self._read("database: checkpoints", self._store.checkpoints) or []
        sound = [c for c in kept if _are(int, c.size, c.at_ms) and _are(bytes, c.note)]
        for checkpoint in kept:
            if checkpoint not in sound:
                place = f"database: checkpoint {checkpoint.size}"
                self._findings.add("audit.database", place, "a checkpoint", "values that are none")
        return sound

    def segments(self, first: int, end: int) -> list[Segment] | None:
        """Read the segments of [first, end) that have the right shape; None after an error."""
        store = self._store
        if store is None:
            return []
        found = self._read(entries_place(first, end), lambda: list(store.segments(first, end)))
        if found is None:
            return None
        sound = [segment for segment in found if _is_segment(segment)]
        if len(sound) < len(found):
            place = entries_place(first, end)
            self._findings.add(
                "audit.segment-malformed",
                place,
                "segments of entries and as many hashes, inside one bundle",
                f"{len(found) - len(sound)} that are not",
            )
        return sound

    def strays(self, trimmed: int) -> list[tuple[int, int, str]]:
        """Find entries outside the log as (first, end, what was expected).

        trimmed: as the audit began; below it, and from the head's size on, nothing may be.
        """
        store, head = self._store, self.head() if self._store is not None else None
        if store is None or head is None:
            return []
        found = []
        for first, end, what in (
            (0, trimmed, "no entry that was trimmed"),
            (head.size, MAX_INT63, f"no entry after the head's {head.size}"),
        ):
            place = f"database: entries from {first} on"
            stray = self._read(place, partial(_first, store, first, end))
            if stray is not None and stray.first < end:
                found.append((stray.first, stray.first + stray.count, what))
        return found

    def _read(self, place: str, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except _FAULTS as err:
            said = err.message if isinstance(err, CounterfoilError) else f"{err}"
            self._findings.add("audit.unreadable", place, "rows that can be read", said)
            return None


def _first(store: LogStore, first: int, end: int) -> Segment | None:
    return next(iter(store.segments(first, end)), None) if first < end else None


def _is_head(head: Head) -> bool:
    return (
        _are(int, head.size, head.at_ms, head.trimmed)
        and _are(bytes, head.note, *head.frontier)
        and 0 <= head.trimmed <= head.size <= MAX_INT63
    )


def _is_segment(segment: Segment) -> bool:
    return (
        _are(int, segment.first, segment.count)
        and _are(bytes, segment.entries, segment.hashes)
        and segment.first >= 0
        and 0 < segment.count <= TILE_WIDTH - segment.first % TILE_WIDTH
        and len(segment.hashes) == segment.count * HASH_BYTES
    )


def _are(kind: type, *values: object) -> bool:
    return all(type(value) is kind for value in values)

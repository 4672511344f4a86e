"""Audit a log's hashes: every entry, every tile of every level, the tail, every checkpoint.

Each leaf and node is computed again from the entries; what differs is named with its place, and
the audit goes on. Memory does not grow with the log. This module refuses to mend, and to know
what an entry says: `ledger.audit` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import bundle
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.log.audit_reads import StoreReads, TileReads, entries_place
from counterfoil.log.audit_start import AuditStart, Claim, gather
from counterfoil.log.findings import Findings, places
from counterfoil.log.startup import OpenNote
from counterfoil.log.tree_walk import TreeWalk, Truth
from counterfoil.ports import LogStore, Segment, TileStore
from counterfoil.units import HASH_BYTES, TILE_WIDTH

__all__ = ["Claim", "HashAudit", "TreeReport", "Visit"]

Visit = Callable[[int, Sequence[bytes | None]], None]
"""`visit(first, entries)`: entries in order, at most 256; None for one that is damaged."""

_PROGRESS_BUNDLES: Final = 32


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What a hash audit saw.

    size: entries that belong to the log, with its tail. root: what they lead to, 32 bytes; empty
    where parts are missing. published: the published checkpoint, if its signature holds; signed:
    its note. entries_checked: those whose bytes are sound.
    """

    size: int
    root: bytes
    published: Checkpoint | None
    signed: bytes | None
    entries_checked: int


class HashAudit:
    """One pass over a log.

    tiles, store: its engines; store is None where only tiles are at hand. open_note: checks a
    note under the log's own keys. findings: where damage is named. claims: further (size, root)
    pairs that somebody vouches for. visit: is shown every entry, in order. progress: told
    (entries done, total) now and then; it may raise to stop the audit.
    """

    def __init__(
        self,
        tiles: TileStore,
        store: LogStore | None,
        open_note: OpenNote,
        findings: Findings,
        *,
        claims: Iterable[Claim] = (),
        visit: Visit | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._tiles, self._store = TileReads(tiles, findings), StoreReads(store, findings)
        self._open, self._findings = open_note, findings
        self._claims, self._visit, self._progress = list(claims), visit, progress
        self._checked = 0
        self._agreed = 0  # size of the last claim that held

    def run(self) -> TreeReport:
        """Audit the log once. Damage is never raised; what `visit` and `progress` raise is."""
        start = gather(self._tiles, self._store, self._open, self._findings)
        self._walk = TreeWalk(self._stored_tile, start.published_size, self._findings)
        claims = sorted([*start.claims, *self._claims], key=lambda claim: claim.size)
        self._waiting = self._within(claims, start)
        self._check_claims(start)
        total = start.size
        for number in range(-(-start.size // TILE_WIDTH)):
            self._take_bundle(number, start)
            if self._progress is not None and number % _PROGRESS_BUNDLES == 0:
                self._progress(min((number + 1) * TILE_WIDTH, total), total)
        if self._progress is not None:
            self._progress(total, total)
        roots = self._walk.roots(self._walk.size)
        self._walk.finish()
        root = roots[0] if roots else b""
        return TreeReport(total, root, start.published, start.signed, self._checked)

    def _stored_tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        return self._tiles.hashes(level, number, width)

    # Claims ------------------------------------------------------------------------------------

    def _within(self, claims: Sequence[Claim], start: AuditStart) -> list[Claim]:
        """Set the claims aside that the log is too short for: it went back."""
        for claim in claims:
            if claim.size > start.size:
                self._findings.add(
                    "audit.rolled-back",
                    claim.place,
                    f"a log of at least {claim.size} entries, as this checkpoint says",
                    f"one of {start.size}",
                )
        return [claim for claim in claims if claim.size <= start.size][::-1]

    def _check_claims(self, start: AuditStart) -> None:
        """Compare the tree so far with what is claimed for sizes up to here."""
        walk = self._walk
        if walk.size == start.published_size and walk.size:
            walk.close_published(start.published.root if start.published is not None else None)
        while self._waiting and self._waiting[-1].size <= walk.size:
            claim = self._waiting.pop()
            roots = walk.roots(claim.size)
            if claim.root in roots:
                self._agreed = claim.size
                walk.settle(claim.size, claim.root)
                continue
            found = f"{roots[0].hex()}" if roots else "none: hashes before it are missing"
            self._findings.add(
                claim.code,
                claim.place,
                f"the first {claim.size} entries to lead to the root {claim.root.hex()}",
                f"{found}; the last checkpoint that agrees is of {self._agreed} entries",
            )

    # Bundles -----------------------------------------------------------------------------------

    def _take_bundle(self, number: int, start: AuditStart) -> None:
        """Audit the entries of one bundle: those that are published, then the tail's."""
        first = number * TILE_WIDTH
        published = min(max(start.published_size - first, 0), TILE_WIDTH)
        end = min(first + TILE_WIDTH, start.size)
        rows = self._store.segments(first, end) if end > start.trimmed else []
        if published:
            known = self._take_tile(number, published)
            self._check_claims(start)
            self._compare_rows(rows or [], first, known)
        if end > first + published:
            self._take_tail(number, first + published, end, rows)
            self._check_claims(start)
        if rows is not None and end > start.trimmed:
            self._check_rows(rows, max(first, start.trimmed), end)
        self._walk.fold()

    def _take_tile(self, number: int, width: int) -> list[bytes] | None:
        """Audit a published bundle and its tile of hashes; returns the hashes to go by."""
        first = self._walk.size
        entries = self._tiles.entries(number, width)
        stored = self._stored_tile(0, number, width)
        if entries is None and stored is None:
            self._walk.extend_unknown(width)
            self._show(first, [None] * width)
            return None
        if entries is None:
            self._walk.extend(stored, None, _nobody)
            self._show(first, [None] * width)
            return stored
        computed = [sha256(b"\x00" + entry).digest() for entry in entries]
        if stored is None or computed == stored:
            self._walk.extend(computed, computed, _nobody)
            self._show(first, entries)
            return computed

        differ = [at for at, (a, b) in enumerate(zip(stored, computed, strict=True)) if a != b]

        def blame(truth: Truth) -> None:
            bundle_path, path = entries_path(number, width), tile_path(0, number, width)
            at = places(first + k for k in differ)
            if truth != "computed":
                expected = f"{at} to have the hashes in {path}"
                found = f"other bytes, {computed[differ[0]].hex()}"
                self._findings.add("audit.bundle-changed", bundle_path, expected, found)
            if truth != "stored":
                expected = f"the hashes of {at}, {computed[differ[0]].hex()}"
                found = stored[differ[0]].hex()
                self._findings.add("audit.tile-changed", path, expected, found)

        self._walk.extend(stored, computed, blame)
        self._show(first, [e if a == b else None for e, a, b in zip(entries, stored, computed)])  # noqa: B905
        return stored

    # The store's rows --------------------------------------------------------------------------

    def _take_tail(self, number: int, first: int, end: int, rows: list[Segment] | None) -> None:
        """Audit entries that are not published: the store alone has them."""
        at = first
        for row in rows or []:
            if row.first + row.count <= at or row.first > at:
                continue
            skip, last = at - row.first, min(row.first + row.count, end)
            self._take_row(row, skip, last - row.first)
            at = last
        if at == end:
            return
        if self._store.trimmed() >= (number + 1) * TILE_WIDTH:  # published since the audit began
            self._take_late(number, at, end)
            return
        if rows is not None:
            self._findings.add("audit.segment-missing", entries_place(at, end), "entries", "none")
        self._walk.extend_unknown(end - at)
        self._show(at, [None] * (end - at))

    def _take_row(self, row: Segment, skip: int, stop: int) -> None:
        first = row.first + skip
        stored = _split(row.hashes)[skip:stop]
        entries = _entries(row)
        if entries is None:  # named by `_check_rows`
            self._walk.extend(stored, None, _nobody)
            self._show(first, [None] * len(stored))
            return
        run = entries[skip:stop]
        computed = [sha256(b"\x00" + entry).digest() for entry in run]

        def blame(truth: Truth) -> None:
            differ = (first + k for k, (a, b) in enumerate(zip(stored, computed)) if a != b)  # noqa: B905
            what = {"stored": "its entry", "computed": "its hash", "": "either"}[truth]
            self._findings.add(
                "audit.segment-changed",
                entries_place(first, first + len(stored)),
                "entries that have the hashes beside them",
                f"{what} changed at {places(differ)}",
            )

        self._walk.extend(stored, computed, blame)
        self._show(first, [e if a == b else None for e, a, b in zip(run, stored, computed)])  # noqa: B905

    def _take_late(self, number: int, first: int, end: int) -> None:
        """Audit entries that went from the store to tiles while the audit ran."""
        offset, stop = first % TILE_WIDTH, first % TILE_WIDTH + end - first
        entries = self._tiles.entries(number, TILE_WIDTH)
        stored = self._stored_tile(0, number, TILE_WIDTH)
        run = entries[offset:stop] if entries is not None else [None] * (end - first)
        hashes = stored[offset:stop] if stored is not None else None
        computed = [sha256(b"\x00" + e).digest() if e is not None else b"" for e in run]
        if entries is not None and hashes != computed:
            self._findings.add(
                "audit.bundle-changed",
                entries_path(number),
                f"entries with the hashes in {tile_path(0, number)}",
                "others",
            )
        if hashes is None and entries is None:
            self._walk.extend_unknown(end - first)
        else:
            self._walk.extend(hashes, computed if entries is not None else None, _nobody)
        self._show(first, run)

    def _compare_rows(self, rows: Sequence[Segment], first: int, known: list[bytes] | None) -> None:
        """Compare what the store still holds of a published bundle with the bundle."""
        if known is None:
            return
        for row in rows:
            start = row.first - first
            width = min(row.count, len(known) - start)
            if width > 0 and row.hashes[: width * HASH_BYTES] != b"".join(
                known[start : start + width]
            ):
                self._findings.add(
                    "audit.segment-changed",
                    entries_place(row.first, row.first + row.count),
                    f"the hashes of {entries_path(first // TILE_WIDTH, len(known))}",
                    "others",
                )

    def _check_rows(self, rows: Sequence[Segment], first: int, end: int) -> None:
        """Check that the store's rows lie side by side, and that each agrees with itself."""
        at = first
        for row in rows:
            place = entries_place(row.first, row.first + row.count)
            if row.first != at:
                self._findings.add(
                    "audit.segment-missing", place, f"the next row to begin at {at}", f"{row.first}"
                )
            at = row.first + row.count
            entries = _entries(row)
            if entries is None:
                self._findings.add(
                    "audit.segment-malformed", place, f"{row.count} entries", "no such bundle"
                )
            elif self._walk.size < row.first + row.count or row.first < self._published_end:
                computed = b"".join([sha256(b"\x00" + e).digest() for e in entries])
                if computed != row.hashes:
                    self._findings.add(
                        "audit.segment-changed", place, "entries with the hashes beside them", "others"
                    )

    def _show(self, first: int, entries: Sequence[bytes | None]) -> None:
        self._checked += sum(entry is not None for entry in entries)
        if self._visit is not None:
            self._visit(first, entries)

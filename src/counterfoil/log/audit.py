"""Audit a log's hashes: every entry, every tile of every level, the tail, every checkpoint.

Each leaf and node is computed again from the entries; what differs is named with its place, and
the audit goes on. Memory does not grow with the log. This module refuses to mend, and to know
what an entry says: `ledger.audit` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, tile_path
from counterfoil.log.audit_reads import StoreReads, TileReads, entries_place
from counterfoil.log.audit_rows import Row, check_order, cut_rows, row_blame
from counterfoil.log.audit_start import AuditStart, Claim, gather
from counterfoil.log.findings import Findings, places
from counterfoil.log.startup import OpenNote
from counterfoil.log.tree_walk import Blame, TreeWalk, Truth
from counterfoil.ports import LogStore, TileStore
from counterfoil.units import TILE_WIDTH

__all__ = ["Claim", "HashAudit", "TreeReport", "Visit"]

Visit = Callable[[int, Sequence[bytes | None]], None]
"""`visit(first, entries)`: entries in order, at most 256; None for one that is damaged."""

_PROGRESS_BUNDLES: Final = 32


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What a hash audit saw.

    size: entries that belong to the log, with its tail. root: what they lead to, 32 bytes; empty
    where hashes are missing. published_size: entries in tiles. published: the published
    checkpoint, if its signature holds. entries_checked: those whose bytes have their hash.
    """

    size: int
    root: bytes
    published_size: int
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
        self._findings = findings
        self._visit, self._progress = visit, progress
        self._start = gather(self._tiles, self._store, open_note, findings)
        self._claims: list[Claim] = []
        self.add_claims([*self._start.claims, *claims])
        self._walk = TreeWalk(self._stored_tile, self._start.published_size, findings)
        self._checked = 0
        self._agreed = 0  # size of the last claim that held

    @property
    def start(self) -> AuditStart:
        """What the log says of itself."""
        return self._start

    def run(self) -> TreeReport:
        """Audit the log, once. Damage is never raised; what `visit` and `progress` raise is."""
        start, walk = self._start, self._walk
        self._check_claims()
        for number in range(-(-start.size // TILE_WIDTH)):
            self._take_bundle(number)
            if self._progress is not None and number % _PROGRESS_BUNDLES == 0:
                self._progress(walk.size, start.size)
        self._check_ends()
        walk.finish()
        if self._progress is not None:
            self._progress(start.size, start.size)
        roots = walk.roots(walk.size)
        return TreeReport(
            start.size,
            roots[0] if roots else b"",
            start.published_size,
            start.published,
            start.signed,
            self._checked,
        )

    def _stored_tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        return self._tiles.hashes(level, number, width)

    # Claims ------------------------------------------------------------------------------------

    def add_claims(self, claims: Iterable[Claim]) -> None:
        """Take up what somebody vouches for; those the log is too short for say it went back."""
        size = self._start.size
        for claim in claims:
            if claim.size <= size:
                self._claims.append(claim)
                continue
            expected = f"a log of at least the {claim.size} entries that were vouched for"
            self._findings.add("audit.rolled-back", claim.place, expected, f"one of {size}")
        self._claims.sort(key=lambda claim: claim.size, reverse=True)

    def _check_claims(self) -> None:
        """Compare the tree so far with what is claimed for sizes up to here."""
        walk, start = self._walk, self._start
        if walk.size and walk.size == start.published_size:
            self._check_claims_until(walk.size - 1)
            walk.fold()
            walk.close_published(start.published.root if start.published is not None else None)
        self._check_claims_until(walk.size)

    def _check_claims_until(self, size: int) -> None:
        walk = self._walk
        while self._claims and self._claims[-1].size <= size:
            claim = self._claims.pop()
            roots = walk.roots(claim.size)
            if claim.root in roots:
                self._agreed = claim.size
                walk.settle(claim.size, claim.root)
                continue
            expected = f"the first {claim.size} entries to lead to the root {claim.root.hex()}"
            if not roots:
                found = "no root, since hashes before it are missing"
                self._findings.add("audit.unchecked", claim.place, expected, found)
                continue
            agreed = f"the last checkpoint that agrees is of {self._agreed} entries"
            found = f"{roots[0].hex()}; {agreed}"
            self._findings.add(claim.code, claim.place, expected, found)

    # Bundles -----------------------------------------------------------------------------------

    def _take_bundle(self, number: int) -> None:
        """Audit the entries of one bundle: those that are published, then the tail's."""
        start = self._start
        first, end = number * TILE_WIDTH, min((number + 1) * TILE_WIDTH, start.size)
        published = min(max(start.published_size, first), end)
        rows = self._rows(max(first, start.trimmed), min(end, start.store_size))
        if published > first:
            known = self._take_tile(number, published - first)
            self._check_claims()
            for row in rows or []:
                self._compare_row(row.part(first, published), first, known)
        if end > published:
            self._take_tail(published, end, rows)
            self._check_claims()
        self._walk.fold()

    def _take_tile(self, number: int, width: int) -> list[bytes] | None:
        """Audit a published bundle and its tile of hashes; returns the hashes to go by."""
        first = self._walk.size
        entries = self._tiles.entries(number, width)
        stored = self._stored_tile(0, number, width)
        computed = None
        if entries is not None:
            computed = [sha256(b"\x00" + entry).digest() for entry in entries]
        self._extend(first, width, stored, computed, entries, self._tile_blame(number, width))
        return stored if stored is not None else computed

    def _extend(
        self,
        first: int,
        count: int,
        stored: list[bytes] | None,
        computed: list[bytes] | None,
        entries: list[bytes] | None,
        blame: Callable[[list[bytes], list[bytes]], Blame],
    ) -> None:
        """Append leaves to the tree, and show those entries that have their hash."""
        if computed is not None and entries is not None and stored in (None, computed):
            self._walk.extend(computed, computed, _nobody)
            self._show(first, entries)
        elif stored is None:
            self._walk.extend_unknown(count)
            self._show(first, [None] * count)
        elif computed is None or entries is None:
            self._walk.extend(stored, None, _nobody)
            self._show(first, [None] * count)
        else:
            self._walk.extend(stored, computed, blame(stored, computed))
            triples = zip(entries, stored, computed, strict=True)
            self._show(first, [entry if a == b else None for entry, a, b in triples])

    def _tile_blame(self, number: int, width: int) -> Callable[[list[bytes], list[bytes]], Blame]:
        """Make what names a bundle or its tile, once it is known which of them is right."""

        def make(stored: list[bytes], computed: list[bytes]) -> Blame:
            differ = [k for k, (a, b) in enumerate(zip(stored, computed, strict=True)) if a != b]
            at = places(number * TILE_WIDTH + k for k in differ)
            ours, theirs = computed[differ[0]].hex(), stored[differ[0]].hex()

            def blame(truth: Truth) -> None:
                path = tile_path(0, number, width)
                if truth != "computed":
                    place = entries_path(number, width)
                    expected = f"{at} to have the hash {theirs}, as in {path}"
                    self._findings.add("audit.bundle-changed", place, expected, ours)
                if truth != "stored":
                    expected = f"the hash of {at} to be {ours}"
                    self._findings.add("audit.tile-changed", path, expected, theirs)

            return blame

        return make

    # The store's rows --------------------------------------------------------------------------

    def _rows(self, first: int, end: int) -> list[Row] | None:
        """Read the store's rows of [first, end); None where they cannot be read."""
        if first >= end:
            return []
        segments = self._store.segments(first, end)
        if segments is None:
            return None
        rows = cut_rows(segments, self._findings)
        gaps = Findings()
        check_order(rows, first, end, gaps)
        if gaps and self._store.trimmed() < end:  # else it was trimmed since the audit began
            self._findings.take(gaps)
        return rows

    def _compare_row(self, row: Row, first: int, known: list[bytes] | None) -> None:
        """Compare what the store still holds of a published bundle with the bundle."""
        if not row.stored:
            return
        if row.computed is not None and row.computed != row.stored:
            right = known[row.first - first : row.end - first] if known is not None else None
            truth: Truth = "stored" if right == row.stored else ""
            blame = row_blame(row.first, row.stored, row.computed, self._findings)
            blame("computed" if right == row.computed else truth)
        elif known is not None and known[row.first - first : row.end - first] != row.stored:
            place = entries_place(row.first, row.end)
            expected = f"the hashes of {entries_path(first // TILE_WIDTH, len(known))}"
            self._findings.add("audit.segment-changed", place, expected, "others")

    def _take_tail(self, first: int, end: int, rows: list[Row] | None) -> None:
        """Audit entries that are not published: the store alone has them."""
        at = first
        for row in rows or []:
            part = row.part(at, end)
            if row.first > at or not part.stored:
                continue
            self._extend(
                at,
                len(part.stored),
                part.stored,
                part.computed,
                part.entries,
                self._row_blame(part),
            )
            at = part.end
        if at == end:
            return
        if self._store.trimmed() >= end:  # it was published and trimmed since the audit began
            self._take_late(at, end)
        else:  # named with the rows
            self._extend(at, end - at, None, None, None, self._tile_blame(0, 0))

    def _row_blame(self, row: Row) -> Callable[[list[bytes], list[bytes]], Blame]:
        return lambda stored, computed: row_blame(row.first, stored, computed, self._findings)

    def _take_late(self, first: int, end: int) -> None:
        """Audit entries that went from the store to tiles while the audit ran."""
        number, offset = divmod(first, TILE_WIDTH)
        at = slice(offset, offset + end - first)
        entries = self._tiles.entries(number, TILE_WIDTH)
        stored = self._stored_tile(0, number, TILE_WIDTH)
        run = entries[at] if entries is not None else None
        self._extend(
            first,
            end - first,
            stored[at] if stored is not None else None,
            [sha256(b"\x00" + entry).digest() for entry in run] if run is not None else None,
            run,
            self._tile_blame(number, TILE_WIDTH),
        )

    def _check_ends(self) -> None:
        """Check that the store holds nothing outside its log."""
        for first, end, what in self._store.strays(self._start.trimmed):
            self._findings.add("audit.segment-beyond", entries_place(first, end), what, "some")

    def _show(self, first: int, entries: Sequence[bytes | None]) -> None:
        self._checked += len(entries) - entries.count(None)
        if self._visit is not None:
            self._visit(first, entries)


def _nobody(_: Truth) -> None:
    """Blame nobody: there is nothing to compare with."""

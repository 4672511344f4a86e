"""The store's rows during an audit: what each holds, and whether they lie side by side.

This module refuses to decide whether a row's entries or its hashes are right where they differ:
the tree does (`log.tree_walk`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from counterfoil.errors import CounterfoilError
from counterfoil.formats import bundle
from counterfoil.log.audit_reads import entries_place
from counterfoil.log.findings import Findings, places
from counterfoil.log.tree_walk import Blame, Truth
from counterfoil.ports import Segment
from counterfoil.units import HASH_BYTES

__all__ = ["Row", "check_order", "cut_rows", "row_blame", "split_hashes"]


@dataclass(frozen=True, slots=True)
class Row:
    """A run of entries that the store holds.

    first: index of its first entry. stored: the hashes beside them. entries, computed: the
    entries and what they hash to; None where the row's bytes are no bundle.
    """

    first: int
    stored: list[bytes]
    entries: list[bytes] | None
    computed: list[bytes] | None

    @property
    def end(self) -> int:
        """Index after its last entry."""
        return self.first + len(self.stored)

    def part(self, first: int, end: int) -> Row:
        """Cut out what lies in [first, end)."""
        at = slice(max(first - self.first, 0), max(end - self.first, 0))
        entries = self.entries[at] if self.entries is not None else None
        computed = self.computed[at] if self.computed is not None else None
        return Row(max(first, self.first), self.stored[at], entries, computed)


def cut_rows(segments: Sequence[Segment], findings: Findings) -> list[Row]:
    """Hash the entries of segments."""
    rows = []
    for segment in segments:
        place = entries_place(segment.first, segment.first + segment.count)
        entries: list[bytes] | None = None
        try:
            entries = bundle.parse(segment.entries)
        except CounterfoilError as err:
            found = f"no bundle: {err.message}"
            findings.add("audit.segment-malformed", place, f"{segment.count} entries", found)
        if entries is not None and len(entries) != segment.count:
            found = f"{len(entries)}"
            findings.add("audit.segment-malformed", place, f"{segment.count} entries", found)
            entries = None
        computed = None
        if entries is not None:
            computed = [sha256(b"\x00" + entry).digest() for entry in entries]
        rows.append(Row(segment.first, split_hashes(segment.hashes), entries, computed))
    return rows


def check_order(rows: Sequence[Row], first: int, end: int, findings: Findings) -> None:
    """Check that rows lie side by side from `first` to `end`."""
    at = first
    for row in rows:
        if row.first > at:
            place = entries_place(at, row.first)
            findings.add("audit.segment-missing", place, "entries that are not trimmed", "none")
        elif row.first < at:
            place = entries_place(row.first, at)
            findings.add("audit.segment-twice", place, "each entry once", "some twice")
        at = max(at, row.end)
    if at < end:
        place = entries_place(at, end)
        findings.add("audit.segment-missing", place, "entries that are not trimmed", "none")
    elif at > end:
        place = entries_place(end, at)
        findings.add("audit.segment-beyond", place, f"no entry after the log's {end}", "some")


def row_blame(
    first: int, stored: Sequence[bytes], computed: Sequence[bytes], findings: Findings
) -> Blame:
    """Make what names a row whose entries and hashes differ, once it is known which are right.

    first: index of its first entry. stored, computed: equally many hashes, 32 bytes each.
    """

    def blame(truth: Truth) -> None:
        pairs = enumerate(zip(stored, computed, strict=True), first)
        differ = [at for at, (one, other) in pairs if one != other]
        what = {"stored": "the entry", "computed": "the hash", "": "one of both"}[truth]
        findings.add(
            "audit.segment-changed",
            entries_place(first, first + len(stored)),
            "entries and their hashes",
            f"{what} of {places(differ)} changed",
        )

    return blame


def split_hashes(hashes: bytes) -> list[bytes]:
    """Cut joined hashes into 32 bytes each."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]

"""Read what can be saved from a database that may be damaged, without touching it.

It is read from a copy of its raw files, since SQLite changes a file that it opens. Nothing in it
counts that a signature of the log does not hold up. This module refuses to mend.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import CounterfoilError
from counterfoil.formats import bundle
from counterfoil.log.audit_reads import StoreReads
from counterfoil.log.edge import TileEdge
from counterfoil.log.findings import Findings
from counterfoil.log.startup import OpenNote
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import SqliteStore
from counterfoil.units import TILE_WIDTH

__all__ = ["OldDatabase", "SignedState"]


@dataclass(frozen=True, slots=True)
class SignedState:
    """A state that the log signed.

    size, root: of the tree. note: the signed checkpoint. at_ms: when it was committed, Unix ms;
    None where nobody says. place: where it stands, for people. published: readers may have seen
    it; else only the database has.
    """

    size: int
    root: bytes
    note: bytes
    at_ms: int | None
    place: str
    published: bool


class OldDatabase:
    """A database, as far as it can be read.

    path: its file. scratch: an empty folder for the copy. open_note: checks a signed note.
    states: what the log signed, smallest first. Use `close` when done.
    """

    def __init__(self, path: Path, scratch: Path, open_note: OpenNote) -> None:
        self.path = path
        self.states: list[SignedState] = []
        self._store: SqliteStore | None = None
        try:
            scratch.mkdir(parents=True)
            for suffix in ("", "-wal"):
                part = path.with_name(path.name + suffix)
                if part.exists():
                    shutil.copyfile(part, scratch / f"old.db{suffix}")
            self._store = SqliteStore(scratch / "old.db", read_only=True)
        except (CounterfoilError, OSError):
            return
        self._reads = StoreReads(self._store, Findings())
        self._read_states(open_note)

    @property
    def readable(self) -> bool:
        """Tell whether the database could be opened at all."""
        return self._store is not None

    def rows(self, first: int, end: int) -> Iterator[tuple[int, list[bytes]]]:
        """Read entries from `first` on as (index, entries), up to `end` or the first gap."""
        if self._store is None:
            return
        at = first
        while at < end:
            before = at
            bundle_end = at - at % TILE_WIDTH + TILE_WIDTH
            for segment in self._reads.segments(at, min(bundle_end, end)) or []:
                skip = at - segment.first
                if not 0 <= skip < segment.count:
                    continue
                try:
                    entries = bundle.parse(segment.entries)
                except CounterfoilError:
                    return
                if len(entries) != segment.count:
                    return
                run = entries[skip : skip + end - at]
                yield at, run
                at += len(run)
            if at == before:
                return

    def follow(self, edge: TileEdge, roots: Mapping[int, bytes]) -> int:
        """Follow the tree beyond a published edge; roots: signed ones, by size.

        Returns the largest size whose signed root the entries lead to; the edge's when none.
        """
        edge = edge.copy()
        best = edge.size
        for _, entries in self.rows(edge.size, max([best, *roots])):
            for _ in edge.extend([leaf_hash(entry) for entry in entries]):
                pass
            if roots.get(edge.size) == edge.root():
                best = edge.size
        return best

    def close(self) -> None:
        """Let go of the copy."""
        if self._store is not None:
            self._store.close()

    def _read_states(self, open_note: OpenNote) -> None:
        head = self._reads.head()
        for kept in self._reads.checkpoints():
            is_head = head is not None and head.note == kept.note
            place = f"{self.path.name}: {'head' if is_head else f'checkpoint {kept.size}'}"
            try:
                signed = open_note(kept.note)
            except CounterfoilError:
                continue
            self.states.append(
                SignedState(
                    signed.size, signed.root, kept.note, kept.at_ms, place, published=not is_head
                )
            )
        self.states.sort(key=lambda state: state.size)

"""Make a ledger's database anew: from sound tiles, and the tail that an old database still has.

The new one is made beside the old and takes its place whole. This module refuses to go on when
acknowledged entries are known to be lost, unless it is told to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from counterfoil.errors import Refused
from counterfoil.formats import bundle
from counterfoil.ledger.examine import Unreadable, examine
from counterfoil.ledger.index_builder import IndexBuilder
from counterfoil.ledger.old_database import OldDatabase, SignedState
from counterfoil.ledger.recover_evidence import Evidence
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log import LogReader, published_edge
from counterfoil.log.findings import Findings, places
from counterfoil.ports import Head, Segment, StoredCheckpoint
from counterfoil.proofs.frontier import Frontier
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import SqliteStore
from counterfoil.units import TILE_WIDTH

__all__ = ["Built", "IndexBuild", "remove_database"]


@dataclass(frozen=True, slots=True)
class Built:
    """A database that was made.

    size, root: of the log with its tail. lost: entries that are known to be lost, (first, end).
    """

    size: int
    root: bytes
    lost: tuple[int, int] | None


class IndexBuild:
    """Fills a new database from entries as the hash audit shows them; `finish` adds the tail.

    path: the new file; one that a crash left there is removed. origin: of the log.
    notices: what an operator should know.
    """

    def __init__(self, path: Path, origin: str, notices: list[str]) -> None:
        remove_database(path)
        self._path, self._origin, self._notices = path, origin, notices
        self._store = SqliteStore(path, create=True)
        self._findings = Findings()
        self._builder = IndexBuilder(self._store, self._findings)

    def visit(self, first: int, entries: Sequence[bytes | None]) -> None:
        """Take up the next entries."""
        for seen in examine(first, entries, self._origin):
            if not isinstance(seen, Unreadable):
                self._builder.take(seen)
            elif seen.error is not None:
                expected, found = "an entry", seen.error.message
                self._findings.add("audit.entry", places([seen.index]), expected, found)
        self._builder.flush(first + len(entries))

    def discard(self) -> None:
        """Give the new database up."""
        self._store.close()
        remove_database(self._path)

    def finish(
        self, evidence: Evidence, goal: SignedState, tiles: TilesUnder, *, accept_loss: bool
    ) -> Built:
        """Add the tail, the head and the kept checkpoints.

        goal: the published state that the visited entries lead to; tiles: that hold it.
        Raises Refused with code recover.newer-known or recover.tail-lost.
        """
        edge = published_edge(tiles, evidence.open_note)
        roots = {state.size: state.root for state in evidence.states if state.size > goal.size}
        saved, best = goal.size, None
        for database in evidence.databases:
            reached = database.follow(edge, roots)
            if reached > saved:
                saved, best = reached, database
        lost = _require_known(evidence, saved, accept_loss=accept_loss)
        own = evidence.databases[0] if evidence.databases else None
        if own is None or not own.readable:
            self._notices.append(
                "The old database could not be read: entries that were acknowledged after the "
                "last publication, if any, are lost."
            )
        frontier, segments = self._tail(goal, tiles, best, saved)
        state = next(s for s in [goal, *reversed(evidence.states)] if s.size == saved)
        kept = _kept(evidence, goal, saved, self._builder.latest_ms)
        at_ms = max(
            [
                kept[saved].at_ms if saved in kept else state.at_ms or 0,
                *(checkpoint.at_ms for checkpoint in kept.values()),
            ]
        )
        head = Head(saved, frontier.hashes, state.note, at_ms, 0)
        self._builder.finish(head, segments)
        self._store.trim(goal.size - goal.size % TILE_WIDTH)
        for checkpoint in kept.values():
            self._store.keep_checkpoint(checkpoint)
        self._store.close()
        self._notices += [str(finding) for finding in self._findings.kept]
        return Built(saved, frontier.root(), lost)

    def _tail(
        self, goal: SignedState, tiles: TilesUnder, database: OldDatabase | None, end: int
    ) -> tuple[Frontier, list[Segment]]:
        """Read the entries that must stand in the database: the last bundle's, and the tail."""
        reader = LogReader(tiles)
        frontier = _frontier(reader, goal.size)
        first = goal.size - goal.size % TILE_WIDTH
        held = list(reader.entries(first, goal.size))
        if database is not None:
            for index, entries in database.rows(goal.size, end):
                self.visit(index, entries)
                frontier.extend([leaf_hash(entry) for entry in entries])
                held += entries
        return frontier, list(_segments(first, held))


def remove_database(path: Path, *, only_log: bool = False) -> None:
    """Remove a database, or only its WAL, which must never meet another database."""
    for suffix in ("-wal", "-shm") if only_log else ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _require_known(evidence: Evidence, saved: int, *, accept_loss: bool) -> tuple[int, int] | None:
    """Refuse an end before what is known; returns what is lost with leave."""
    published, newest = evidence.newest_published, evidence.newest
    if published.size > saved:
        raise Refused(
            "recover.newer-known",
            f"expected to reach the {published.size} entries that {published.place} vouches for, "
            f"found {saved}",
            hint="Going on from an older state would fork the log. Find a newer copy; or make a "
            "successor: `counterfoil recover NEW_DIR --from COPY --successor`.",
        )
    if newest.size <= saved:
        return None
    if not accept_loss:
        raise Refused(
            "recover.tail-lost",
            f"expected to save all {newest.size} entries that {newest.place} says were "
            f"acknowledged, found {saved}",
            hint="They were never published. To go on without them: --accept-loss.",
        )
    return saved, newest.size


def _kept(
    evidence: Evidence, goal: SignedState, size: int, latest_ms: int
) -> dict[int, StoredCheckpoint]:
    """Choose the checkpoints to keep, smallest first: published ones whose time is known."""
    times = {state.size: state.at_ms for state in evidence.states if state.at_ms is not None}
    notes = {
        state.size: state.note
        for state in evidence.states
        if state.published and state.size in times and state.size <= size
    }
    notes[goal.size] = goal.note
    kept: dict[int, StoredCheckpoint] = {}
    last_ms = 0
    for at in sorted(notes):
        last_ms = max(last_ms, times.get(at, max(latest_ms, last_ms)))
        kept[at] = StoredCheckpoint(at, notes[at], last_ms)
    return kept


def _frontier(reader: LogReader, size: int) -> Frontier:
    """Read the right edge of a published tree from its tiles."""
    read, start, hashes = reader.nodes(size), 0, []
    for level in reversed([k for k in range(size.bit_length()) if size >> k & 1]):
        hashes.append(read(level, start >> level))
        start += 1 << level
    return Frontier(size, hashes)


def _segments(first: int, entries: Sequence[bytes]) -> Iterator[Segment]:
    """Cut entries where bundles end; first: a multiple of 256."""
    for at in range(0, len(entries), TILE_WIDTH):
        run = entries[at : at + TILE_WIDTH]
        hashes = b"".join([leaf_hash(entry) for entry in run])
        yield Segment(first + at, len(run), bundle.format(run), hashes)

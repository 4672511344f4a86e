"""Find out what a log says of itself before its hashes are audited: sizes and signed roots.

Only what a signature of the log holds up, or what is really there, decides how far an audit goes:
a damaged number must not send it through a million billion entries. This module refuses to look
at entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from counterfoil.errors import CounterfoilError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.tile import entries_path, width_at
from counterfoil.log.audit_reads import StoreReads, TileReads
from counterfoil.log.findings import Findings
from counterfoil.log.reader import parse_signed
from counterfoil.log.startup import OpenNote
from counterfoil.ports import Head, StoredCheckpoint
from counterfoil.proofs.frontier import Frontier
from counterfoil.units import TILE_WIDTH

__all__ = ["AuditStart", "Claim", "gather"]

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that the log's first `size` entries have `root` (32 bytes).

    place: where it is said. code: of the finding when it does not hold.
    """

    size: int
    root: bytes
    place: str
    code: str = "audit.root"


@dataclass(frozen=True, slots=True)
class AuditStart:
    """Where an audit begins.

    size: entries to audit. published_size: those that must be in tiles. store_size: those that
    the store knows of; trimmed: entries below it are not in the store any more. published: the
    published checkpoint if its signature holds, and signed: its note. claims: the log's own
    checkpoints whose signatures hold.
    """

    size: int
    published_size: int
    store_size: int
    trimmed: int
    published: Checkpoint | None
    signed: bytes | None
    claims: tuple[Claim, ...]


def gather(
    tiles: TileReads, store: StoreReads, open_note: OpenNote, findings: Findings
) -> AuditStart:
    """Read and check the published checkpoint, the store's head and the kept checkpoints.

    Another process may append meanwhile: what is published is read before the head.
    """
    signed, kept, head = tiles.published(), store.checkpoints(), store.head()
    for _ in range(_TRIES):  # it published and trimmed between the two reads
        if head is None or signed is None or head.trimmed <= _stated_size(signed):
            break
        signed, kept, head = tiles.published(), store.checkpoints(), store.head()
    own = _head(head, open_note, findings)
    published = _published(signed, open_note, findings)
    if published is not None:
        published_size = published.size
    else:
        published_size = _guess_published(signed, own, head, tiles)
        if signed is None and max(published_size, own.size if own is not None else 0):
            findings.add("audit.checkpoint", "checkpoint", "a published checkpoint", "none")
    claims = [Claim(own.size, own.root, "database: head")] if own is not None else []
    claims += _kept(kept, head, open_note, findings)
    if published is not None:
        claims.append(Claim(published.size, published.root, "checkpoint"))
    size = own.size if own is not None else _tail_end(store, published_size)
    if head is not None:
        _compare(size, head, published_size, findings)
    edge = published_size - published_size % TILE_WIDTH
    whole = max(size, published_size)
    trimmed = min(head.trimmed, edge) if head is not None else edge if store.there else whole
    return AuditStart(whole, published_size, size, trimmed, published, signed, tuple(claims))


def _head(head: Head | None, open_note: OpenNote, findings: Findings) -> Checkpoint | None:
    """Check the head against its signed note; returns what the note says if it is signed."""
    if head is None or (head.size == 0 and not head.note and not head.frontier):
        return None
    place = "database: head"
    try:
        signed = open_note(head.note)
    except CounterfoilError as err:
        findings.add("audit.head", place, "a note that the log signed", f"another: {err.message}")
        return None
    try:
        root = Frontier(head.size, head.frontier).root()
    except CounterfoilError as err:
        findings.add("audit.head", place, "a frontier of its size", f"another: {err.message}")
        return signed
    if (signed.size, signed.root) != (head.size, root):
        findings.add(
            "audit.head",
            place,
            f"size {signed.size} and root {signed.root.hex()}, as its signed note says",
            f"{head.size} and {root.hex()}",
        )
    return signed


def _published(signed: bytes | None, open_note: OpenNote, findings: Findings) -> Checkpoint | None:
    if signed is None:
        return None
    try:
        return open_note(signed)
    except CounterfoilError as err:
        expected = "a checkpoint that the log signed"
        findings.add("audit.checkpoint", "checkpoint", expected, f"another: {err.message}")
        return None


def _kept(
    kept: list[StoredCheckpoint], head: Head | None, open_note: OpenNote, findings: Findings
) -> list[Claim]:
    """Check the kept checkpoints: signed, of the size they are filed under, times ascending."""
    claims = []
    for checkpoint in kept:
        place = f"database: checkpoint {checkpoint.size}"
        if head is not None and checkpoint.note == head.note and checkpoint.size == head.size:
            continue  # checked as the head
        try:
            signed = open_note(checkpoint.note)
        except CounterfoilError as err:
            expected = "a note that the log signed"
            findings.add("audit.kept-checkpoint", place, expected, f"another: {err.message}")
            continue
        if signed.size != checkpoint.size:
            findings.add("audit.kept-checkpoint", place, "a note of this size", f"{signed.size}")
        claims.append(Claim(signed.size, signed.root, place))
    for earlier, later in pairwise(kept):
        if later.at_ms < earlier.at_ms:
            place = f"database: checkpoint {later.size}"
            findings.add("audit.time", place, f"a time from {earlier.at_ms} on", f"{later.at_ms}")
    if head is not None and kept and kept[-1].size == head.size and kept[-1].at_ms != head.at_ms:
        place = f"database: checkpoint {head.size}"
        findings.add(
            "audit.time", place, f"the time of the head, {head.at_ms}", f"{kept[-1].at_ms}"
        )
    return claims


def _compare(size: int, head: Head, published_size: int, findings: Findings) -> None:
    """Check that the store did not go back, and that it holds what is not in tiles."""
    if size < published_size:
        findings.add(
            "audit.rolled-back",
            "database: head",
            f"at least the {published_size} entries that are published",
            f"{size}: an old database was put back",
        )
    if head.trimmed > published_size or head.trimmed % TILE_WIDTH:
        findings.add(
            "audit.trimmed",
            "database: head",
            f"entries from a multiple of {TILE_WIDTH} on, up to the {published_size} published",
            f"none below {head.trimmed}",
        )


def _guess_published(
    signed: bytes | None, own: Checkpoint | None, head: Head | None, tiles: TileReads
) -> int:
    """Guess how many entries are in tiles where no signature says so: those whose tile is there."""
    sizes = [_stated_size(signed) if signed is not None else 0]
    if own is not None:
        sizes += [own.size, head.trimmed if head is not None else 0]
    for size in sizes:
        last = (size - 1) // TILE_WIDTH
        if size and tiles.has(entries_path(last, width_at(0, last, size))):
            return size
    return _full_bundles(tiles) * TILE_WIDTH


def _full_bundles(tiles: TileReads) -> int:
    """Count the full bundles that are there, by doubling and halving."""
    low, high = 0, 1
    while tiles.has(entries_path(high - 1)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if tiles.has(entries_path(middle - 1)) else (low, middle)
    return low


def _tail_end(store: StoreReads, published_size: int) -> int:
    """Find the end of the rows that follow what is published, where no head says it."""
    end = published_size
    while True:
        bundle_end = end - end % TILE_WIDTH + TILE_WIDTH
        rows = store.segments(end, bundle_end)
        for row in rows or []:
            end = max(end, row.first + row.count)
        if end < bundle_end:
            return end


def _stated_size(signed: bytes) -> int:
    try:
        return parse_signed(signed).size
    except CounterfoilError:
        return 0

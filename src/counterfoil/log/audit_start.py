"""Find out what a log says of itself before its hashes are audited: sizes and signed roots.

Only what a signature of the log holds up decides how far an audit goes; a damaged number must not
send it through a million billion entries. This module refuses to look at entries.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    code: str


@dataclass(frozen=True, slots=True)
class AuditStart:
    """Where an audit begins.

    size: entries to audit. published_size: those that must be in tiles. trimmed: entries below it
    are not in the store. published: the published checkpoint if its signature holds, and signed:
    its note. claims: the log's own checkpoints whose signatures hold.
    """

    size: int
    published_size: int
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
    for _ in range(_TRIES):  # published and trimmed between the two reads
        if head is None or signed is None or head.trimmed <= _stated(signed):
            break
        signed, kept, head = tiles.published(), store.checkpoints(), store.head()
    claims: list[Claim] = []
    published = _published(signed, open_note, findings, claims)
    owned = _head(head, open_note, findings, claims)
    _kept(kept, head, open_note, findings, claims)
    size = max([0, *(claim.size for claim in claims)])
    published_size = published.size if published is not None else 0
    if published is None and signed is not None:
        published_size = _guess(signed, tiles, size)
    if head is not None and published is None:
        published_size = max(published_size, head.trimmed if owned is not None else 0)
    if owned is not None:
        size = max(owned.size, published_size)
    elif head is None:
        size = published_size
    else:
        size = max(published_size, _tail_end(store, published_size, head.size))
    _compare(owned, head, published_size, findings)
    trimmed = head.trimmed if head is not None else size
    return AuditStart(
        size, published_size, min(trimmed, size), published, signed, tuple(claims)
    )

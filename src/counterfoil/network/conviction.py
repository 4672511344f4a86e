"""Turn two notes that contradict each other into evidence, and keep it.

Which tiles are needed, and who still has them, is worked out here: the larger tree's are enough,
those of both name the entry that differs. This module refuses to keep what does not verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats import evidence, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.evidence import EvidenceBundle
from counterfoil.formats.vkey import VerifierKey
from counterfoil.log import parse_signed
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource
from counterfoil.proofs.equivocation import find_fork, make, root_at
from counterfoil.proofs.merkle import NodeReader, inclusion_path
from counterfoil.storage.folder_copy import replace_file

__all__ = ["EVIDENCE_FOLDER", "convict", "keep_evidence", "nodes_from"]

EVIDENCE_FOLDER: Final = "evidence"
"""Where a mirror or monitor keeps what it proved, inside its own folder."""

_KEPT_MAX: Final = 256


def convict(
    keys: Sequence[VerifierKey],
    first: bytes,
    second: bytes,
    sources: Iterable[LogSource] = (),
    first_nodes: NodeReader | None = None,
    second_nodes: NodeReader | None = None,
) -> EvidenceBundle:
    """Make evidence of two notes of one log.

    keys: verifier keys of the log; one that signed both is convicted. sources: who may have the
    tiles under either; not asked where the sizes are equal. first_nodes, second_nodes: of trees
    that are at hand, each proven under its note.
    Raises InputError with code evidence.no-tiles where nobody has the larger tree's tiles: then
    two notes of two sizes prove nothing yet, and are worth keeping. VerificationError with code
    evidence.consistent where nothing is wrong, and as `equivocation.make`.
    """
    key = _common_key(keys, first, second)
    one, two = parse_signed(first), parse_signed(second)
    if one.size != two.size:
        asked = tuple(sources)
        first_nodes = first_nodes or nodes_from(asked, one)
        second_nodes = second_nodes or nodes_from(asked, two)
        small, large = (first_nodes, second_nodes)
        if one.size > two.size:
            small, large = large, small
        if large is not None and small is not None and not _whole(small, large, one, two):
            first_nodes = first_nodes if one.size > two.size else None
            second_nodes = second_nodes if two.size > one.size else None
    return make(key, first, second, first_nodes, second_nodes)


def nodes_from(sources: Iterable[LogSource], tree: Checkpoint) -> NodeReader | None:
    """Find a party whose tiles lead to a tree's root; None where nobody has them now."""
    for source in sources:
        if not source.has_tiles:
            continue
        try:
            return ProvenTiles(tree, source.tile, source.name).nodes()
        except CounterfoilError:
            continue  # out of reach, or of the other history
    return None


def keep_evidence(folder: Path, bundle: EvidenceBundle) -> Path:
    """Keep a bundle in the evidence folder inside `folder`; the same one again is one file.

    A log that is convicted often enough gains nothing by more, and must not fill the disk: then
    the first bundle stands for the rest. Returns the file. Raises Unavailable with code copy.write.
    """
    data = evidence.format(bundle)
    target = folder / EVIDENCE_FOLDER / f"equivocation-{sha256(data).hexdigest()[:16]}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        kept = sorted(target.parent.glob("equivocation-*.json"))
        if len(kept) >= _KEPT_MAX:
            return kept[0]
        replace_file(target, data)
    return target


def _common_key(keys: Sequence[VerifierKey], first: bytes, second: bytes) -> VerifierKey:
    signed = [{(s.name, s.key_id) for s in note.parse(data).signatures} for data in (first, second)]
    for key in keys:
        if all((key.name, key.key_id) in lines for lines in signed):
            return key
    raise VerificationError(
        "evidence.signatures",
        "expected one key of the log to have signed both checkpoints, found none",
        hint="Evidence convicts one key: name all keys of this log in your policy.",
    )


def _whole(small: NodeReader, large: NodeReader, one: Checkpoint, two: Checkpoint) -> bool:
    """Tell whether both trees can be read down to the entry that differs, as a fork needs it."""
    low, high = sorted((one, two), key=lambda tree: tree.size)
    try:
        if root_at(low.size, small) != low.root:
            return False
        index = find_fork(low.size, small, large)
        if index is not None:
            inclusion_path(index, low.size, small)
            inclusion_path(index, high.size, large)
    except CounterfoilError:
        return False  # one has not all tiles any more: the root's own proof needs fewer
    return True

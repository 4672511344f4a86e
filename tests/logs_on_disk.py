"""Logs in folders, made without a ledger: any entries, any history, signed by whoever is asked.

A forged history must be as easy to make as a true one, so that tests can show what is caught.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from counterfoil.formats import bundle, checkpoint, note
from counterfoil.formats import policy as policies
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Group, Policy
from counterfoil.formats.policy import Log as PolicyLog
from counterfoil.formats.policy import Witness as PolicyWitness
from counterfoil.formats.tile import entries_path
from counterfoil.formats.tile import tile_path as tile_name
from counterfoil.formats.vkey import SigningKey
from counterfoil.log.edge import TileEdge
from counterfoil.proofs.merkle import leaf_hash, root_of
from counterfoil.proofs.signing import public_of
from tests import c2sp

__all__ = ["entries_of", "other_entries", "policy_of", "publish", "sign_tree"]


def entries_of(count: int) -> list[bytes]:
    """Make entries that differ in bytes and length."""
    return [b"entry %d " % number + b"." * (number % 5) for number in range(count)]


def other_entries(count: int, differs_at: int) -> list[bytes]:
    """Make the same entries but one, and all later ones."""
    return entries_of(count)[:differs_at] + [
        b"another %d" % number for number in range(differs_at, count)
    ]


def sign_tree(
    entries: Sequence[bytes],
    *cosigners: SigningKey,
    key: SigningKey = c2sp.LOG,
    origin: str = c2sp.ORIGIN,
) -> bytes:
    """Sign the checkpoint of some entries, as note bytes."""
    body = checkpoint.format(Checkpoint(origin, len(entries), root_of(map(leaf_hash, entries))))
    return note.format(c2sp.signed(key, *cosigners, body=body))


def publish(folder: Path, entries: Sequence[bytes], signed: bytes | None = None) -> bytes:
    """Write all tiles of a log and its checkpoint; returns the signed note.

    signed: another note than the one that is made of the entries.
    """
    signed = signed if signed is not None else sign_tree(entries)
    edge, hashes = TileEdge(), [leaf_hash(entry) for entry in entries]
    tiles = [*edge.extend(hashes), *edge.partials()]
    for tile in tiles:
        _write(folder / tile_name(tile.level, tile.number, len(tile.hashes)), b"".join(tile.hashes))
    for first in range(0, len(entries), 256):
        run = entries[first : first + 256]
        _write(folder / entries_path(first // 256, len(run)), bundle.format(run))
    _write(folder / "checkpoint", signed)
    return signed


def policy_of(
    *witnesses: SigningKey, keys: Sequence[SigningKey] = (c2sp.LOG,), threshold: int = 0
) -> Policy:
    """Make a policy that trusts log keys, and asks for `threshold` of the witnesses."""
    logs = tuple(PolicyLog(public_of(key)) for key in keys)
    named = tuple(
        PolicyWitness(f"w{number}", public_of(key)) for number, key in enumerate(witnesses)
    )
    if not threshold:
        return Policy(logs, named, (), policies.NONE)
    members = tuple(witness.name for witness in named)
    return Policy(logs, named, (Group("quorum", threshold, members),), "quorum")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

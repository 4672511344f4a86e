"""Which anchored checkpoint a receipt is made under, and what it then claims."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.policy import NONE, Log, Policy, Witness
from counterfoil.ledger.anchored import anchored_checkpoint, claims_of
from counterfoil.ports import StoredCheckpoint
from counterfoil.proofs.signing import NoteSigner, public_of
from tests.c2sp import LOG, ORIGIN, witness

WITNESS = witness(1)
TRUSTING = Policy((Log(public_of(LOG)),), (), (), NONE)
ASKING = Policy((Log(public_of(LOG)),), (Witness("w", public_of(WITNESS)),), (), "w")


@dataclass(frozen=True)
class Place:
    """As `anchor_tables.Mined`."""

    tx_hash: bytes = b"t" * 32
    block: int = 7
    time_s: int = 70


@dataclass(frozen=True)
class Anchor:
    """As `anchor_tables.AnchoredAt`."""

    chain_id: int
    size: int
    note: bytes
    contract: str = "0x" + "0c" * 20
    owner: str = "0x" + "0a" * 20
    mined: Place = Place()

    @property
    def root(self) -> bytes:
        return root(self.size)


def root(size: int) -> bytes:
    """Give a root for a size."""
    return size.to_bytes(32, "big")


def signed(size: int, *, cosigned: bool = False) -> bytes:
    """Sign a checkpoint of a size."""
    text = checkpoints.format(Checkpoint(ORIGIN, size, root(size)))
    lines = [NoteSigner(LOG).sign(text)]
    if cosigned:
        lines.append(NoteSigner(WITNESS).sign(text, 5))
    return notes.format(Note(text, tuple(lines)))


def chosen(
    anchors: list[Anchor], policy: Policy = TRUSTING, kept: tuple[StoredCheckpoint, ...] = ()
) -> int | None:
    """Choose with 20 entries published; gives the size."""
    published = Checkpoint(ORIGIN, 20, root(20)), signed(20)
    found = anchored_checkpoint(anchors, published, kept, policy)  # type: ignore[arg-type]  # alike
    return None if found is None else found[0].size


@pytest.mark.parametrize(
    ("places", "size"),
    [
        ([], None),
        ([(1, 5)], 5),
        ([(1, 5), (1, 9)], 9),
        ([(1, 5), (2, 5), (1, 9)], 5),
        ([(1, 5), (2, 5), (1, 9), (2, 9)], 9),
        ([(1, 5), (1, 30)], 5),
    ],
)
def test_most_chains_then_newest(places: list[tuple[int, int]], size: int | None) -> None:
    """A checkpoint on more chains is better than a newer one; what is not published is none."""
    assert chosen([Anchor(chain, at, signed(at)) for chain, at in places]) == size


def test_the_policy_must_accept_it() -> None:
    """A checkpoint without the quorum is none, unless a later note of it has more signatures."""
    anchors = [Anchor(1, 5, signed(5, cosigned=True)), Anchor(1, 9, signed(9))]
    assert chosen(anchors, ASKING) == 5
    kept = (StoredCheckpoint(9, signed(9, cosigned=True), 0),)
    assert chosen(anchors, ASKING, kept) == 9
    assert chosen(anchors[1:], ASKING) is None


def test_claims_are_of_this_very_checkpoint() -> None:
    """Every chain that has this size and root is named, and no other."""
    anchors = [Anchor(1, 5, b""), Anchor(2, 5, b""), Anchor(1, 9, b"")]
    claims = claims_of(anchors, Checkpoint(ORIGIN, 5, root(5)))  # type: ignore[arg-type]  # alike
    assert [claim.chain_id for claim in claims] == [1, 2]
    assert claims[0].transaction == "0x" + "74" * 32
    assert claims_of(anchors, Checkpoint(ORIGIN, 5, root(6))) == ()  # type: ignore[arg-type]  # alike

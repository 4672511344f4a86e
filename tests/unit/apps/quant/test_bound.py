"""The time of a forecast is what others say, never what its issuer says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from counterfoil.apps.quant.bound import Bound, bound_of, earliest
from counterfoil.errors import VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.policy import Group, Log, Policy, Witness
from counterfoil.formats.vkey import SigningKey
from counterfoil.proofs.signing import note_signature, public_of
from tests.c2sp import LOG
from tests.c2sp import witness as witness_key

TEXT = checkpoints.format(Checkpoint(LOG.name, 5, bytes(32)))
OUTSIDE = [witness_key(number) for number in (1, 2, 3)]
OWN = witness_key(4)


def note(*cosigned: tuple[SigningKey, int]) -> bytes:
    """Sign a checkpoint by the log, and by witnesses at times."""
    lines = [note_signature(LOG, TEXT, None)]
    lines += [note_signature(key, TEXT, time_s) for key, time_s in cosigned]
    return notes.format(Note(TEXT, tuple(lines)))


def policy(quorum: int) -> Policy:
    """Trust three witnesses of others, so many of them together, and know the log's own."""
    names = ("w1", "w2", "w3")
    witnesses = [Witness(n, public_of(key)) for n, key in zip(names, OUTSIDE, strict=True)]
    witnesses.append(Witness("self", public_of(OWN)))
    group = Group("all", quorum, names)
    return Policy((Log(public_of(LOG)),), tuple(witnesses), (group,), "all")


def test_so_many_as_the_reader_asks_for() -> None:
    """With a quorum of k the time is the k-th: fewer witnesses alone cannot make it earlier."""
    signed = note(*zip(OUTSIDE, (300, 100, 200), strict=True))
    for quorum, time_s, by in (
        (1, 100, ("w2",)),
        (2, 200, ("w2", "w3")),
        (3, 300, ("w1", "w2", "w3")),
    ):
        assert bound_of(policy(quorum), signed) == Bound(time_s * 1000, by)


def test_the_operators_own_witness_says_nothing() -> None:
    """A time that the log's own operator could have chosen is no time."""
    own = replace(policy(1), groups=(), quorum="self")
    assert bound_of(own, note((OWN, 50))) is None
    assert bound_of(own, note((OWN, 50), (OUTSIDE[0], 400))) == Bound(400_000, ("w1",))
    assert bound_of(replace(own, quorum="none"), note()) is None


def test_a_witness_that_tells_no_time() -> None:
    """Time 0 states that the log grew, and not when."""
    loose = replace(policy(1), groups=(), quorum="none")
    signed = note(*zip(OUTSIDE[:1], (0,), strict=True))
    assert bound_of(loose, signed) is None


def test_a_stranger_and_a_forger_are_refused() -> None:
    """Without the quorum of the reader there is no time at all, and a bad signature is an error."""
    with pytest.raises(VerificationError):
        bound_of(policy(2), note((OUTSIDE[0], 100)))
    stranger = note((witness_key(9), 1), (OUTSIDE[0], 100))
    assert bound_of(policy(1), stranger) == Bound(100_000, ("w1",))
    forged = bytearray(note((OUTSIDE[0], 100)))
    forged[-20] ^= 1
    with pytest.raises(VerificationError):
        bound_of(policy(1), bytes(forged))


@dataclass(frozen=True)
class Anchor:
    """An anchor that a chain confirmed."""

    time_s: int
    final: bool = True
    named: bool = True
    chain_id: int = 1


def test_an_anchor_counts_where_the_reader_named_it() -> None:
    """A block's time stands in for witnesses where it is final, earlier, and by a named owner."""
    seen = Bound(500_000, ("w1",))
    assert earliest(seen, [Anchor(400)]) == Bound(400_000, ("chain 1",))
    assert earliest(None, [Anchor(400)]) == Bound(400_000, ("chain 1",))
    for other in (Anchor(600), Anchor(400, final=False), Anchor(400, named=False)):
        assert earliest(seen, [other]) == seen

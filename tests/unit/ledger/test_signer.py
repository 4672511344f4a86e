"""Checkpoints are signed by every key of the log, and only then are they its own."""

from __future__ import annotations

import pytest

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.vkey import KeyType, SigningKey
from counterfoil.ledger.signer import LogSigner, NoteOpener
from counterfoil.proofs.signing import public_of
from counterfoil.testing.clock import ManualClock
from tests import c2sp
from tests.statements import refused

CHECKPOINT = Checkpoint(c2sp.ORIGIN, 5, bytes(range(32)))
LOG, QUANTUM = c2sp.LOG, c2sp.secret(c2sp.ORIGIN, KeyType.COSIGNATURE_MLDSA44)


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands."""
    return ManualClock(1_700_000_000_999)


@pytest.mark.parametrize("keys", [[LOG], [LOG, QUANTUM]], ids=["ed25519", "both"])
def test_signed_by_every_key(clock: ManualClock, keys: list[SigningKey]) -> None:
    """A checkpoint has one signature of each key, and is opened as what was signed."""
    signer = LogSigner(keys, clock)
    signed = signer.sign(CHECKPOINT)
    assert [s.key_id for s in note.parse(signed).signatures] == [public_of(k).key_id for k in keys]
    assert signer.open(signed) == CHECKPOINT
    assert NoteOpener([public_of(key) for key in keys]).open(signed) == CHECKPOINT


def test_one_signature_of_two_is_not_enough(clock: ManualClock) -> None:
    """A log with two keys does not take a checkpoint for its own that one of them signed."""
    both = LogSigner([LOG, QUANTUM], clock)
    for key in (LOG, QUANTUM):
        with refused("log.unsigned", VerificationError):
            both.open(LogSigner([key], clock).sign(CHECKPOINT))


def test_another_origin_is_not_its_own(clock: ManualClock) -> None:
    """A checkpoint of another origin is not the log's, though its key signed it."""
    signer = LogSigner([LOG], clock)
    with refused("log.unsigned", VerificationError):
        signer.open(signer.sign(Checkpoint("another.example", 5, bytes(32))))


def test_strangers_and_forgeries(clock: ManualClock) -> None:
    """A stranger's signature, a changed text and no note at all are refused."""
    signer = LogSigner([LOG], clock)
    with pytest.raises(VerificationError):
        signer.open(LogSigner([c2sp.secret("another.example")], clock).sign(CHECKPOINT))
    signed = note.parse(signer.sign(CHECKPOINT))
    changed = note.format(Note(signed.text.replace(b"\n5\n", b"\n6\n"), signed.signatures))
    with pytest.raises(VerificationError):
        signer.open(changed)
    with pytest.raises(InputError):
        signer.open(b"")

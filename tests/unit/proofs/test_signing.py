"""Signing keys sign as their type asks, and never for a key id that is not theirs."""

from __future__ import annotations

import pytest

from counterfoil.formats import cosignature
from counterfoil.formats.vkey import KeyType, SigningKey, format_skey, parse_skey
from counterfoil.proofs.signature import verify
from counterfoil.proofs.signing import note_signature, public_of, sign, signing_key
from tests.c2sp import BODY, ORIGIN, refuses, secret


@pytest.mark.parametrize("key_type", KeyType)
def test_key_file_round_trip(key_type: KeyType) -> None:
    """A signing key written to a file and read back has the same public key."""
    key = signing_key("a.example", key_type, bytes(range(32)))
    again = parse_skey(format_skey(key))
    assert again == key
    public = public_of(again)
    assert (public.name, public.type, public.key_id) == (key.name, key_type, key.key_id)


@pytest.mark.parametrize("key_type", KeyType)
def test_mixed_up_key_file(key_type: KeyType) -> None:
    """A key file whose name, id or seed was changed signs nothing, and does not show the seed."""
    key = secret("a", key_type)
    for wrong in (
        SigningKey("b", key_type, key.seed, key.key_id),
        SigningKey("a", key_type, bytes(32), key.key_id),
        SigningKey("a", key_type, key.seed, bytes(4)),
    ):
        with refuses("key.id"):
            public_of(wrong)
        with refuses("key.id"):
            note_signature(wrong, BODY, 1)


def test_ed25519_is_deterministic() -> None:
    """The same Ed25519 key and bytes give the same signature."""
    for key_type in (KeyType.ED25519, KeyType.COSIGNATURE_ED25519):
        assert sign(secret("a", key_type), b"m") == sign(secret("a", key_type), b"m")


def test_mldsa44_is_hedged() -> None:
    """Two ML-DSA-44 signatures over the same bytes may differ, and both hold."""
    key = secret("a", KeyType.COSIGNATURE_MLDSA44)
    for _ in range(2):
        verify(key.type, public_of(key).public, b"m", sign(key, b"m"))


def test_note_signature_layout() -> None:
    """Type 1 signs the text; types 4 and 6 sign their message and put the time first."""
    log = note_signature(secret(ORIGIN), BODY)
    assert len(log.signature) == 64
    for key_type, length in [
        (KeyType.COSIGNATURE_ED25519, 72),
        (KeyType.COSIGNATURE_MLDSA44, 2428),
    ]:
        key = secret("w", key_type)
        line = note_signature(key, BODY, 1234)
        assert (line.name, line.key_id, len(line.signature)) == ("w", key.key_id, length)
        assert cosignature.parse(line.signature).time_s == 1234


def test_time_belongs_to_the_type() -> None:
    """A log's plain signature has no time, a cosignature must have one."""
    with refuses("cosignature.time"):
        note_signature(secret("a"), BODY, 0)
    for key_type in (KeyType.COSIGNATURE_ED25519, KeyType.COSIGNATURE_MLDSA44):
        with refuses("cosignature.time"):
            note_signature(secret("a", key_type), BODY)
        with refuses("cosignature.time"):
            note_signature(secret("a", key_type), BODY, 2**63)


def test_mldsa44_signs_checkpoints_only() -> None:
    """Text that is not a checkpoint has no ML-DSA-44 message, so it is not signed."""
    with refuses("checkpoint.lines"):
        note_signature(secret("a", KeyType.COSIGNATURE_MLDSA44), b"text\n", 1)

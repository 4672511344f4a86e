"""Signatures are verified strictly: known tricks with keys, nonces and scalars are refused."""

from __future__ import annotations

from hashlib import sha256, sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_is_valid_point,
    crypto_core_ed25519_sub,
    crypto_scalarmult_ed25519_base_noclamp,
)

from counterfoil.errors import VerificationError
from counterfoil.formats.vkey import KeyType
from counterfoil.proofs.signature import verify, verify_ed25519, verify_mldsa44
from counterfoil.proofs.signing import public_of, sign, signing_key
from tests.c2sp import refuses, secret

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# The eight points of small order, then every other spelling of them that decoders may accept.
ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    ORDER_8,
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]

# RFC 8032, 7.1, tests 1 to 3: secret, public, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
        "1d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
        "c6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def challenge(nonce: bytes, public: bytes, message: bytes) -> int:
    """Compute the challenge scalar (RFC 8032, 5.1.7)."""
    return int.from_bytes(sha512(nonce + public + message).digest(), "little") % ORDER


def scalar_of(seed: bytes) -> int:
    """Compute the secret scalar of a seed (RFC 8032, 5.1.5)."""
    # Clamped: a multiple of 8 below 2^255 with bit 254 set.
    low = int.from_bytes(sha512(seed).digest()[:32], "little")
    return low & (1 << 254) - 8 | 1 << 254


def lax_accepts(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ask a verifier that does not refuse points of small order."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    """The signatures of RFC 8032 verify, and are what we sign."""
    verify_ed25519(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert private.sign(bytes.fromhex(message)).hex() == signature


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.data())
def test_one_bit_is_enough(seed: bytes, message: bytes, data: st.DataObject) -> None:
    """A signature holds for its bytes, and for no bytes that differ in one bit."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    verify_ed25519(public, message, signature)
    whole = bytearray(public + signature + message)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    with refuses("signature.invalid", VerificationError):
        verify_ed25519(bytes(whole[:32]), bytes(whole[96:]), bytes(whole[32:96]))


def test_a_key_or_nonce_of_small_order_signs_nothing() -> None:
    """Without a secret, S = 0 under a point of small order passes a lax verifier, never ours."""
    fooled = 0
    for public in map(bytes.fromhex, SMALL_ORDER):
        for nonce in map(bytes.fromhex, SMALL_ORDER):
            for message in (b"pay", b"refund", b"erase", b"grant"):
                fooled += lax_accepts(public, message, nonce + bytes(32))
                with refuses("signature.invalid", VerificationError):
                    verify_ed25519(public, message, nonce + bytes(32))
    assert fooled > 0, "the control: this attack is real"


def test_a_nonce_of_small_order_is_refused_under_an_honest_key() -> None:
    """S = h*a with a nonce of small order solves the equation and is refused all the same."""
    seed = b"\1" * 32
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    fooled = 0
    for nonce in map(bytes.fromhex, SMALL_ORDER):
        s = challenge(nonce, public, b"m") * scalar_of(seed) % ORDER
        signature = nonce + s.to_bytes(32, "little")
        fooled += lax_accepts(public, b"m", signature)
        with refuses("signature.invalid", VerificationError):
            verify_ed25519(public, b"m", signature)
    assert fooled > 0, "the control: this attack is real"


def test_small_order_points_are_what_they_are_called() -> None:
    """The control of the tests above: the first eight are multiples of a point of order 8."""
    point, found = bytes.fromhex(SMALL_ORDER[0]), []
    for _ in range(8):
        found.append(point.hex())
        point = crypto_core_ed25519_add(point, bytes.fromhex(ORDER_8))
    assert sorted(found) == sorted(SMALL_ORDER[:8])
    assert point.hex() == SMALL_ORDER[0]
    for text in SMALL_ORDER[8:]:
        y = int.from_bytes(bytes.fromhex(text), "little") % 2**255 % PRIME
        assert y in {0, 1, PRIME - 1}


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40))
def test_s_plus_order_is_refused(seed: bytes, message: bytes) -> None:
    """Adding the group order to S gives a second spelling of a signature; it is refused."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    s = int.from_bytes(signature[32:], "little")
    for multiple in range(1, (2**256 - 1 - s) // ORDER + 1):
        spelled = signature[:32] + (s + multiple * ORDER).to_bytes(32, "little")
        with refuses("signature.invalid", VerificationError):
            verify_ed25519(public, message, spelled)


def test_cofactor_is_not_multiplied() -> None:
    """A nonce with a part of order 8 passes verifiers that multiply by 8; ours does not.

    Which of the two a library does is the other way in which verifiers come to disagree.
    """
    seed = b"\1" * 32
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    pure = crypto_scalarmult_ed25519_base_noclamp((12345).to_bytes(32, "little"))
    for nonce, holds in [
        (pure, True),
        (crypto_core_ed25519_add(pure, bytes.fromhex(ORDER_8)), False),
    ]:
        s = (12345 + challenge(nonce, public, b"m") * scalar_of(seed)) % ORDER
        signature = nonce + s.to_bytes(32, "little")
        if holds:
            verify_ed25519(public, b"m", signature)
        else:
            assert not crypto_core_ed25519_is_valid_point(nonce)
            assert crypto_core_ed25519_sub(nonce, bytes.fromhex(ORDER_8)) == pure
            with refuses("signature.invalid", VerificationError):
                verify_ed25519(public, b"m", signature)


@pytest.mark.parametrize("length", [0, 31, 33, 64, 1312])
def test_ed25519_lengths(length: int) -> None:
    """Keys and signatures of other lengths are refused as such, not by a crash."""
    key = secret("a")
    public, signature = public_of(key).public, sign(key, b"m")
    with refuses("signature.length", VerificationError):
        verify_ed25519(bytes(length), b"m", signature)
    with refuses("signature.length", VerificationError):
        verify_ed25519(public, b"m", bytes(length + 1))
    with refuses("signature.length", VerificationError):
        verify_ed25519(public, b"", signature + b"m")


def test_mldsa44() -> None:
    """An ML-DSA-44 signature holds for its bytes and key, and for no others."""
    key, other = (secret(name, KeyType.COSIGNATURE_MLDSA44) for name in "ab")
    public, signature = public_of(key).public, sign(key, b"message")
    verify_mldsa44(public, b"message", signature)
    for changed in (
        (public, b"massage", signature),
        (public_of(other).public, b"message", signature),
        (public, b"message", signature[:-1] + bytes([signature[-1] ^ 1])),
        (public, b"message", bytes(2420)),
        (bytes(1312), b"message", signature),
    ):
        with refuses("signature.invalid", VerificationError):
            verify_mldsa44(*changed)


def test_mldsa44_known_key() -> None:
    """The public key of a seed is the one that an independent implementation derives."""
    key = signing_key("x", KeyType.COSIGNATURE_MLDSA44, bytes(range(32)))
    expected = "9f107644c1084526af3bc8098680b05499a2325a644e388fb4f970e058d19d46"
    assert sha256(public_of(key).public).hexdigest() == expected


@pytest.mark.parametrize(("public", "signature"), [(1311, 2420), (1312, 2419), (32, 64), (0, 0)])
def test_mldsa44_lengths(public: int, signature: int) -> None:
    """Keys and signatures of other lengths are refused as such, not by a crash."""
    with refuses("signature.length", VerificationError):
        verify_mldsa44(bytes(public), b"m", bytes(signature))


@pytest.mark.parametrize("key_type", KeyType)
def test_verify_by_type(key_type: KeyType) -> None:
    """The type of a key chooses its algorithm."""
    key = secret("a", key_type)
    verify(key_type, public_of(key).public, b"m", sign(key, b"m"))
    with refuses("signature.invalid", VerificationError):
        verify(key_type, public_of(key).public, b"n", sign(key, b"m"))

"""Signatures in COSE hold under their own key, algorithm and bytes, and under no others."""

from __future__ import annotations

import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats import cose, signed_statement
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.envelope import keyid_of
from counterfoil.proofs.cose import own_signer, verify_message, verify_statement
from counterfoil.proofs.keyring import Keyring
from tests.cose_made import Issuer
from tests.statements import refused

ES256, EDDSA = Issuer(), Issuer(algorithm="EdDSA")


@pytest.mark.parametrize("issuer", [ES256, EDDSA], ids=["ES256", "EdDSA"])
def test_a_statement_holds_under_its_key(issuer: Issuer) -> None:
    """It holds under its issuer's key; a changed payload, header or other key does not."""
    message = issuer.message()
    verify_statement(signed_statement.parse(issuer.statement()), issuer.public)
    other = cose.Sign1(message.protected, {}, b"{}", message.signature)
    later = cose.Sign1(
        issuer.message(_15={1: "a", 2: "b"}).protected, {}, message.payload, message.signature
    )
    for changed in (other, later):
        with refused("signature.invalid", VerificationError):
            verify_statement(signed_statement.parse(cose.format(changed)), issuer.public)
    thief = Issuer(algorithm=issuer.algorithm, secret=b"thief")
    with refused("signature.invalid", VerificationError):
        verify_statement(signed_statement.parse(issuer.statement()), thief.public)


def test_algorithms_are_not_mixed_up() -> None:
    """A statement that says one algorithm is not checked by a key of the other."""
    for issuer, other in ((ES256, EDDSA), (EDDSA, ES256)):
        with refused("signature.algorithm", VerificationError):
            verify_statement(signed_statement.parse(issuer.statement()), other.public)


@pytest.mark.parametrize("public", [bytes(64), b"\xff" * 64, b"\1" * 64])
def test_a_point_off_the_curve_verifies_nothing(public: bytes) -> None:
    """A public key that is no point of P-256 is no key."""
    with refused("signature.invalid", VerificationError):
        verify_message(PublicKey("ES256", public), b"m", ES256.sign(b"m"))


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, ES256.sign(b"m")[:32] + bytes(32)])
def test_numbers_out_of_range(signature: bytes) -> None:
    """Zero and what is larger than the order are no signature."""
    with refused("signature.invalid", VerificationError):
        verify_message(ES256.public, b"m", signature)


def test_lengths() -> None:
    """A signature has its length."""
    for issuer in (ES256, EDDSA):
        with refused("signature.length", VerificationError):
            verify_message(issuer.public, b"m", issuer.sign(b"m")[:-1])


def test_an_unknown_key_is_not_the_logs() -> None:
    """A statement whose key is none of the log's is left to others."""
    assert own_signer(Keyring(), 0, signed_statement.parse(ES256.statement())) is None
    named = Issuer(algorithm="EdDSA", kid=bytes.fromhex(keyid_of(EDDSA.public.public)))
    assert own_signer(Keyring(), 0, signed_statement.parse(named.statement())) is None

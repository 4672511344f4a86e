"""Who signed a digest, as the EVM's ecrecover says it, with nothing installed."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_keys.datatypes import Signature
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import VerificationError
from counterfoil.proofs.secp256k1 import recover_address

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
digests = st.binary(min_size=32, max_size=32)


@given(st.integers(1, N - 1), digests)
def test_every_signature(key: int, digest: bytes) -> None:
    """Whatever a key signs is found to be its own."""
    account = Account.from_key(key.to_bytes(32, "big"))
    signature = bytes(Account.unsafe_sign_hash(digest, account.key).signature)
    assert recover_address(digest, signature) == bytes.fromhex(account.address[2:])


@given(digests, st.integers(1, N - 1), st.integers(1, N // 2), st.sampled_from([27, 28]))
def test_any_numbers(digest: bytes, r: int, s: int, v: int) -> None:
    """For numbers that nobody signed with, it says what another implementation says."""
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])
    try:
        theirs = Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest)
        expected = theirs.to_canonical_address()
    except Exception:  # whatever eth-keys raises where there is no key
        with pytest.raises(VerificationError):
            recover_address(digest, signature)
        return
    assert recover_address(digest, signature) == expected


def changed(r: int = 1, s: int = 1, v: int = 27, cut: int = 65) -> bytes:
    return (r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v]))[:cut]


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        changed(cut=64),
        changed() + b"\0",
        *(changed(v=v) for v in (0, 1, 26, 29, 255)),
        *(changed(r=r) for r in (0, N, 2**256 - 1)),
        *(changed(s=s) for s in (0, N // 2 + 1, N)),
        changed(r=5),  # not on the curve
    ],
    ids=range(15),
)
def test_other_forms(signature: bytes) -> None:
    """A signature has one form; every other is refused, also one that ECDSA would take."""
    with pytest.raises(VerificationError) as caught:
        recover_address(bytes(32), signature)
    assert caught.value.code == "signature.account"


def test_the_point_at_infinity() -> None:
    """A signature whose key would be no point is nobody's."""
    # r G's x and s chosen so that s R = z G: the sum is nowhere
    gx = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
    digest = (7).to_bytes(32, "big")
    with pytest.raises(VerificationError):
        recover_address(digest, changed(r=gx, s=7, v=27))

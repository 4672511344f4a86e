"""What we say is signed is what DSSE signs: its own example verifies over our encoding."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil.errors import InputError
from counterfoil.formats import envelope
from counterfoil.formats.envelope import pae
from tests.shared_data import data_path


def example() -> dict[str, Any]:
    """Read the example of the DSSE protocol document."""
    found: dict[str, Any] = json.loads(
        (data_path("vectors_checkpoint_note") / "dsse.json").read_bytes()
    )
    return found


def verify(vector: dict[str, Any], message: bytes) -> None:
    """Verify the example's ECDSA signature over a message."""
    key = ec.EllipticCurvePublicNumbers(
        int(vector["key"]["x"]), int(vector["key"]["y"]), ec.SECP256R1()
    ).public_key()
    raw = b64decode(vector["envelope"]["signatures"][0]["sig"])
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))


def test_our_encoding_is_what_is_signed() -> None:
    """The example's signature verifies over our pre-authentication encoding of its envelope."""
    vector = example()
    wrapped = vector["envelope"]
    message = pae(wrapped["payloadType"], b64decode(wrapped["payload"]))
    assert message == vector["pae"].encode()
    verify(vector, message)


def test_no_other_encoding_is() -> None:
    """The signature does not verify over the payload alone, or with another type."""
    vector = example()
    payload = b64decode(vector["envelope"]["payload"])
    for message in (payload, pae("http://example.com/HelloWorlD", payload), pae("", payload)):
        with pytest.raises(InvalidSignature):
            verify(vector, message)


def test_the_example_is_no_entry_of_ours() -> None:
    """Its envelope has no key id and an ECDSA signature: a log takes Ed25519 by named keys only."""
    with pytest.raises(InputError):
        envelope.parse(json.dumps(example()["envelope"], separators=(",", ":")).encode())

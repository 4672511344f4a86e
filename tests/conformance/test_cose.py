"""COSE as others have it: the working group's examples, and pycose in both directions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from pycose.algorithms import EdDSA, Es256
from pycose.headers import KID, Algorithm, ContentType
from pycose.keys.ec2 import EC2Key
from pycose.keys.okp import OKPKey
from pycose.messages.cosemessage import CoseMessage
from pycose.messages.sign1message import Sign1Message

import counterfoil
from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import cbor, cose, cose_key, cose_receipt, signed_statement
from counterfoil.formats.cbor import Tagged
from counterfoil.formats.cose_key import PublicKey
from counterfoil.proofs.cose import verify_message, verify_statement
from counterfoil.proofs.merkle import leaf_hash, root_from_inclusion
from tests.cose_made import PAYLOAD, SUBJECT, VENDOR, Issuer, introduce
from tests.ledgers import copy_ledger, merkle_tree
from tests.shared_data import data_path

NAMES = [
    *(f"eddsa-examples/eddsa-{name}" for name in ("01", "02", "sig-01", "sig-02")),
    *(f"sign-tests/sign-pass-0{number}" for number in (1, 2, 3)),
    *(f"sign1-tests/sign-pass-0{number}" for number in (1, 2, 3)),
]
ED448 = {"eddsa-examples/eddsa-02", "eddsa-examples/eddsa-sig-02"}
UNTAGGED = {"sign-tests/sign-pass-03", "sign1-tests/sign-pass-03"}


def vector(name: str) -> dict[str, Any]:
    """Read an example."""
    found: dict[str, Any] = json.loads((data_path("vectors_cose") / f"{name}.json").read_bytes())
    return found


def coordinate(text: str) -> bytes:
    """Decode one of an example's numbers."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signatures(data: bytes, external: bytes) -> Iterator[tuple[bytes, dict[Any, Any], bytes]]:
    """List what each signature of a message is over, its headers and the signature."""
    value = cbor.parse(data)
    if isinstance(value, Tagged):
        assert value.number in (18, 98)
        value = value.value
    protected, unprotected, payload, last = value
    if isinstance(last, bytes):
        headers = cose.headers_of(protected) | unprotected
        yield cose.to_be_signed(protected, payload, external=external), headers, last
        return
    for own, beside, signature in last:
        message = cose.to_be_signed(protected, payload, external=external, signer=own)
        yield message, cose.headers_of(own) | beside, signature


def holds(key: dict[str, Any], headers: dict[Any, Any], message: bytes, signature: bytes) -> None:
    """Check a signature with an example's key; raises where it does not hold."""
    if key["crv"] == "Ed448":  # an algorithm that is refused, so checked by another library
        try:
            Ed448PublicKey.from_public_bytes(bytes.fromhex(key["x_hex"])).verify(signature, message)
        except InvalidSignature as err:
            raise VerificationError("signature.invalid", "expected a signature") from err
        return
    if key["crv"] == "Ed25519":
        public = PublicKey("EdDSA", bytes.fromhex(key["x_hex"]))
    else:
        public = PublicKey("ES256", coordinate(key["x"]) + coordinate(key["y"]))
    assert cose.algorithm_of(headers) == public.algorithm
    verify_message(public, message, signature)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_the_working_group(name: str) -> None:
    """Each example says that it passes: what we say is signed is what it says, and it holds."""
    found = vector(name)
    assert "fail" not in found
    several = "sign" in found["input"]
    signers = found["input"]["sign"]["signers"] if several else [found["input"]["sign0"]]
    expected = found["intermediates"]
    stated = expected["signers"] if several else [expected]
    data = bytes.fromhex(found["output"]["cbor"])
    listed = list(signatures(data, bytes.fromhex(signers[0].get("external", ""))))
    assert len(listed) == len(signers) == len(stated)
    for (message, headers, signature), signer, said in zip(listed, signers, stated, strict=True):
        assert message == bytes.fromhex(said["ToBeSign_hex"])
        holds(signer["key"], headers, message, signature)
        with pytest.raises(VerificationError):
            holds(signer["key"], headers, message + b"\0", signature)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_as_a_sign1(name: str) -> None:
    """Tagged messages with one signature are read and written as they are; others are refused."""
    data = bytes.fromhex(vector(name)["output"]["cbor"])
    if ("sign1" in name or "sig-" in name) and name not in UNTAGGED:
        assert cose.format(cose.parse(data)) == data
        return
    with pytest.raises(InputError, match="expected a COSE_Sign1"):
        cose.parse(data)


def pycose_key(public: PublicKey) -> EC2Key | OKPKey:
    """Make pycose's key of a public key, from the COSE_Key that we write."""
    data = cbor.format(cose_key.cose_key(public, b"k"))
    kind = OKPKey if public.algorithm == "EdDSA" else EC2Key
    return kind.from_dict(
        {label: value for label, value in cbor2.loads(data).items() if label != 2}
    )


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_pycose_reads_what_we_write(algorithm: str) -> None:
    """A statement of ours verifies in pycose, with our COSE_Key, and a changed one does not."""
    issuer = Issuer(algorithm=algorithm)
    theirs = CoseMessage.decode(issuer.statement())
    assert isinstance(theirs, Sign1Message)
    theirs.key = pycose_key(issuer.public)
    assert theirs.verify_signature()
    assert theirs.payload == PAYLOAD
    theirs.payload = PAYLOAD + b" "
    assert not theirs.verify_signature()


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_we_read_what_pycose_writes(algorithm: str, tmp_path: Path) -> None:
    """A statement that pycose signs is registered, and its receipt verifies in pycose."""
    issuer = Issuer(algorithm=algorithm)
    if algorithm == "EdDSA":
        secret = issuer.private.private_bytes_raw()
        signer: Any = OKPKey(crv="ED25519", x=issuer.public.public, d=secret)
    else:
        number = issuer.private.private_numbers().private_value
        x, y = issuer.public.public[:32], issuer.public.public[32:]
        signer = EC2Key(crv="P_256", x=x, y=y, d=number.to_bytes(32, "big"))
    theirs = Sign1Message(
        phdr={
            Algorithm: EdDSA if algorithm == "EdDSA" else Es256,
            ContentType: "application/json",
            KID: issuer.kid,
            15: {1: VENDOR, 2: SUBJECT},
        },
        uhdr={},
        payload=PAYLOAD,
    )
    theirs.key = signer
    data = theirs.encode()
    verify_statement(signed_statement.parse(data), issuer.public)
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        introduce(ledger, issuer)
        index = ledger.scitt.register(data).index
        transparent, entries = ledger.scitt.transparent(index), list(ledger.entries())
        key = ledger.scitt.key()
    statement = CoseMessage.decode(transparent)
    assert isinstance(statement, Sign1Message)
    statement.key = pycose_key(issuer.public)
    assert statement.verify_signature()
    (receipt,) = (value for label, value in statement.uhdr.items() if label == 394)
    assert_proven(receipt[0], data, index, entries, key)


def test_receipts_of_every_entry(tmp_path: Path) -> None:
    """The receipt of each entry, of whatever kind, verifies in pycose over pymerkle's root."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        introduce(ledger, Issuer())
        ledger.record_many([{"row": number} for number in range(5)])
        ledger.scitt.register(Issuer().statement())
        entries, key = list(ledger.entries()), ledger.scitt.key()
        for index, entry in enumerate(entries):
            assert_proven(ledger.scitt.receipt(index), entry, index, entries, key)


def assert_proven(
    data: bytes, entry: bytes, index: int, entries: list[bytes], key: PublicKey
) -> None:
    """Check a receipt with libraries that are not ours: cbor2, pycose and pymerkle."""
    receipt = CoseMessage.decode(data)
    assert isinstance(receipt, Sign1Message)
    labels = {getattr(label, "identifier", label): value for label, value in receipt.phdr.items()}
    assert labels[395] == 1
    assert receipt.payload is None
    proofs = next(value for label, value in receipt.uhdr.items() if label == 396)
    size, stated, path = cbor2.loads(proofs[-1][0])
    assert (stated, size) == (index, labels["counterfoil.size"])
    root = merkle_tree(entries).get_root(size)
    assert root_from_inclusion(leaf_hash(entry), stated, size, path) == root
    receipt.key = pycose_key(key)
    assert receipt.verify_signature(detached_payload=root)
    assert not receipt.verify_signature(detached_payload=bytes(32))
    assert cose_receipt.parse(data).origin == labels[15][1]

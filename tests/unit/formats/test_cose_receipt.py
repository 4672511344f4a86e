"""A COSE receipt reads back as itself, and is nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import cbor, cose, cose_receipt
from counterfoil.formats.cose import Sign1
from counterfoil.formats.cose_receipt import CoseReceipt, protected_header
from tests.cose_made import Issuer
from tests.statements import refused

PROTECTED = protected_header("log.example/1", "pkg:x", 5, bytes(32))
RECEIPT = CoseReceipt(
    PROTECTED, "log.example/1", "pkg:x", 5, 5, 4, (b"\1" * 32,), bytes(64), b"note", b"entry"
)


def changed(
    proof: Any = None, vdp: Any = None, payload: bytes | None = None, sig: int = 64, **headers: Any
) -> bytes:
    """Make a receipt with something in it changed."""
    protected = cbor.parse(PROTECTED)
    protected |= {int(label[1:]): value for label, value in headers.items() if label != "size"}
    if "size" in headers:
        protected["counterfoil.size"] = headers["size"]
    protected = {label: value for label, value in protected.items() if value is not None}
    proofs = (
        {-1: [cbor.format([5, 4, [bytes(32)]] if proof is None else proof)]} if vdp is None else vdp
    )
    return cose.format(Sign1(cbor.format(protected), {396: proofs}, payload, bytes(sig)))


def test_a_receipt_reads_back() -> None:
    """With and without what travels beside the proof, it reads back as itself."""
    bare = replace(RECEIPT, checkpoint=None, entry=None)
    for receipt in (RECEIPT, bare, replace(bare, path=(), size=1, index=0)):
        data = cose_receipt.format(receipt)
        assert cose_receipt.parse(data) == receipt
        assert cose_receipt.is_receipt(cose.parse(data))
    assert not cose_receipt.is_receipt(Issuer().message())


def test_labels_are_those_of_the_standard() -> None:
    """Tree, proofs and claims stand where RFC 9942 and RFC 9597 say."""
    message = cose.parse(cose_receipt.format(RECEIPT))
    headers = cose.headers_of(message.protected)
    assert (headers[1], headers[395], headers[15]) == (-8, 1, {1: "log.example/1", 2: "pkg:x"})
    assert len(headers[4]) == 32
    (proof,) = message.unprotected[396][-1]
    assert cbor.parse(proof) == [5, 4, [b"\1" * 32]]
    assert message.payload is None


@pytest.mark.parametrize(
    "changes",
    [
        {"_395": None}, {"_395": 2}, {"_395": True}, {"_1": -7}, {"sig": 63},
        {"payload": bytes(32)},
        {"_2": [395]}, {"_15": None}, {"_15": {1: "a"}}, {"_15": {1: b"a", 2: "b"}},
        {"size": "5"}, {"vdp": []}, {"vdp": {}}, {"vdp": {-1: []}}, {"vdp": {-1: [b"", b""]}},
        {"vdp": {-1: ["x"]}}, {"proof": {}}, {"proof": [5, 4]}, {"proof": [5, 5, []]},
        {"proof": [5, -1, []]}, {"proof": [5, True, []]}, {"proof": [1 << 63, 0, []]},
        {"proof": [5, 4, b""]}, {"proof": [5, 4, [bytes(31)]]}, {"proof": [5, 4, ["x"]]},
        {"proof": [5, 4, [bytes(32)] * 64]},
    ],
    ids=str,
)  # fmt: skip
def test_other_messages_are_refused(changes: dict[str, Any]) -> None:
    """Another tree, algorithm, claim, root or proof makes it no receipt of ours."""
    assert cose_receipt.parse(changed()).index == 4
    with refused("cose.receipt"):
        cose_receipt.parse(changed(**changes))


def test_what_travels_beside_is_bytes() -> None:
    """A checkpoint or entry of another type is refused."""
    message = cose.parse(changed())
    for label in ("counterfoil.checkpoint", "counterfoil.entry"):
        with refused("cose.receipt"):
            cose_receipt.parse(
                cose.format(replace(message, unprotected={**message.unprotected, label: "text"}))
            )


def test_a_transparent_statement() -> None:
    """A statement carries receipts where the standard says, and without them is itself."""
    entry, receipt = Issuer().statement(), cose_receipt.format(RECEIPT)
    data = cose_receipt.attach(entry, [receipt, receipt])
    message = cose.parse(data)
    assert cose_receipt.attached(message) == (receipt, receipt)
    assert message.unprotected == {394: [receipt, receipt]}
    assert cose.format(replace(message, unprotected={})) == entry
    assert cose_receipt.attached(cose.parse(entry)) == ()
    with refused("scitt.unprotected"):
        cose_receipt.attach(data, [receipt])


@pytest.mark.parametrize("value", [b"x", ["x"], [b"x"] * 17, {}])
def test_other_values_are_no_receipts(value: Any) -> None:
    """Receipts come as a short list of bytes."""
    with refused("cose.receipt"):
        cose_receipt.attached(Issuer().message(unprotected={394: value}))


@given(st.integers(0, 200), st.integers(0, 255))
def test_any_changed_byte(at: int, byte: int) -> None:
    """A changed byte is refused with InputError, or is another receipt in its one form."""
    data = bytearray(cose_receipt.format(RECEIPT))
    data[at % len(data)] = byte
    try:
        found = cose_receipt.parse(bytes(data))
    except InputError:
        return
    assert cose_receipt.parse(cose_receipt.format(found)) == found

"""SCITT over HTTP: statements in, receipts out, keys to check them by, and errors in CBOR."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from pycose.keys.okp import OKPKey
from pycose.messages.cosemessage import CoseMessage
from pycose.messages.sign1message import Sign1Message

from counterfoil.formats import cbor, cose, cose_key, cose_receipt
from counterfoil.proofs.cose_receipt import verify_cose_receipt
from counterfoil.proofs.merkle import leaf_hash, root_from_inclusion
from tests.cose_made import SUBJECT, Issuer, introduce
from tests.guarded import Answer, Browser, GuardedNode

ISSUER = Issuer()
COSE = "application/cose"
CONCISE = "application/concise-problem-details+cbor"


def send(node: GuardedNode, key: str, body: bytes, **headers: str) -> Answer:
    """Register a statement."""
    given = {"content-type": COSE} | {name.replace("_", "-"): v for name, v in headers.items()}
    if key:
        given["authorization"] = f"Bearer {key}"
    return Browser(node.url).send("POST", "/entries", body, given)


def told(answer: Answer) -> tuple[int, str]:
    """Read a concise problem: status and title; its detail ends with a code."""
    assert answer.headers["content-type"] == CONCISE
    found: dict[int, Any] = cbor.parse(answer.body)
    assert found[-4] == answer.status
    assert "[" in found[-2]
    return answer.status, found[-1]


def test_a_statement_and_its_receipt(node: GuardedNode) -> None:
    """It is registered once, each time answered with a receipt that pycose verifies by our key."""
    introduce(node.ledger, ISSUER)
    writer, reader = node.key("writer"), node.key("reader")
    first = send(node, writer, ISSUER.statement())
    assert (first.status, first.headers["content-type"]) == (201, COSE)
    place = first.headers["location"]
    again = send(node, writer, ISSUER.statement(unprotected={"x": 1}))
    assert (again.status, again.headers["location"]) == (201, place)
    got = node.ask(place.removeprefix(node.url), reader)
    assert (got.status, got.headers["location"]) == (200, place)
    index = int(place.rpartition("/")[2])
    for body in (first.body, again.body, got.body):
        proven = verify_cose_receipt(
            cose_receipt.parse(body), ISSUER.statement(), node.ledger.policy
        )
        assert proven.index == index
    (key,) = cbor.parse(node.ask("/.well-known/scitt-keys").body)
    receipt = CoseMessage.decode(got.body)
    assert isinstance(receipt, Sign1Message)
    parsed = cose_receipt.parse(got.body)
    assert (parsed.subject, cose.headers_of(parsed.protected)[4]) == (SUBJECT, key[2])
    root = root_from_inclusion(
        leaf_hash(ISSUER.statement()), parsed.index, parsed.size, parsed.path
    )
    receipt.key = OKPKey(crv="ED25519", x=key[-2])
    assert receipt.verify_signature(detached_payload=root)


def test_receipts_are_found_by_place_and_by_leaf(node: GuardedNode) -> None:
    """An entry is named by index or leaf; its statement can come with the receipt in it."""
    introduce(node.ledger, ISSUER)
    done = node.ledger.scitt.register(ISSUER.statement())
    reader = node.key("reader")
    asked = "application/scitt-statement+cose"
    found = node.ask(f"/entries/{done.leaf}", reader, accept=asked)
    assert (found.status, found.headers["content-type"]) == (200, asked)
    (receipt,) = cose_receipt.attached(cose.parse(found.body))
    assert cose_receipt.parse(receipt).index == done.index
    named = node.ask(f"/entries/{done.index}", reader, accept="application/scitt-receipt+cose")
    assert named.headers["content-type"] == "application/scitt-receipt+cose"
    plain = node.ask("/entries/0", reader)
    assert cose_receipt.parse(plain.body).entry == node.ledger.entry(0)
    assert told(node.ask("/entries/0", reader, accept=asked))[0] == 400


def test_whoever_does_not_wait_is_told_where_to_look(node: GuardedNode) -> None:
    """Who prefers not to wait gets a locator, and the receipt there."""
    introduce(node.ledger, ISSUER)
    writer, reader = node.key("writer"), node.key("reader")
    answer = send(node, writer, ISSUER.statement(), prefer="respond-async")
    assert (answer.status, answer.body) == (303, b"")
    assert answer.headers["retry-after"] == "1"
    place = answer.headers["location"].removeprefix(node.url)
    assert node.ask(place, reader).status == 200


def changed(payload: bytes | None = b"{}") -> bytes:
    """Change a statement after it was signed."""
    message = ISSUER.message()
    return cose.format(cose.Sign1(message.protected, {}, payload, message.signature))


@pytest.mark.parametrize(
    ("body", "status", "title"),
    [
        (b"", 400, "Malformed request"),
        (b"\xd2\x84", 400, "Malformed request"),
        (b"{}", 400, "Malformed request"),
        (bytes(2 << 20), 413, "Malformed request"),
        (ISSUER.statement(_15=None), 400, "Malformed request"),
        (ISSUER.statement(_1=-35), 400, "Bad Signature Algorithm"),
        (changed(None), 400, "Payload Missing"),
        (changed(), 400, "Rejected"),
        (Issuer(kid=b"k2").statement(), 400, "Rejected"),
        (Issuer("https://else.example").statement(), 400, "Rejected"),
        (Issuer(secret=b"thief").statement(), 400, "Rejected"),
    ],
    ids=range(11),
)
def test_what_is_refused(node: GuardedNode, body: bytes, status: int, title: str) -> None:
    """What is no statement, or none of a known key, is told in CBOR; nothing is recorded."""
    introduce(node.ledger, ISSUER)
    writer = node.key("writer")
    size = node.ledger.size
    assert told(send(node, writer, body)) == (status, title)
    assert node.ledger.size == size


def test_a_revoked_issuer_is_rejected(node: GuardedNode) -> None:
    """From the entry that revokes its key on, an issuer registers nothing."""
    introduce(node.ledger, ISSUER)
    writer = node.key("writer")
    node.ledger.scitt.distrust(ISSUER.name, ISSUER.key)
    assert told(send(node, writer, ISSUER.statement())) == (400, "Rejected")


def test_other_bodies(node: GuardedNode) -> None:
    """Another media type is not looked into."""
    answer = send(node, node.key("writer"), ISSUER.statement(), content_type="application/json")
    assert told(answer) == (415, "Malformed request")


def test_locators(node: GuardedNode) -> None:
    """Places that are none, and entries that are not there, are told apart."""
    reader = node.key("reader")
    assert told(node.ask("/entries/none", reader)) == (400, "Invalid locator")
    assert told(node.ask("/entries/999999", reader)) == (404, "Not Found")
    assert told(node.ask(f"/entries/{'0' * 64}", reader)) == (404, "Not Found")


def test_keys_are_open_to_all(node: GuardedNode) -> None:
    """Anybody may fetch the key by which receipts are checked, as a set and by its id."""
    listed = node.ask("/.well-known/scitt-keys")
    assert (listed.status, listed.headers["content-type"]) == (200, "application/cbor")
    (key,) = cbor.parse(listed.body)
    public, kid = cose_key.read_cose_key(cbor.format(key))
    assert public == node.ledger.scitt.key()
    assert kid == cose_key.thumbprint(public)
    name = urlsafe_b64encode(kid).decode().rstrip("=")
    one = node.ask(f"/.well-known/scitt-keys/{name}")
    assert (one.status, cbor.parse(one.body)) == (200, key)
    for other in (name[:-1], "x", name + "="):
        assert told(node.ask(f"/.well-known/scitt-keys/{other}")) == (404, "No such key")


def test_who_may(node: GuardedNode) -> None:
    """Nobody without a key registers or reads; each needs its own role, scope and series."""
    introduce(node.ledger, ISSUER)
    body = ISSUER.statement()
    writer, reader = node.key("writer"), node.key("reader")
    narrow = node.key("writer", scopes=("record",))
    bound = node.key("writer", sources=("till",))
    size = node.ledger.size
    assert told(send(node, "", body)) == (401, "Unauthenticated")
    for key in (reader, narrow, bound):
        assert told(send(node, key, body)) == (403, "Refused")
    assert "www-authenticate" in node.ask("/entries/0").headers
    assert told(node.ask("/entries/0", writer))[0] == 403
    assert [view.kind for view in node.ledger.views(size)] in ([], ["access-refusal"])


def test_only_what_is_registered_counts(node: GuardedNode) -> None:
    """A day's quota is used by statements that are new, not by repeated or rejected ones."""
    introduce(node.ledger, ISSUER)
    key = node.key("writer", quota=2)
    for body in (changed(), ISSUER.statement(), ISSUER.statement(), ISSUER.statement(b"[]")):
        send(node, key, body)
    last = send(node, key, ISSUER.statement(b"[1]"))
    assert told(last) == (429, "Too Many Requests")
    assert int(last.headers["retry-after"]) >= 1
    kinds = [view.kind for view in node.ledger.views()]
    assert kinds.count("signed-statement") == 2

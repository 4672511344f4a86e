"""Signed statements: registered by known keys, taken away with receipts, verified anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from counterfoil.errors import Conflict, InputError, NotFound, VerificationError
from counterfoil.formats import cbor, cose, cose_key, cose_receipt
from counterfoil.ledger import open_ledger
from counterfoil.ops import receipts, scitt, verification
from counterfoil.ops.kinds import kind_of
from counterfoil.ops.receipt_files import parse_receipt
from counterfoil.ports import STANDARD_STREAM, Channel, Document
from tests.cose_made import SUBJECT, VENDOR, Issuer
from tests.statements import refused

ISSUER = Issuer()
Kept = Callable[[bytes, str], Path]


@pytest.fixture
def keep(tmp_path: Path) -> Kept:
    """Write a file."""

    def write(data: bytes, name: str) -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


def pem(key: object) -> bytes:
    """Write a public key in PEM."""
    found: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]  # of any kind
    return found


def registered(shop: Path, keep: Kept, channel: Channel) -> int:
    """Trust the issuer and register its statement; gives the index."""
    key = keep(pem(ISSUER.private.public_key()), "vendor.pem")
    scitt.trust(VENDOR, key=key, kid="k1", ledger=shop)
    file = keep(ISSUER.statement(), "statement.cose")
    found = scitt.register(file, ledger=shop, channel=channel)
    assert (found.issuer, found.subject, found.duplicate) == (VENDOR, SUBJECT, False)
    return found.index


def test_a_life_of_an_issuer(shop: Path, keep: Kept, channel: Channel) -> None:
    """A key is added, its statements are registered, it is listed, and ended."""
    index = registered(shop, keep, channel)
    source = Channel(io.BytesIO(ISSUER.statement()), io.BytesIO())
    again = scitt.register(STANDARD_STREAM, ledger=shop, channel=source)
    assert (again.index, again.duplicate) == (index, True)
    (one,) = scitt.issuers(ledger=shop)
    assert (one.issuer, one.key, one.revoked_at) == (VENDOR, "kid:6b31", None)
    assert cose_key.parse(one.public) == ISSUER.public
    ended = scitt.distrust(VENDOR, one.key, ledger=shop, why="lost")
    (one,) = scitt.issuers(ledger=shop)
    assert one.revoked_at == ended.index
    with refused("scitt.no-key", NotFound):
        scitt.distrust(VENDOR, one.key, ledger=shop)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256"])
def test_keys_come_from_files(shop: Path, keep: Kept, algorithm: str) -> None:
    """PEM, COSE_Key and certificate give the same key, each under the name that it has there."""
    issuer = Issuer(algorithm=algorithm)
    whole = keep(cbor.format(cose_key.cose_key(issuer.public, b"own")), "key.cbor")
    bare = {k: v for k, v in cose_key.cose_key(issuer.public, b"").items() if k != 2}
    files = {
        "kid:" + b"own".hex(): whole,
        "kid:" + cose_key.thumbprint(issuer.public).hex(): keep(
            pem(issuer.private.public_key()), "key.pem"
        ),
    }
    for name, file in files.items():
        scitt.trust(VENDOR, key=file, ledger=shop)
        assert name in [one.key for one in scitt.issuers(ledger=shop)]
    again = scitt.trust(VENDOR, key=keep(cbor.format(bare), "bare.cbor"), ledger=shop)
    assert again.duplicate  # it is named by its thumbprint as well
    other = keep(pem(Issuer(secret=b"other").private.public_key()), "other.pem")
    with refused("scitt.key-twice", Conflict):
        scitt.trust(VENDOR, key=other, kid="own", ledger=shop)
    scitt.trust(VENDOR, key=whole, kid="0x00ff", ledger=shop)
    found = list(scitt.issuers(ledger=shop))
    assert found[-1].key == "kid:00ff"
    assert {cose_key.parse(one.public) for one in found} == {issuer.public}


def test_a_certificate_names_its_key(shop: Path, keep: Kept, channel: Channel) -> None:
    """A statement that names a certificate is registered by the key in it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vendor")])
    made = (
        x509.CertificateBuilder(name, name, ISSUER.private.public_key(), 7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(ISSUER.private, SHA256())
    )
    file = keep(made.public_bytes(Encoding.PEM), "vendor.crt")
    scitt.trust(VENDOR, key=file, ledger=shop)
    digest = made.fingerprint(SHA256())
    statement = keep(ISSUER.statement(_4=None, _34=[-16, digest]), "statement.cose")
    assert not scitt.register(statement, ledger=shop, channel=channel).duplicate


def test_other_files_are_no_keys(shop: Path, keep: Kept) -> None:
    """Private keys, other kinds of keys and noise are refused, and nothing is recorded."""
    private = ISSUER.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    others = {
        "private.pem": private,
        "rsa.pem": pem(rsa.generate_private_key(65537, 2048).public_key()),
        "p384.pem": pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        "noise.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "private.cbor": cbor.format(cose_key.cose_key(ISSUER.public, b"") | {-4: bytes(32)}),
    }
    for name, data in others.items():
        with refused("cose.key"):
            scitt.trust(VENDOR, key=keep(data, name), ledger=shop)
    good = keep(pem(ISSUER.private.public_key()), "good.pem")
    for kid in ("", "0xzz", "x" * 65):
        with refused("scitt.kid"):
            scitt.trust(VENDOR, key=good, kid=kid, ledger=shop)
    assert list(scitt.issuers(ledger=shop)) == []


def test_receipts_in_cose(shop: Path, keep: Kept, channel: Channel, tmp_path: Path) -> None:
    """A receipt needs its statement beside it, a transparent one holds it; both prove the same."""
    index = registered(shop, keep, channel)
    policy, alone, whole = shop / "policy.txt", tmp_path / "r.cose", tmp_path / "t.cose"
    saved = receipts.get(str(index), out=alone, ledger=shop)
    assert isinstance(saved, receipts.Saved)
    assert saved.form == "cose"
    receipts.get(str(index), out=whole, transparent=True, ledger=shop)
    with refused("verify.malformed", VerificationError):
        verification.verify(alone, policy=policy, channel=channel)
    entry = keep(ISSUER.statement(unprotected={"x": 1}), "as-sent.cose")
    for file, given in ((alone, entry), (whole, None)):
        proven = verification.verify(file, policy=policy, entry=given, channel=channel)
        assert (proven.grade, proven.index) == ("self-witnessed", index)
        assert proven.signer is None
        assert proven.record["issuer"] == VENDOR
        assert proven.seen is not None
        shown = receipts.show(file, channel=channel)
        assert (shown.index, shown.size, shown.root) == (index, proven.size, proven.root)
        assert shown.signed_by[0] == proven.origin
    other = keep(Issuer(name="https://else.example").statement(), "other.cose")
    with pytest.raises(VerificationError):
        verification.verify(alone, policy=policy, entry=other, channel=channel)


def test_a_record_in_a_cose_receipt(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """The receipt of any entry can be one in COSE; it then carries the entry."""
    with open_ledger(shop) as ledger:
        index = ledger.record({"n": 1}).index
    receipts.get(str(index), out=tmp_path / "r.cose", ledger=shop)
    proven = verification.verify(tmp_path / "r.cose", policy=shop / "policy.txt", channel=channel)
    assert (proven.index, proven.record["content"], proven.form) == (index, {"n": 1}, "cose")
    with refused("scitt.not-cose"):
        receipts.get(str(index), out=tmp_path / "t.cose", transparent=True, ledger=shop)
    assert not (tmp_path / "t.cose").exists()


def test_a_bare_receipt_is_worth_less(
    shop: Path, tmp_path: Path, keep: Kept, channel: Channel
) -> None:
    """Without the cosigned checkpoint a policy with a witness is not met; one without is."""
    with open_ledger(shop) as ledger:
        index, policy = ledger.record({"n": 1}).index, (shop / "policy.txt").read_text()
    receipts.get(str(index), out=tmp_path / "r.cose", ledger=shop)
    message = cose.parse((tmp_path / "r.cose").read_bytes())
    left = dict(message.unprotected)
    del left["counterfoil.checkpoint"]
    bare = keep(
        cose.format(cose.Sign1(message.protected, left, None, message.signature)), "bare.cose"
    )
    with refused("trust.quorum", VerificationError):
        verification.verify(bare, policy=shop / "policy.txt", channel=channel)
    alone = "\n".join(line for line in policy.splitlines() if line.startswith("log"))
    trusted = keep(f"{alone}\nquorum none\n".encode(), "alone.txt")
    proven = verification.verify(bare, policy=trusted, channel=channel)
    assert (proven.grade, proven.seen) == ("signed by the log alone", None)
    shown = receipts.show(bare, channel=channel)
    assert shown.root == proven.root


def test_forms_are_told_apart(shop: Path, keep: Kept, channel: Channel, tmp_path: Path) -> None:
    """One form at a time; a name that says another is refused; rows are for JSON and HTML."""
    index = str(registered(shop, keep, channel))
    for more in ({"html": True, "cose": True}, {"tlog_proof": True, "transparent": True}):
        with refused("receipt.form"):
            receipts.get(index, out=tmp_path / "x", ledger=shop, **more)
    with refused("file.ending"):
        receipts.get(index, out=tmp_path / "x.json", cose=True, ledger=shop)
    with refused("file.ending"):
        receipts.get(index, out=tmp_path / "x.cose", html=True, ledger=shop)
    with refused("receipt.proof-row"):
        receipts.get(index, out=tmp_path / "x.cose", row=0, ledger=shop)
    both = receipts.get(index, out=STANDARD_STREAM, cose=True, transparent=True, ledger=shop)
    assert isinstance(both, Document)
    assert both.media_type == "application/cose"
    form, found = parse_receipt(b"".join(both.chunks))
    assert (form, isinstance(found, tuple)) == ("cose-statement", True)


def test_a_statement_without_receipts(keep: Kept, channel: Channel, shop: Path) -> None:
    """A statement is no receipt, whatever else it carries; and it is known for what it is."""
    plain = ISSUER.statement()
    foreign = ISSUER.statement(unprotected={394: [b"\xd2\x84\x40\xa0\xf6\x40"]})
    for data in (plain, foreign):
        with refused("receipt.none"):
            parse_receipt(data)
    kind = kind_of(plain)
    assert kind is not None
    assert kind.words == "a signed statement"
    with pytest.raises(InputError) as told:
        verification.verify(keep(plain, "s.cose"), policy=shop / "policy.txt", channel=channel)
    assert told.value.code == "file.kind"


def test_several_receipts(shop: Path, keep: Kept, channel: Channel, tmp_path: Path) -> None:
    """Of a statement's receipts, that of a log of the reader's policy counts."""
    index = registered(shop, keep, channel)
    receipts.get(str(index), out=tmp_path / "r.cose", ledger=shop)
    ours = (tmp_path / "r.cose").read_bytes()
    message = cose.parse(ours)
    headers = cose.headers_of(message.protected) | {15: {1: "other.example/log", 2: "x"}}
    theirs = cose.format(
        cose.Sign1(cbor.format(headers), message.unprotected, None, message.signature)
    )
    file = keep(cose_receipt.attach(ISSUER.statement(), [theirs, ours]), "both.cose")
    assert verification.verify(file, policy=shop / "policy.txt", channel=channel).index == index
    file = keep(cose_receipt.attach(ISSUER.statement(), [theirs]), "theirs.cose")
    with refused("trust.unknown-log", VerificationError):
        verification.verify(file, policy=shop / "policy.txt", channel=channel)


def test_the_json_receipt_proves_who(
    shop: Path, keep: Kept, channel: Channel, tmp_path: Path
) -> None:
    """A JSON receipt proves whose statement it is: by a key that the log's owner stated before."""
    index = registered(shop, keep, channel)
    receipts.get(str(index), out=tmp_path / "r.json", ledger=shop)
    proven = verification.verify(tmp_path / "r.json", policy=shop / "policy.txt", channel=channel)
    assert (proven.form, proven.index) == ("json", index)
    assert proven.signer is not None
    assert (proven.signer.organisation, proven.signer.keyid) == (VENDOR, "kid:6b31")

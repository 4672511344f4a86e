"""Statements are registered by keys that the log knows, shown as they are, and proven."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import Conflict, InputError, NotFound, Refused, VerificationError
from counterfoil.formats import cose, cose_key, cose_receipt, json_text
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.entry import CoseEntry
from counterfoil.formats.entry import parse as parse_entry
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.predicates import IssuerKey
from counterfoil.formats.receipt import EntryProof
from counterfoil.ledger import Ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ledger.export.rows import rows
from counterfoil.ledger.issuers import PREFIX, counter_of
from counterfoil.ledger.recover import recover
from counterfoil.ledger.scitt.registering import register_statement
from counterfoil.proofs.cose_receipt import verify_cose_receipt
from tests.cose_made import SUBJECT, VENDOR, Issuer, introduce
from tests.ledgers import OWNER, copy_ledger, envelope_by, key_of, parts_of, prove
from tests.statements import payload_of, refused

ISSUER = Issuer()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a ledger."""
    return copy_ledger(tmp_path / "ledger")


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    """Open it."""
    with counterfoil.open(folder) as opened:
        yield opened


def own(folder: Path, name: str = OWNER) -> bytes:
    """Make a statement by the ledger's own producer key."""
    key = key_of(folder)
    issuer = Issuer(name, "EdDSA", bytes.fromhex(key.keyid))
    protected = issuer.message().protected
    signature = key.sign(cose.to_be_signed(protected, b"{}"))
    return cose.format(cose.Sign1(protected, {}, b"{}", signature))


def audited(folder: Path) -> AuditReport:
    """Audit the whole ledger."""
    return audit(folder, full=True)


def test_a_statement_of_a_known_issuer(ledger: Ledger) -> None:
    """It is registered once, by whichever signature and with whatever came beside it."""
    introduce(ledger, ISSUER)
    first = ledger.scitt.register(ISSUER.statement())
    assert (first.issuer, first.subject, first.duplicate) == (VENDOR, SUBJECT, False)
    message = ISSUER.message(unprotected={"x": 1})
    twin = cose.Sign1(
        message.protected, {}, message.payload, ISSUER.other_signature(message.signature)
    )
    for again in (ISSUER.statement(), cose.format(message), cose.format(twin)):
        found = ledger.scitt.register(again)
        assert (found.index, found.leaf, found.duplicate) == (first.index, first.leaf, True)
    assert ledger.entry(first.index) == ISSUER.statement()
    assert ledger.size == first.index + 1


def test_a_key_of_the_log_itself(ledger: Ledger, folder: Path) -> None:
    """The log's own organisation signs by its key id, and only in its own name."""
    index = ledger.scitt.register(own(folder)).index
    proven = prove(ledger, index)
    assert (proven.signer.organisation, proven.signer.role) == (OWNER, "producer")
    with refused("statement.issuer", VerificationError):
        ledger.scitt.register(own(folder, VENDOR))


def test_a_key_of_the_log_that_ended(ledger: Ledger, folder: Path) -> None:
    """A key that the organisation has replaced registers nothing more."""
    late = own(folder)
    ledger.key_admin.rotate("a year is over")
    with refused("key.ended", VerificationError):
        ledger.scitt.register(late)


def test_the_registration_policy(ledger: Ledger) -> None:
    """Unknown issuers, keys of another issuer, forged and revoked ones are refused, by name."""
    with refused("scitt.issuer", Refused):
        ledger.scitt.register(ISSUER.statement())
    introduce(ledger, ISSUER)
    size = ledger.size
    for other in (Issuer("https://else.example"), Issuer(kid=b"k2")):
        with refused("scitt.issuer", Refused):
            ledger.scitt.register(other.statement())
    with refused("signature.invalid", VerificationError):
        ledger.scitt.register(Issuer(secret=b"thief").statement())
    with refused("signature.algorithm", VerificationError):
        ledger.scitt.register(Issuer(algorithm="EdDSA").statement())
    with refused("cose.malformed"):
        ledger.scitt.register(b"\xd2\x80")
    assert ledger.size == size
    ledger.scitt.distrust(VENDOR, ISSUER.key, why="lost")
    with refused("scitt.revoked", Refused):
        ledger.scitt.register(ISSUER.statement())
    assert ledger.size == size + 1


class Stale:
    """A store that answers as before the key was revoked."""

    def __init__(self, held: object) -> None:
        self._held = held

    def counter(self, _: str) -> object:
        """Answer as before."""
        return self._held


def test_a_key_that_is_revoked_meanwhile(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked against a key is not recorded once the key is revoked."""
    introduce(ledger, ISSUER)
    writer, size = parts_of(ledger).writer, ledger.size + 1
    held = writer.store.counter(counter_of(VENDOR, ISSUER.key))
    ledger.scitt.distrust(VENDOR, ISSUER.key)
    monkeypatch.setattr(writer, "store", Stale(held))
    keyring = ledger.key_admin.keyring
    later = register_statement(writer, lambda: keyring, ISSUER.statement())
    with refused("log.expect", Conflict):
        later.result()
    assert ledger.size == size


def test_issuers_are_listed(ledger: Ledger) -> None:
    """Keys are listed with the entries that added and ended them; a name stands for one key."""
    first = introduce(ledger, ISSUER).index
    second = introduce(ledger, Issuer(kid=b"k2", algorithm="EdDSA", secret=b"2")).index
    again = introduce(ledger, ISSUER)
    assert (again.index, again.duplicate) == (first, True)
    with refused("scitt.key-twice", Conflict):
        introduce(ledger, Issuer(secret=b"another"))
    ended = ledger.scitt.distrust(VENDOR, ISSUER.key).index
    listed = [(one.key, one.index, one.revoked_at) for one in ledger.scitt.issuers()]
    assert listed == [("kid:6b31", first, ended), ("kid:6b32", second, None)]
    with refused("scitt.key-twice", Conflict):
        introduce(ledger, ISSUER)
    for key in (ISSUER.key, "kid:00"):
        with refused("scitt.no-key", NotFound):
            ledger.scitt.distrust(VENDOR, key)


def test_nobody_else_changes_the_keys(ledger: Ledger) -> None:
    """A record or statement that names the counter of an issuer's key is refused."""
    name = counter_of(VENDOR, ISSUER.key)
    assert name.startswith(PREFIX)
    with refused("record.expect-reserved"):
        ledger.record({"a": 1}, expect={name: (None, "EdDSA:x")})
    fields = {"organisation": "https://b.example", "name": "b", "expect": {name: [None, "x"]}}
    with refused("record.expect-reserved"):
        ledger.record_statement("organisation", fields)
    with refused("predicate.malformed"):
        ledger.record_statement("issuer-key", {"iss": "x", "key": "kid:00", "action": "add"})


def test_a_key_does_not_come_in_by_another_way(ledger: Ledger, folder: Path) -> None:
    """A statement about an issuer's key that was signed elsewhere is not taken up."""
    fields: dict[str, Any] = {"iss": VENDOR, "key": ISSUER.key, "action": "add"}
    said = IssuerKey(
        issuer=OWNER, source="s", number=0, public=cose_key.format(ISSUER.public), **fields
    )
    signed = envelope_by(payload_of(said), STATEMENT_PAYLOAD_TYPE, key_of(folder))
    with refused("append.key", Refused):
        ledger.append(signed)


def test_it_is_shown_found_and_exported(ledger: Ledger) -> None:
    """View, search and export show issuer, subject, key, time and payload alike."""
    introduce(ledger, ISSUER)
    index = ledger.scitt.register(ISSUER.statement()).index
    view = ledger.get(index)
    assert (view.kind, view.issuer, view.signed_by) == ("signed-statement", VENDOR, ("6b31",))
    assert (view.content["subject"], view.content["payload"]["parts"]) == (SUBJECT, 3)
    for query in (
        f"issuer={VENDOR}", f"subject.name={SUBJECT}", "kind=signed-statement", "signed_by=6b31",
        "payload.parts=3", "pump", "at_ms=1700000000000 payload.parts<4",
    ):  # fmt: skip
        assert [hit.index for hit in ledger.search(query).hits if hit.index == index], query
    (row,) = rows(ledger.entries, index, index + 1)
    assert (row.kind, row.issuer, row.at_ms) == (view.kind, view.issuer, view.at_ms)
    assert json_text.parse(bytes(row.content)) == view.content


def test_receipts_prove_it(ledger: Ledger) -> None:
    """A JSON receipt carries the statement that brought in the issuer's key, and proves whose."""
    added = introduce(ledger, ISSUER).index
    index = ledger.scitt.register(ISSUER.statement()).index
    ledger.scitt.distrust(VENDOR, ISSUER.key)
    proven = prove(ledger, index)
    assert (proven.index, proven.signed_at_ms) == (index, 1_700_000_000_000)
    signer = proven.signer
    assert (signer.organisation, signer.keyid, signer.role) == (VENDOR, ISSUER.key, "issuer")
    assert (signer.added_at, signer.first, signer.public) == (
        added, added + 1, ISSUER.public.public,
    )  # fmt: skip


def test_receipts_that_do_not_prove_who(ledger: Ledger, folder: Path) -> None:
    """Without that statement, with another, or with it beside another entry, nothing is proven."""
    introduce(ledger, Issuer(kid=b"k2", secret=b"other"))
    revoked = ledger.scitt.distrust(VENDOR, "kid:6b32").index
    introduce(ledger, ISSUER)
    index = ledger.scitt.register(ISSUER.statement()).index
    ours = ledger.scitt.register(own(folder)).index
    plain = ledger.record({"n": 1}).index
    late = ledger.scitt.trust("https://late.example", ISSUER.key, ISSUER.public).index
    key = key_of(folder)
    public = PublicKey("EdDSA", key.public)
    later = ledger.scitt.trust(OWNER, f"kid:{key.keyid}", public).index
    ledger.publish()

    def proof(index: int) -> EntryProof:
        return ledger.receipt(index).record

    assert prove(ledger, ours).signer.role == "producer"
    with refused("key.issuer", VerificationError):  # it was stated after the statement
        ledger.verify(msgspec.structs.replace(ledger.receipt(ours), issuer=proof(later)))
    under = ledger.receipt(index)
    assert under.issuer == proof(5)
    for issuer, code, kind in (
        (None, "signature.issuer", VerificationError),
        (proof(plain), "receipt.issuer", InputError),
        (proof(0), "receipt.issuer", InputError),
        (proof(3), "key.issuer", VerificationError),
        (proof(revoked), "key.issuer", VerificationError),
        (proof(late), "key.issuer", VerificationError),
        (EntryProof(3, proof(5).entry, proof(5).path), "proof.root-mismatch", VerificationError),
    ):
        with refused(code, kind):
            ledger.verify(msgspec.structs.replace(under, issuer=issuer))
    with refused("receipt.extra"):
        ledger.verify(msgspec.structs.replace(ledger.receipt(plain), issuer=proof(3)))


def test_cose_receipts(ledger: Ledger, folder: Path) -> None:
    """Owner, another writer and the transparent statement give receipts that verify."""
    introduce(ledger, ISSUER)
    index = ledger.scitt.register(ISSUER.statement()).index
    with counterfoil.open(folder) as other:
        made = [ledger.scitt.receipt(index), other.scitt.receipt(index)]
        assert other.scitt.register(ISSUER.statement()).duplicate
    message = cose.parse(ledger.scitt.transparent(index))
    made += cose_receipt.attached(message)
    assert len(set(made)) == 1
    receipt = cose_receipt.parse(made[0])
    assert (receipt.subject, receipt.entry) == (SUBJECT, None)
    proven = verify_cose_receipt(receipt, ISSUER.statement(), ledger.policy)
    assert proven.index == index
    plain = cose_receipt.parse(ledger.scitt.receipt(0))
    assert plain.entry == ledger.entry(0)
    with refused("scitt.not-cose"):
        ledger.scitt.transparent(0)


def test_a_reader_signs_nothing(ledger: Ledger, folder: Path) -> None:
    """Whoever only reads has no key: no receipt is signed, and no statement registered."""
    with counterfoil.open(folder, read_only=True) as reader:
        with refused("ledger.read-only", Refused):
            reader.scitt.receipt(0)
        with refused("ledger.read-only", Refused):
            reader.scitt.register(ISSUER.statement())


def test_only_roots_of_the_log_are_signed(ledger: Ledger) -> None:
    """The log's key signs no root that is not in a checkpoint which it signed before."""
    note = ledger.published()
    lines = note.split(b"\n")
    changed = b"\n".join([lines[0], lines[1], b"A" * 43 + b"=", *lines[3:]])
    assert len(ledger.ask_signature(note, "x")[1]) == 64
    with pytest.raises(VerificationError):
        ledger.ask_signature(changed, "x")


def test_an_audit_checks_who_signed(ledger: Ledger, folder: Path) -> None:
    """An audit finds nothing in sound entries, and names one whose key did not count there."""
    introduce(ledger, ISSUER)
    ledger.scitt.register(ISSUER.statement())
    ledger.scitt.register(own(folder))
    ledger.scitt.distrust(VENDOR, ISSUER.key)
    ledger.close()
    report = audited(folder)
    assert (report.findings, report.notices) == ((), ())
    with counterfoil.open(folder) as again:
        writer = parts_of(again).writer
        late = Issuer().statement(b"[]")
        unknown = Issuer("https://else.example").statement()
        for number, entry in enumerate((late, unknown)):
            writer.append_foreign(entry, None, bytes([number]) * 32, {}).result()
    codes = [(one.code, one.place) for one in audited(folder).findings]
    assert ("audit.signed-statement", "entry 7") in codes
    assert ("audit.signed-statement", "entry 8") in codes


def test_keys_and_statements_survive_recovery(ledger: Ledger, folder: Path) -> None:
    """A database that is made again from the entries knows issuers and statements as before."""
    introduce(ledger, ISSUER)
    first = ledger.scitt.register(ISSUER.statement())
    ledger.close()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "index.db"):
        (folder / name).unlink(missing_ok=True)
    recover(folder)
    with counterfoil.open(folder) as again:
        found = again.scitt.register(ISSUER.statement())
        assert (found.index, found.duplicate) == (first.index, True)
        assert again.scitt.register(ISSUER.statement(b"[]")).duplicate is False


def test_a_copy_shows_it(ledger: Ledger, folder: Path, tmp_path: Path) -> None:
    """A reader of a copy of the folder decodes the entry without asking anybody."""
    introduce(ledger, ISSUER)
    index = ledger.scitt.register(ISSUER.statement()).index
    ledger.close()
    shutil.copytree(folder, tmp_path / "copy")
    with counterfoil.open(tmp_path / "copy", read_only=True) as reader:
        assert reader.get(index).content["payload"] == {"parts": 3, "name": "pump"}
        assert isinstance(parse_entry(reader.entry(index)), CoseEntry)

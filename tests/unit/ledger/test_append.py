"""Statements of other signers are appended as they are, after every check."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest

from counterfoil.errors import Conflict, InputError, Refused, VerificationError
from counterfoil.formats import batch, json_text, statement
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.predicates import CORE, Header, Key, Organisation, Record
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing, load_keyring
from counterfoil.ledger.receipts import key_statement
from counterfoil.ledger.statement_writer import append_envelope
from counterfoil.log import Submission
from counterfoil.storage import StatementKey
from tests.ledgers import CORE_STATEMENTS, OWNER, envelope_by, key_of, parts_of, prove
from tests.statements import Actor, entry_of, member_entry, payload_of, refused

Stall = Callable[[], AbstractContextManager[None]]

OTHER = "https://other.example/decision/v1"


def foreign(fields: dict[str, Any]) -> bytes:
    """Make the payload of a statement whose predicate is not of the core."""
    predicate = msgspec.Raw(json_text.format(fields))
    return statement.format(Statement((sha256_subject("x", b"x"),), OTHER, predicate))


def record_by(issuer: str = OWNER, **header: Any) -> bytes:
    """Make the payload of a record."""
    fields = {"source": "theirs", "number": 0, **header}
    return payload_of(Record(issuer=issuer, content=msgspec.Raw(b'{"a":1}'), **fields))


# Statements of other signers --------------------------------------------------------------------


@pytest.fixture
def partner(ledger: Ledger) -> StatementKey:
    """Give a second producer key of the organisation, held elsewhere."""
    ledger.key_admin.add("partner", "producer")
    return key_of(ledger.layout.folder, "partner")


def test_append(ledger: Ledger, partner: StatementKey) -> None:
    """A statement that another key of the log signed is appended byte for byte, and proven."""
    signed = envelope_by(record_by(at_ms=5), STATEMENT_PAYLOAD_TYPE, partner)
    recorded = ledger.append(signed)
    assert (recorded.source, recorded.number, recorded.duplicate) == ("theirs", 0, False)
    assert ledger.entry(recorded.index) == signed
    verified = prove(ledger, recorded.index)
    assert (verified.signer.keyid, verified.content) == (partner.keyid, b'{"a":1}')


def test_append_twice(ledger: Ledger, partner: StatementKey) -> None:
    """The same statement, also when another key signed it again, gets its first receipt."""
    first = ledger.append(envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, partner))
    producer = key_of(ledger.layout.folder)
    for keys in ([partner], [producer], [partner, producer]):
        again = ledger.append(envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, *keys))
        assert (again.index, again.leaf, again.duplicate) == (first.index, first.leaf, True)
    with refused("record.number-taken", Conflict):
        ledger.append(envelope_by(record_by(corrects="0" * 64), STATEMENT_PAYLOAD_TYPE, partner))
    assert ledger.record({"a": 1}, source="theirs", number=0).index == first.index


def test_append_two_signatures(ledger: Ledger, partner: StatementKey) -> None:
    """Two keys of one organisation may sign one statement; both are verified."""
    signed = envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, partner, key_of(ledger.layout.folder))
    recorded = ledger.append(signed)
    assert len(ledger.get(recorded.index).signed_by) == 2
    prove(ledger, recorded.index)


def test_append_without_a_number(ledger: Ledger, partner: StatementKey) -> None:
    """A statement without issuer and number is known by what was signed."""
    signed = envelope_by(foreign({"score_ppm": 7}), STATEMENT_PAYLOAD_TYPE, partner)
    first, again = ledger.append(signed), ledger.append(signed)
    assert (first.source, first.number, first.duplicate) == ("", 0, False)
    assert (again.index, again.duplicate) == (first.index, True)
    other = envelope_by(foreign({"score_ppm": 8}), STATEMENT_PAYLOAD_TYPE, partner)
    assert ledger.append(other).index == first.index + 1
    prove(ledger, first.index)


def test_append_with_a_condition(ledger: Ledger, partner: StatementKey) -> None:
    """A condition that another signed is checked like ours."""

    def signed(number: int) -> bytes:
        payload = record_by(number=number, expect={"seat": (None, "sold")})
        return envelope_by(payload, STATEMENT_PAYLOAD_TYPE, partner)

    ledger.append(signed(0))
    assert ledger.counter("seat") == "sold"
    with refused("log.expect", Conflict):
        ledger.append(signed(1))


def test_append_into_our_own_series(ledger: Ledger, partner: StatementKey) -> None:
    """A number that came with an appended statement is not given out again."""
    own = ledger.record({}).source
    ledger.append(envelope_by(record_by(source=own, number=1), STATEMENT_PAYLOAD_TYPE, partner))
    assert ledger.record({"a": 2}).number == 2


@pytest.mark.parametrize(
    ("make", "code", "kind"),
    [
        (lambda key: b"", "entry.size", InputError),
        (lambda key: b"\xd2\x84", "cbor.malformed", InputError),
        (lambda key: b"{}", "envelope.malformed", InputError),
        (
            lambda key: envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, key) + b"\n",
            "envelope.not-canonical",
            InputError,
        ),
        (lambda key: member_entry(record_by()), "append.unsigned", Refused),
        (
            lambda key: envelope_by(
                batch.format(Batch(1, 1, "0" * 32, "log", "0" * 64)), BATCH_PAYLOAD_TYPE, key
            ),
            "append.unsigned",
            Refused,
        ),
        (
            lambda key: envelope_by(
                payload_of(
                    Key(
                        issuer=OWNER,
                        source="k",
                        number=0,
                        organisation=OWNER,
                        action="revoke",
                        keyid=key.keyid,
                        role="producer",
                    )
                ),
                STATEMENT_PAYLOAD_TYPE,
                key,
            ),
            "append.key",
            Refused,
        ),
        (
            lambda key: envelope_by(
                record_by("https://other.example"), STATEMENT_PAYLOAD_TYPE, key
            ),
            "statement.issuer",
            VerificationError,
        ),
        (
            lambda key: envelope_by(record_by(audience="another"), STATEMENT_PAYLOAD_TYPE, key),
            "statement.audience",
            VerificationError,
        ),
        (
            lambda key: envelope_by(
                payload_of(
                    Record(issuer=OWNER, source="s", number=0, content=msgspec.Raw(b"{}")),
                    [sha256_subject("content", b"other")],
                ),
                STATEMENT_PAYLOAD_TYPE,
                key,
            ),
            "statement.subject",
            VerificationError,
        ),
        (
            lambda key: envelope_by(
                foreign({"issuer": OWNER, "source": "s", "number": -1}), STATEMENT_PAYLOAD_TYPE, key
            ),
            "submission.numbers",
            InputError,
        ),
        (
            lambda key: envelope_by(record_by(), "application/json", key),
            "entry.payload-type",
            InputError,
        ),
    ],
    ids=[
        "empty",
        "cose",
        "no envelope",
        "newline",
        "unsigned",
        "batch",
        "key",
        "issuer",
        "audience",
        "subject",
        "number",
        "type",
    ],
)
def test_append_refuses(
    untouched: Ledger,
    make: Callable[[StatementKey], bytes],
    code: str,
    kind: type[InputError | Refused | VerificationError],
) -> None:
    """What is not a sound statement of a key in this log is refused, and nothing is appended."""
    with refused(code, kind):
        untouched.append(make(key_of(untouched.layout.folder)))
    assert untouched.size == 3


def test_append_refuses_strangers_and_forgeries(untouched: Ledger) -> None:
    """An unknown key, a key of another purpose, and a changed signature or statement fail."""
    folder = untouched.layout.folder
    stranger = StatementKey(Actor("x").keyid, Actor("x").public, Actor("x")._private)
    with refused("key.unknown", VerificationError):
        untouched.append(envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, stranger))
    with refused("key.role", VerificationError):
        untouched.append(
            envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, key_of(folder, "recovery"))
        )
    with refused("key.unknown", VerificationError):
        untouched.append(envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, key_of(folder), stranger))
    forged = StatementKey(key_of(folder).keyid, stranger.public, Actor("x")._private)
    with pytest.raises(VerificationError):
        untouched.append(envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, forged))
    with refused("claim.binding", VerificationError):
        broken = {**CORE_STATEMENTS["party"], "party": "urn:party:2"}
        said = {"issuer": OWNER, "source": "s", "number": 0, **broken}
        predicate = msgspec.convert(said, CORE["https://counterfoil.dev/party/v1"])
        untouched.append(envelope_by(payload_of(predicate), STATEMENT_PAYLOAD_TYPE, key_of(folder)))


def test_append_refuses_two_organisations(ledger: Ledger) -> None:
    """A statement without an issuer that two organisations signed could never be proven."""
    guest = Actor("guest", "https://guest.example")
    added: Header = Key(
        issuer=OWNER,
        source="guests",
        number=0,
        organisation=guest.organisation,
        action="add",
        keyid=guest.keyid,
        role="producer",
        public=encode_base64(guest.public),
        proof=guest.possession(guest.organisation, "producer"),
    )
    entry = envelope_by(
        payload_of(added), STATEMENT_PAYLOAD_TYPE, key_of(ledger.layout.folder, "recovery")
    )
    parts_of(ledger).log.submit(Submission([entry], key_entries=[0])).result()
    parsed = key_statement(entry)
    assert parsed is not None
    ledger.key_admin.keyring.apply(3, *parsed)
    theirs = StatementKey(guest.keyid, guest.public, guest._private)
    ours = key_of(ledger.layout.folder)
    with refused("statement.signers", VerificationError):
        ledger.append(envelope_by(foreign({"a": 1}), STATEMENT_PAYLOAD_TYPE, theirs, ours))
    with refused("statement.issuer", VerificationError):
        ledger.append(entry_of(record_by(OWNER), guest))
    recorded = ledger.append(entry_of(record_by(guest.organisation), guest))
    assert prove(ledger, recorded.index).signer.organisation == guest.organisation


def test_a_key_that_ends_meanwhile(writing: Writing, stalled: Stall) -> None:
    """An envelope is checked by the keys of the moment at which it is queued, not of an earlier."""
    keyring = load_keyring(writing.log.reader, writing.writer.store.key_entries())
    admin = KeyAdmin(writing.writer, writing.keys, keyring)
    admin.add("partner", "producer")
    partner = writing.keys.load_statement_key("partner")
    entry = envelope_by(record_by(), STATEMENT_PAYLOAD_TYPE, partner)
    failures = list[VerificationError]()

    def append() -> None:
        try:
            append_envelope(writing.writer, lambda: admin.keyring, entry).result()
        except VerificationError as err:
            failures.append(err)

    with writing.writer.door:
        late = threading.Thread(target=append)
        late.start()  # it waits for the door, while the key ends
        admin.revoke(partner.keyid)
    late.join()
    assert [err.code for err in failures] == ["key.ended"]


def test_organisations_of_this_log(ledger: Ledger) -> None:
    """The third entry says who owns the log."""
    predicate = prove(ledger, 2).predicate
    assert isinstance(predicate, Organisation)
    assert (predicate.organisation, predicate.name) == (OWNER, "test")

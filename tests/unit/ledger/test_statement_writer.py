"""Statements of the core, of other predicates, and those that somebody else signed."""

from __future__ import annotations

import threading
import time
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
from counterfoil.formats.statement import Statement, Subject, sha256_subject
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


@pytest.mark.parametrize("kind", sorted(CORE_STATEMENTS))
def test_core_statements(ledger: Ledger, kind: str) -> None:
    """Each statement of the core is recorded by its name, is proven, and is recorded once."""
    recorded = ledger.record_statement(kind, CORE_STATEMENTS[kind], source="s", number=0)
    verified = prove(ledger, recorded.index)
    assert type(verified.predicate) is CORE[f"https://counterfoil.dev/{kind}/v1"]
    assert verified.signed_at_ms is not None
    assert ledger.get(recorded.index).kind == kind
    again = ledger.record_statement(
        f"https://counterfoil.dev/{kind}/v1", CORE_STATEMENTS[kind], source="s", number=0
    )
    assert (again.index, again.duplicate) == (recorded.index, True)


def test_core_statements_said_twice(ledger: Ledger) -> None:
    """A core statement sent again gets its first receipt; another under its number is refused."""
    fields = CORE_STATEMENTS["mandate"]
    first = ledger.record_statement("mandate", fields, source="s", number=4)
    again = ledger.record_statement("mandate", fields, source="s", number=4)
    assert (again.index, again.duplicate) == (first.index, True)
    with refused("record.number-taken", Conflict):
        ledger.record_statement("mandate", {**fields, "until_ms": 3}, source="s", number=4)


def test_other_predicates(ledger: Ledger) -> None:
    """A predicate of somebody else is recorded under its URI, numbered and proven like ours."""
    fields = {"score_ppm": 5, "why": ["a", {"b": None}], "at_ms": 7}
    recorded = ledger.record_statement(OTHER, fields, source="s", number=2)
    view = ledger.get(recorded.index)
    assert (view.kind, view.issuer, view.number) == (OTHER, OWNER, 2)
    assert view.content == {**fields, "issuer": OWNER, "source": "s", "number": 2}
    verified = prove(ledger, recorded.index)
    assert verified.predicate is None
    assert verified.statement is not None
    assert ledger.record_statement(OTHER, fields, source="s", number=2).duplicate
    assert ledger.record_statement(OTHER, {"a": 1}).number == 0


def test_other_predicates_said_later(ledger: Ledger) -> None:
    """The time that the ledger adds is no part of what a statement says."""
    first = ledger.record_statement(OTHER, {"a": 1}, source="s", number=0)
    clock, recorded_ms = parts_of(ledger).log.clock, ledger.get(first.index).content["at_ms"]
    while clock.now_ms() <= recorded_ms:
        time.sleep(0.001)
    assert ledger.record_statement(OTHER, {"a": 1}, source="s", number=0).index == first.index


def test_subjects(ledger: Ledger) -> None:
    """Subjects are what the statement is about; without any, its own fields are."""
    subjects = [Subject(digest={"sha256": "ab"}, name="model"), Subject(digest={"x": "cd"})]
    recorded = ledger.record_statement(OTHER, {"a": 1}, subjects=subjects)
    found = prove(ledger, recorded.index).statement
    assert found is not None
    assert found.subject == tuple(subjects)
    alone = prove(ledger, ledger.record_statement(OTHER, {"a": 1}).index).statement
    assert alone is not None
    assert alone.subject == (sha256_subject(OTHER, b'{"a":1}'),)


def test_conditions(ledger: Ledger) -> None:
    """Any statement of the core can be conditional."""
    fields: dict[str, Any] = {**CORE_STATEMENTS["organisation"], "expect": {"org": [None, "in"]}}
    ledger.record_statement("organisation", fields)
    assert ledger.counter("org") == "in"
    with refused("log.expect", Conflict):
        ledger.record_statement("organisation", fields)
    assert ledger.record_statement("organisation", CORE_STATEMENTS["organisation"]).number == 1


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("record", {"content": {}}, "statement.kind"),
        ("https://counterfoil.dev/block/v1", {}, "statement.kind"),
        ("key", {}, "statement.kind"),
        ("decision", {}, "statement.kind"),
        ("", {}, "statement.kind"),
        (5, {}, "statement.kind"),
        ("organisation", "text", "statement.fields"),
        ("organisation", {"issuer": OWNER}, "statement.fields"),
        (OTHER, {"source": "x"}, "statement.fields"),
        (OTHER, {"number": 1}, "statement.fields"),
        ("organisation", {}, "predicate.malformed"),
        ("organisation", {"organisation": "x", "name": "y"}, "predicate.malformed"),
        ("organisation", {"organisation": "urn:x", "name": "y", "z": 1}, "predicate.malformed"),
        ("organisation", {"organisation": "urn:x", "name": "\ud800"}, "json.surrogate"),
        ("policy", {"members": [], "policy": "nonsense"}, "policy.line"),
        (OTHER, {"a": float("nan")}, "json.number"),
        (OTHER, {"a": b"bytes"}, "json.type"),
        (OTHER, {1: 2}, "json.type"),
        (OTHER, {"a": "x" * 70_000}, "entry.size"),
        ("x:" + "y" * 600, {}, "statement.malformed"),
        ("x:\ud800", {}, "statement.malformed"),
    ],
    ids=map(str, range(21)),
)
def test_bad_statements_record_nothing(
    untouched: Ledger, kind: str, fields: dict[str, Any], code: str
) -> None:
    """A kind or field that is wrong is refused before anything is signed."""
    with pytest.raises(InputError) as caught:
        untouched.record_statement(kind, fields)
    assert caught.value.code.split(".")[0] == code.split(".")[0], caught.value
    assert untouched.size == 3


@pytest.mark.parametrize(
    "subjects",
    [
        [Subject(digest={})],
        [Subject(digest={"a": "b"}), Subject(digest={"a": "b"})],
        [Subject(digest={"a": "\ud800"})],
    ],
    ids=["no digest", "one name", "surrogate"],
)
def test_bad_subjects_record_nothing(untouched: Ledger, subjects: list[Subject]) -> None:
    """Subjects without a digest or with one name for two are refused."""
    for kind, fields in ((OTHER, {"a": 1}), ("policy", CORE_STATEMENTS["policy"])):
        with refused("statement.malformed"):
            untouched.record_statement(kind, fields, subjects=subjects)


def test_claims_that_do_not_hold_record_nothing(untouched: Ledger) -> None:
    """A party whose keys did not agree, or an accusation without proof, is not recorded."""
    party = CORE_STATEMENTS["party"]
    with refused("claim.binding", VerificationError):
        untouched.record_statement("party", {**party, "party": "urn:party:2"})
    accusation = CORE_STATEMENTS["equivocation"]
    with refused("claim.equivocation", VerificationError):
        untouched.record_statement("equivocation", {**accusation, "second": accusation["first"]})


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
        (lambda key: b"\xd2\x84", "entry.unsupported", InputError),
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

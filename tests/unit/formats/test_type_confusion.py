"""Bytes of one kind are never read as another: by construction, by hand and by fuzzing.

Every kind of thing that is signed or hashed is given to every parser there is; exactly one may
accept it. And no two kinds hash to the same leaf or node, or are signed as the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import (
    batch,
    block,
    bundle,
    checkpoint,
    cose_receipt,
    cosignature,
    entry,
    envelope,
    note,
    packed_verdict,
    policy,
    predicates,
    receipt,
    signed_statement,
    statement,
    tlog_proof,
    verdict,
    vkey,
)
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch, member_hash
from counterfoil.formats.block import row_leaf
from counterfoil.formats.cose_receipt import CoseReceipt, protected_header
from counterfoil.formats.cosignature import TimestampedSignature
from counterfoil.formats.entry import VERDICT_TYPE_WORD, StatementEntry
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, pae
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.policy import Log, Policy
from counterfoil.formats.predicates import Header, Key, Record
from counterfoil.formats.receipt import EntryProof, Receipt
from counterfoil.formats.statement import STATEMENT_TYPE, Statement
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.proofs.merkle import leaf_hash, node_hash
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.trust import open_note
from tests import c2sp
from tests.cose_made import Issuer
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import (
    Actor,
    batch_entry,
    entry_of,
    json_values,
    member_entry,
    payload_of,
    record,
    statement_payloads,
)
from tests.verdicts import entry_of as signed_verdict
from tests.verdicts import plain_verdict

ACTOR = Actor("producer")
PAYLOAD = payload_of(record())
BATCH = batch.format(Batch(5, 1, "0f" * 16, "log.example/9f3a", "0f" * 32))
SIGNED = entry_of(PAYLOAD, ACTOR)
ENTRY_PROOF = EntryProof(0, SIGNED, (bytes(32),))
RECEIPT = Receipt(note.format(c2sp.signed(c2sp.LOG)).decode(), ENTRY_PROOF, (ENTRY_PROOF,))


def rows(data: bytes) -> list[block.Row]:
    """Read a whole row file."""
    return list(block.parse_rows(data))


def stated(data: bytes) -> Header | None:
    """Read a statement's payload and its predicate."""
    return predicates.parse_predicate(statement.parse(data))


PARSERS: dict[str, Callable[[bytes], object]] = {
    "envelope": envelope.parse,
    "statement": statement.parse,
    "batch": batch.parse,
    "receipt": receipt.parse,
    "rows": rows,
    "note": note.parse,
    "checkpoint": checkpoint.parse,
    "tlog-proof": tlog_proof.parse,
    "policy": policy.parse,
    "bundle": bundle.parse,
    "cosignature": cosignature.parse,
    "vkey": lambda data: vkey.parse_vkey(data.decode("latin-1")),
    "verdict": verdict.parse,
    "packed verdict": packed_verdict.parse,
    "statement in COSE": signed_statement.parse,
    "COSE receipt": cose_receipt.parse,
}
VERDICT = signed_verdict(plain_verdict())
COSE_RECEIPT = CoseReceipt(
    protected_header(c2sp.ORIGIN, "what", 2, ACTOR.public),
    c2sp.ORIGIN,
    "what",
    2,
    2,
    0,
    (bytes(32),),
    bytes(64),
)
PROOF = TlogProof(0, (bytes(32),), note.format(c2sp.signed(c2sp.LOG)), None)
EXAMPLES: dict[str, bytes] = {
    "envelope": SIGNED,
    "statement": PAYLOAD,
    "batch": BATCH,
    "receipt": receipt.format(RECEIPT),
    "rows": block.format_rows([(bytes(16), b"{}")]),
    "note": note.format(c2sp.signed(c2sp.LOG)),
    "checkpoint": c2sp.BODY,
    "tlog-proof": tlog_proof.format(PROOF),
    "policy": policy.format(Policy((Log(public_of(c2sp.LOG)),), (), (), policy.NONE)),
    "bundle": bundle.format([SIGNED]),
    "cosignature": cosignature.format(TimestampedSignature(5, bytes(64))),
    "vkey": vkey.format_vkey(public_of(c2sp.LOG)).encode(),
    "verdict": VERDICT,
    "packed verdict": packed_verdict.format(PackedVerdict(2, 1, 0, (bytes(32),), VERDICT)),
    "statement in COSE": Issuer().statement(),
    "COSE receipt": cose_receipt.format(COSE_RECEIPT),
}
# A note's text may be any text, so a proof file has the form of a note; see the test below.
FORM_ONLY = {("tlog-proof", "note")}


def accepts(parse: Callable[[bytes], object], data: bytes) -> bool:
    """Tell whether a parser accepts bytes; it may raise nothing but InputError."""
    try:
        parse(data)
    except InputError:
        return False
    return True


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("parser", PARSERS)
def test_every_kind_as_every_other(kind: str, parser: str) -> None:
    """Each example is accepted by the parser of its own kind, and by no other."""
    if (kind, parser) not in FORM_ONLY:
        assert accepts(PARSERS[parser], EXAMPLES[kind]) == (kind == parser)


JSON_PARSERS = ("envelope", "statement", "batch", "receipt")


WORDS = sorted({key for kind in JSON_PARSERS for key in json.loads(EXAMPLES[kind])})


@given(st.sampled_from(JSON_PARSERS), st.dictionaries(st.sampled_from(WORDS), json_values))
def test_fuzzed_objects_are_of_at_most_one_kind(kind: str, extra: dict[str, Any]) -> None:
    """An object with fields of several kinds, of any values, is read as one of them at most."""
    data = json.dumps(json.loads(EXAMPLES[kind]) | extra, separators=(",", ":")).encode()
    assert sum(accepts(PARSERS[name], data) for name in JSON_PARSERS) <= 1


@given(st.sets(st.sampled_from(JSON_PARSERS), min_size=2), st.randoms())
def test_merged_objects_are_of_at_most_one_kind(kinds: set[str], random: Any) -> None:
    """The fields of two kinds in one object, in any order, are read as one of them at most."""
    fields = [item for kind in sorted(kinds) for item in json.loads(EXAMPLES[kind]).items()]
    random.shuffle(fields)
    data = json.dumps(dict(fields), separators=(",", ":")).encode()
    assert sum(accepts(PARSERS[name], data) for name in JSON_PARSERS) <= 1


@pytest.mark.parametrize(
    ("payload", "payload_type"),
    [
        (BATCH, STATEMENT_PAYLOAD_TYPE),
        (PAYLOAD, BATCH_PAYLOAD_TYPE),
        (PAYLOAD, "application/json"),
        (SIGNED, STATEMENT_PAYLOAD_TYPE),
        (SIGNED, BATCH_PAYLOAD_TYPE),
        (EXAMPLES["receipt"], STATEMENT_PAYLOAD_TYPE),
        (EXAMPLES["checkpoint"], STATEMENT_PAYLOAD_TYPE),
        (b"", STATEMENT_PAYLOAD_TYPE),
        (b"{}", STATEMENT_PAYLOAD_TYPE),
        (b"{}", BATCH_PAYLOAD_TYPE),
    ],
    ids=range(10),
)
def test_payloads_under_another_type(payload: bytes, payload_type: str) -> None:
    """A payload under another kind's payload type is no entry, though its signature holds."""
    assert not accepts(entry.parse, entry_of(payload, ACTOR, payload_type=payload_type))


def test_payload_types_cannot_be_spelled_otherwise() -> None:
    """A payload type in other letters, with parameters or in Unicode is another type."""
    for other in (
        STATEMENT_PAYLOAD_TYPE.upper(),
        STATEMENT_PAYLOAD_TYPE + ";v=1",
        STATEMENT_PAYLOAD_TYPE.replace("j", "\u006a\u200b"),
        " " + STATEMENT_PAYLOAD_TYPE,
    ):
        try:
            data = entry_of(PAYLOAD, ACTOR, payload_type=other)
        except InputError:
            continue
        assert not accepts(entry.parse, data)


@given(statement_payloads())
def test_a_signature_is_over_one_kind(payload: bytes) -> None:
    """What is signed for a statement is signed for no batch, checkpoint or cosignature."""
    said = pae(STATEMENT_PAYLOAD_TYPE, payload)
    assert said != pae(BATCH_PAYLOAD_TYPE, payload)
    assert not accepts(checkpoint.parse, said)
    assert not said.startswith((b"cosignature/v1\n", b"subtree/v1\n"))
    assert not accepts(entry.parse, said)
    assert not accepts(entry.parse, payload)


def test_every_predicate_as_every_other() -> None:
    """A statement under another predicate type is refused, whatever its predicate holds."""
    for kind, fields in SAMPLES.items():
        predicate = kind(**HEADER, **fields)
        raw = statement.parse(payload_of(predicate)).predicate
        for uri, other in predicates.CORE.items():
            said = Statement(statement.parse(PAYLOAD).subject, uri, raw)
            assert accepts(predicates.parse_predicate, said) == (other is kind)  # type: ignore[arg-type]  # a statement


def test_a_key_statement_is_no_record() -> None:
    """A record whose content looks like a key statement stays a record."""
    key = predicates.format_predicate(Key(**HEADER, **SAMPLES[Key]))
    parsed = entry.parse(entry_of(payload_of(record(content=key)), ACTOR))
    assert isinstance(parsed, StatementEntry)
    assert isinstance(predicates.parse_predicate(parsed.statement), Record)
    inside = entry.parse(entry_of(payload_of(record(content=PAYLOAD)), ACTOR))
    assert isinstance(inside, StatementEntry)
    assert inside.statement.predicate_type == "https://counterfoil.dev/record/v1"


TWICE = [
    PAYLOAD.replace(b'"predicateType"', b'"predicateType":"x","predicateType"'),
    PAYLOAD.replace(b'"predicateType"', b'"predicateTyp\\u0065":"x","predicateType"'),
    PAYLOAD.replace(b'"issuer"', b'"issuer":"a:b","issuer"'),
    PAYLOAD.replace(b'"issuer"', b'"issue\\u0072":"a:b","issuer"'),
    PAYLOAD.replace(b'"amount"', b'"amount":1,"amount"'),
    PAYLOAD.replace(STATEMENT_TYPE.encode(), STATEMENT_TYPE.encode() + b"\\u0000"),
    PAYLOAD.replace(b'"amount":5', b'"amount":9007199254740993'),
    PAYLOAD.replace(b'"amount":5', b'"amount":NaN'),
    PAYLOAD.replace(b'"amount":5', b'"amount":' + b"[" * 80 + b"]" * 80),
    PAYLOAD.replace(b'"amount":5', b'"amount":"\\udead"'),
    PAYLOAD.replace(b'"number":0', b'"number":0.0'),
    PAYLOAD.replace(b'"number":0', b'"number":-1'),
    PAYLOAD.replace(b'"number":0', b'"number":"0"'),
    b"\xef\xbb\xbf" + PAYLOAD,
    PAYLOAD + b"\x00",
    PAYLOAD.decode().encode("utf-16"),
]


@pytest.mark.parametrize("payload", TWICE, ids=range(len(TWICE)))
def test_ambiguous_payloads_are_refused(payload: bytes) -> None:
    """A statement that two readers could read as two things is no entry."""
    assert payload not in (PAYLOAD, b"")

    def parse(data: bytes) -> object:
        parsed = entry.parse(data)
        assert isinstance(parsed, StatementEntry)
        return predicates.parse_predicate(parsed.statement)

    assert accepts(parse, SIGNED)
    data = envelope.format(Envelope(payload, STATEMENT_PAYLOAD_TYPE))
    assert not accepts(parse, data)


LEAVES = {
    "signed statement": SIGNED,
    "member": member_entry(PAYLOAD),
    "batch": batch_entry(ACTOR, [PAYLOAD]),
}


def test_preimages_of_leaves_begin_apart() -> None:
    """What is hashed for an entry, a batch's member, a row and an inner node begins differently.

    A leaf begins with 0x00 and a node with 0x01; then comes {, 0xd2 or the type word for an entry,
    DSSEv1 for a member, and a name of its own for a row.
    """
    entries = {b"\x00{", b"\x00\xd2", b"\x00" + VERDICT_TYPE_WORD[:1]}
    member = b"\x00" + pae(STATEMENT_PAYLOAD_TYPE, b"")[:1]
    row = b"\x00" + b"counterfoil row v1"[:1]
    assert len({*entries, member, row, b"\x01"}) == 6
    assert member_hash(PAYLOAD) == sha256(b"\x00" + pae(STATEMENT_PAYLOAD_TYPE, PAYLOAD)).digest()
    assert row_leaf(bytes(16), b"{}") == leaf_hash(b"counterfoil row v1\x00" + bytes(16) + b"{}")
    assert not accepts(entry.kind_of, b"counterfoil row v1\x00" + bytes(16) + b"{}")
    assert not accepts(entry.kind_of, pae(STATEMENT_PAYLOAD_TYPE, PAYLOAD))


@given(st.binary(min_size=16, max_size=16), statement_payloads())
def test_leaves_of_different_trees_differ(salt: bytes, payload: bytes) -> None:
    """A statement has one hash as an entry, another as a member, and another as a row."""
    hashes = {
        leaf_hash(member_entry(payload)),
        leaf_hash(entry_of(payload, ACTOR)),
        leaf_hash(payload),
        member_hash(payload),
        row_leaf(salt, payload),
        row_leaf(salt, member_entry(payload)),
    }
    assert len(hashes) == 6


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_entries_that_look_like_nodes(left: bytes, right: bytes) -> None:
    """64 bytes that are two hashes are no entry, and hash to another leaf than their node."""
    assert leaf_hash(left + right) != node_hash(left, right)
    assert not accepts(entry.parse, left + right)
    assert not accepts(entry.parse, b"\x01" + left + right)


@given(st.binary(max_size=300))
def test_verdicts_are_nothing_else(rest: bytes) -> None:
    """Bytes that begin with the verdict's type word are read by no other parser."""
    for data in (VERDICT_TYPE_WORD + rest, VERDICT[:672] + rest):
        assert entry.kind_of(data) is entry.Kind.VERDICT
        for name, parse in PARSERS.items():
            if name not in ("cosignature", "rows", "bundle", "vkey", "verdict"):
                assert not accepts(parse, data)
    assert not accepts(entry.parse, VERDICT_TYPE_WORD + rest)
    assert accepts(entry.parse, VERDICT[:672] + rest)


@given(st.binary(max_size=300))
def test_cose_is_nothing_else(rest: bytes) -> None:
    """Bytes that begin like a COSE_Sign1 are no JSON and no text."""
    data = b"\xd2" + rest
    for name in ("envelope", "statement", "batch", "receipt", "checkpoint", "policy", "tlog-proof"):
        assert not accepts(PARSERS[name], data)
    assert not accepts(entry.parse, data)


def test_a_proof_file_is_a_note_in_form_only() -> None:
    """Read as a note, a proof file holds no checkpoint, and the log's signature does not hold."""
    found = note.parse(EXAMPLES["tlog-proof"])
    assert not accepts(checkpoint.parse, found.text)
    with pytest.raises(VerificationError) as caught:
        open_note(found, [public_of(c2sp.LOG)])
    assert caught.value.code == "signature.invalid"
    open_note(EXAMPLES["note"], [public_of(c2sp.LOG)])


def test_lax_parsers_would_be_caught() -> None:
    """Planted bug: were unknown fields allowed and `_type` optional, kinds would overlap.

    The searches above count how many parsers accept; with two lax ones they count two.
    """

    def lax(*required: str) -> Callable[[bytes], object]:
        def parse(data: bytes) -> object:
            document = json.loads(data)
            if not set(required) <= set(document):
                raise InputError("lax", "expected other fields")
            return document

        return parse

    merged = json.dumps(json.loads(SIGNED) | json.loads(PAYLOAD)).encode()
    parsers = [lax("payload", "payloadType"), lax("subject", "predicateType", "predicate")]
    assert sum(accepts(parse, merged) for parse in parsers) == 2
    assert sum(accepts(PARSERS[name], merged) for name in JSON_PARSERS) <= 1

"""Statements and signatures: the fast way is the slow way, byte for byte."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats import envelope, json_text
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE
from counterfoil.formats.entry import BatchEntry, StatementEntry
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope, pae
from counterfoil.formats.predicates import ContentRef, Header, Record
from counterfoil.formats.statement import sha256_subject
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger.producer import CONTENT_MAX_DEPTH, STATEMENT_MAX_BYTES, Producer
from counterfoil.proofs.merkle import inclusion_path, reader_of
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.proofs.signing import signing_key
from counterfoil.proofs.verify import verify_batch_member
from counterfoil.storage import statement_key
from counterfoil.units import ENTRY_MAX_BYTES, MAX_SAFE_INTEGER
from tests.statements import ORG, ORIGIN, json_objects, refused

KEY = statement_key(signing_key("producer", KeyType.ED25519, bytes(range(32))))
PRODUCER = Producer(KEY, ORG, ORIGIN, 4)

_counts = st.integers(0, MAX_SAFE_INTEGER)
_names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40)
_digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
_values = st.none() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | _names
_headers = st.fixed_dictionaries(
    {"source": _names, "number": _counts},
    optional={
        "at_ms": _counts,
        "on_behalf_of": st.just("https://other.example"),
        "audience": st.just(ORIGIN),
        "nonce": st.binary(min_size=16, max_size=16).map(bytes.hex),
        "corrects": _digests,
        "supersedes": _digests,
        "expect": st.dictionaries(_names, st.tuples(_values, _values), min_size=1, max_size=3),
    },
)


def slowly(content: bytes, **header: Any) -> bytes:
    """Make a record's statement from its parts, through every check."""
    said = Record(issuer=ORG, content=msgspec.Raw(content), **header)
    return PRODUCER.statement(said, [sha256_subject("content", content)])


@given(_headers, json_objects)
def test_one_record(header: dict[str, Any], content: dict[str, object]) -> None:
    """The template for one record writes what the predicate's class would."""
    text = json_text.format(content)
    assert PRODUCER.record_statement(Header(issuer=ORG, **header), text) == slowly(text, **header)


@given(_names, st.integers(0, MAX_SAFE_INTEGER - 10), st.lists(json_objects, max_size=5))
def test_rows(source: str, first: int, contents: list[dict[str, object]]) -> None:
    """The template for rows writes what the predicate's class would."""
    texts = [json_text.format(content) for content in contents]
    assert PRODUCER.row_statements(source, first, texts) == [
        slowly(text, source=source, number=number) for number, text in enumerate(texts, first)
    ]


@pytest.mark.parametrize(
    "header",
    [
        {"source": ""},
        {"source": "a\nb"},
        {"source": "\ud800"},
        {"number": -1},
        {"number": 1.5},
        {"number": 2**70},
        {"at_ms": "now"},
        {"nonce": "short"},
        {"corrects": "A" * 64},
        {"on_behalf_of": "nobody"},
        {"expect": {}},
        {"expect": {"k": (1,)}},
        {"expect": {"": (None, 1)}},
        {"expect": {"k": (None, 2**53)}},
        {"expect": {"\ud800": (None, 1)}},
        {"expect": {"k": (None, object())}},
    ],
    ids=lambda header: f"{header!a}"[:40],
)
def test_bad_headers_are_refused(header: dict[str, Any]) -> None:
    """Both ways refuse the same headers, with the same code, before anything is signed."""
    fields: dict[str, Any] = {"source": "s", "number": 0, **header}
    with refused("predicate.malformed"):
        PRODUCER.record_statement(Header(issuer=ORG, **fields), b"{}")
    with pytest.raises((InputError, TypeError)):
        slowly(b"{}", **fields)


def test_statements_for_another_log_are_refused() -> None:
    """What names another log as its audience is never signed: no receipt of it would verify."""
    header: dict[str, Any] = {"source": "s", "number": 0, "audience": "another.example"}
    with refused("statement.audience"):
        PRODUCER.record_statement(Header(issuer=ORG, **header), b"{}")
    with refused("statement.audience"):
        slowly(b"{}", **header)


def _padded(size: int) -> tuple[Header, bytes]:
    """Make a header and content whose statement has exactly `size` bytes."""
    header = Header(issuer=ORG, source="s", number=0)
    empty = len(PRODUCER.record_statement(header, b'{"x":""}'))
    return header, b'{"x":"%s"}' % (b"y" * (size - empty))


def test_the_largest_statement_fits_into_an_entry() -> None:
    """A statement of STATEMENT_MAX_BYTES and its signature are an entry; one byte more is not."""
    header, content = _padded(STATEMENT_MAX_BYTES)
    payload = PRODUCER.record_statement(header, content)
    assert len(payload) == STATEMENT_MAX_BYTES
    assert len(PRODUCER.sign(payload)) <= ENTRY_MAX_BYTES
    header, content = _padded(STATEMENT_MAX_BYTES + 1)
    with refused("statement.size"):
        PRODUCER.record_statement(header, content)
    with refused("statement.size"):
        slowly(content, source="s", number=0)


@pytest.mark.parametrize("opening", [b'{"a":', b"["], ids=["objects", "arrays"])
def test_content_is_no_deeper_than_a_statement_can_hold(opening: bytes) -> None:
    """The deepest content that is signed can be read again inside its statement; no deeper is."""

    def nested(levels: int) -> bytes:
        inner = opening * (levels - 1)
        closing = (b"}" if opening[:1] == b"{" else b"]") * (levels - 1)
        return b'{"x":' + inner + b"0" + closing + b"}"

    header = Header(issuer=ORG, source="s", number=0)
    deepest = nested(CONTENT_MAX_DEPTH)
    payload = PRODUCER.record_statement(header, deepest)
    assert payload == slowly(deepest, source="s", number=0)
    assert PRODUCER.row_statements("s", 0, [deepest]) == [payload]
    assert isinstance(entries.parse(PRODUCER.sign(payload)), StatementEntry)
    deeper = nested(CONTENT_MAX_DEPTH + 1)
    for attempt in (
        lambda: PRODUCER.record_statement(header, deeper),
        lambda: PRODUCER.row_statements("s", 0, [b"{}", deeper]),
        lambda: slowly(deeper, source="s", number=0),
    ):
        with refused("json.depth"):
            attempt()
    flat = b'{"x":[' + b",".join([b"{}"] * 200) + b"]}"
    assert PRODUCER.row_statements("s", 0, [flat]) == [slowly(flat, source="s", number=0)]


def test_signed_entries() -> None:
    """An entry holds its statement's bytes and one strict signature by the producer."""
    payload = slowly(b'{"a":1}', source="s", number=0)
    parsed = entries.parse(PRODUCER.sign(payload))
    assert isinstance(parsed, StatementEntry)
    (signature,) = parsed.envelope.signatures
    assert (parsed.envelope.payload, signature.keyid) == (payload, KEY.keyid)
    verify_ed25519(KEY.public, pae(STATEMENT_PAYLOAD_TYPE, payload), signature.sig)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9])
def test_batches(count: int) -> None:
    """Every statement is under exactly one batch signature, which stands right behind its run."""
    payloads = [slowly(b"{}", source="s", number=10 + n) for n in range(count)]
    signed = PRODUCER.sign_batch(payloads, 1_700_000_000_000, "s", 10)
    assert [signed.entries[at] for at in signed.offsets] == [
        envelope.format(Envelope(payload, STATEMENT_PAYLOAD_TYPE)) for payload in payloads
    ]
    assert sum(span.count for span in signed.spans) == count
    nonces = set[str]()
    for span in signed.spans:
        assert (span.issuer, span.source, span.first - 10) == (ORG, "s", span.index - len(nonces))
        at = span.index + span.count
        batch = entries.parse(signed.entries[at])
        assert isinstance(batch, BatchEntry)
        (signature,) = batch.envelope.signatures
        message = pae(BATCH_PAYLOAD_TYPE, batch.envelope.payload)
        verify_ed25519(KEY.public, message, signature.sig)
        assert (batch.batch.origin, batch.batch.at_ms) == (ORIGIN, 1_700_000_000_000)
        assert batch.batch.count == span.count <= 4
        nonces.add(batch.batch.nonce)
        run = payloads[span.first - 10 : span.first - 10 + span.count]
        _verify_members(batch, at, run)
    assert len(nonces) == len(signed.spans) == -(-count // 4)


def _verify_members(batch: BatchEntry, at: int, run: list[bytes]) -> None:
    from counterfoil.formats.batch import member_hash

    nodes = reader_of([member_hash(payload) for payload in run])
    for offset, payload in enumerate(run):
        path = tuple(inclusion_path(offset, len(run), nodes))
        verify_batch_member(batch, at, at - len(run) + offset, payload, path)


def test_content_beside_the_log_is_referred_to() -> None:
    """A record may name its content by digest and size instead."""
    said = Record(issuer=ORG, source="s", number=0, content_ref=ContentRef("0" * 64, 5))
    assert b'"content_ref":{"sha256"' in PRODUCER.statement(said, [sha256_subject("content", b"")])

"""The first byte decides what an entry is, and only that kind's parser may accept it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import batch, entry, envelope, verdict
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE
from counterfoil.formats.entry import (
    VERDICT_TYPE_WORD,
    BatchEntry,
    Kind,
    StatementEntry,
    VerdictEntry,
    kind_of,
)
from counterfoil.units import ENTRY_MAX_BYTES
from tests.statements import (
    Actor,
    batch_entry,
    entry_of,
    member_entry,
    payload_of,
    record,
    refused,
    statement_payloads,
)
from tests.verdicts import entry_of as signed_verdict
from tests.verdicts import plain_verdict

ACTOR = Actor("producer")
PAYLOAD = payload_of(record())


@given(statement_payloads(), st.booleans())
def test_statements_are_read(payload: bytes, signed: bool) -> None:
    """A statement's entry gives its envelope and statement, and says whether it is signed."""
    data = entry_of(payload, ACTOR) if signed else member_entry(payload)
    parsed = entry.parse(data)
    assert isinstance(parsed, StatementEntry)
    assert parsed.signed is signed
    assert parsed.envelope.payload == payload
    assert envelope.format(parsed.envelope) == data
    assert kind_of(data) is Kind.ENVELOPE


def test_batches_are_read() -> None:
    """A batch signature's entry gives its envelope and batch."""
    data = batch_entry(ACTOR, [PAYLOAD, PAYLOAD])
    parsed = entry.parse(data)
    assert isinstance(parsed, BatchEntry)
    assert parsed.batch.count == 2
    assert envelope.format(parsed.envelope) == data


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: b"{" + data))
def test_random_bytes(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are in their one canonical form."""
    try:
        parsed = entry.parse(data)
    except InputError:
        return
    assert isinstance(parsed, StatementEntry | BatchEntry)
    assert envelope.format(parsed.envelope) == data


@pytest.mark.parametrize("count", [0, 2])
def test_a_batch_has_one_signature(count: int) -> None:
    """A batch without a signature signs nothing, and with two it is unclear who speaks."""
    signed = entry.parse(batch_entry(ACTOR, [PAYLOAD]))
    assert isinstance(signed, entry.BatchEntry)
    payload = signed.envelope.payload
    signers = [ACTOR, Actor("second")][:count]
    with refused("entry.unsigned"):
        entry.parse(entry_of(payload, *signers, payload_type=BATCH_PAYLOAD_TYPE))


def test_unknown_payload_types_are_refused() -> None:
    """An envelope of another payload type is no entry, whatever it holds."""
    for kind in ("application/json", BATCH_PAYLOAD_TYPE + "x", BATCH_PAYLOAD_TYPE.upper()):
        with refused("entry.payload-type"):
            entry.parse(entry_of(PAYLOAD, ACTOR, payload_type=kind))


@pytest.mark.parametrize("size", [0, ENTRY_MAX_BYTES + 1])
def test_sizes(size: int) -> None:
    """An entry has 1 to 65,535 bytes."""
    with refused("entry.size"):
        kind_of(b"{" * size)
    with refused("entry.size"):
        entry.parse(b"{" * size)
    assert kind_of(b"{") is kind_of(b"{" * ENTRY_MAX_BYTES) is Kind.ENVELOPE


def test_what_begins_like_a_statement_in_cose() -> None:
    """What only begins like a COSE_Sign1 is known by its kind, and refused by its parser."""
    for data in (b"\xd2", b"\xd2\x84\x40\xa0\x40\x40"):
        assert kind_of(data) is Kind.COSE_SIGN1
        with pytest.raises(InputError):
            entry.parse(data)


def test_verdicts() -> None:
    """A verdict parses to itself, and what only begins like one does not."""
    said = plain_verdict()
    parsed = entry.parse(signed_verdict(said))
    assert isinstance(parsed, VerdictEntry)
    assert parsed.verdict == said
    assert verdict.format(parsed.signed) == signed_verdict(said)
    for data in (VERDICT_TYPE_WORD, VERDICT_TYPE_WORD + bytes(480)):
        assert kind_of(data) is Kind.VERDICT
        with refused("verdict.size"):
            entry.parse(data)


@given(st.binary(min_size=1, max_size=64))
def test_the_first_byte_decides(data: bytes) -> None:
    """Bytes that begin with no kind's mark are refused, and no two kinds share a mark."""
    marks = [data[:1] == b"{", data[:1] == b"\xd2", data.startswith(VERDICT_TYPE_WORD)]
    assert sum(marks) <= 1
    if any(marks):
        kind_of(data)
    else:
        with refused("entry.kind"):
            kind_of(data)


def test_the_type_word_begins_like_no_other_kind() -> None:
    """A verdict cannot begin with the mark of an envelope or of a COSE_Sign1."""
    assert len(VERDICT_TYPE_WORD) == 32
    assert VERDICT_TYPE_WORD[0] not in (0x7B, 0xD2)
    with refused("entry.kind"):
        kind_of(VERDICT_TYPE_WORD[:31])


def test_a_batch_payload_is_still_strict() -> None:
    """What stands in a batch's envelope must be a batch."""
    with refused("batch.malformed"):
        entry.parse(entry_of(PAYLOAD, ACTOR, payload_type=BATCH_PAYLOAD_TYPE))
    with refused("statement.malformed"):
        entry.parse(entry_of(batch.format(batch.Batch(0, 1, "0" * 32, "o", "0" * 64)), ACTOR))

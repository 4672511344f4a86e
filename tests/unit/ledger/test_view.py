"""Entries are shown decoded, whatever they are."""

from __future__ import annotations

import json

import msgspec
import pytest

from counterfoil.errors import InputError
from counterfoil.formats import json_text, statement
from counterfoil.formats.predicates import Block, ContentRef, Organisation, Record
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.ledger.view import block_of, view
from counterfoil.proofs.merkle import leaf_hash
from tests.statements import (
    ORG,
    Actor,
    batch_entry,
    entry_of,
    member_entry,
    payload_of,
    record,
    refused,
)

ANNA = Actor("anna")
BLOCK = Block(
    issuer=ORG, source="t", number=2, rows=1, root="0" * 64, payload=ContentRef("1" * 64, 9)
)


def test_a_record() -> None:
    """A record shows its header, its place and its content."""
    entry = entry_of(payload_of(record(4, b'{"amount":5}')), ANNA)
    seen = view(9, entry)
    assert (seen.index, seen.leaf, seen.kind) == (9, leaf_hash(entry).hex(), "record")
    assert (seen.issuer, seen.source, seen.number, seen.at_ms) == (ORG, "test", 4, None)
    assert (seen.signed_by, seen.content) == ((ANNA.keyid,), {"amount": 5})
    assert json.loads(json.dumps(seen.to_json()))["content"] == {"amount": 5}


def test_a_member_of_a_batch() -> None:
    """A statement that a batch signs has no signature of its own."""
    assert view(0, member_entry(payload_of(record()))).signed_by == ()


def test_a_batch_signature() -> None:
    """A batch signature shows what it signs, and nobody's source or number."""
    seen = view(1, batch_entry(ANNA, [payload_of(record())]))
    assert (seen.kind, seen.issuer, seen.source, seen.number) == ("batch", None, None, None)
    assert seen.at_ms == seen.content["at_ms"] == 1_700_000_000_000
    assert (seen.signed_by, seen.content["count"]) == ((ANNA.keyid,), 1)


def test_content_beside_the_log() -> None:
    """Where the content is not in the entry, its reference is shown."""
    said = Record(issuer=ORG, source="t", number=0, content_ref=ContentRef("2" * 64, 7), at_ms=5)
    seen = view(0, entry_of(payload_of(said), ANNA))
    assert seen.content["content_ref"] == {"sha256": "2" * 64, "size": 7}
    assert seen.at_ms == 5


def test_core_statements() -> None:
    """A statement of the core has its short name, and its whole predicate as content."""
    said = Organisation(issuer=ORG, source="t", number=0, organisation=ORG, name="Shop")
    seen = view(0, entry_of(payload_of(said), ANNA))
    assert (seen.kind, seen.content["name"]) == ("organisation", "Shop")


@pytest.mark.parametrize("numbered", [True, False])
def test_other_predicates(numbered: bool) -> None:
    """A predicate of somebody else is named by its URI; its header is shown where it has one."""
    fields = {"issuer": ORG, "source": "s", "number": 3} if numbered else {"a": 1}
    predicate = msgspec.Raw(json_text.format(fields))
    said = Statement((sha256_subject("x", b"x"),), "https://p.example/v1", predicate)
    seen = view(0, entry_of(statement.format(said), ANNA))
    assert (seen.kind, seen.content, seen.at_ms) == ("https://p.example/v1", fields, None)
    header = (seen.issuer, seen.source, seen.number)
    assert header == ((ORG, "s", 3) if numbered else (None, None, None))


def test_block_of() -> None:
    """A block statement is found in its entry, and nothing else is taken for one."""
    assert block_of(entry_of(payload_of(BLOCK), ANNA)) == BLOCK
    for other in (entry_of(payload_of(record()), ANNA), batch_entry(ANNA, [payload_of(record())])):
        with refused("record.not-a-block"):
            block_of(other)


def test_garbage() -> None:
    """Bytes that are no entry are refused as parsing refuses them."""
    with pytest.raises(InputError):
        view(0, b"{}")

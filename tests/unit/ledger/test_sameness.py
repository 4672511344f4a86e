"""When two statements of one number say the same, and what can be recorded at all."""

from __future__ import annotations

import enum
from collections import OrderedDict
from typing import Any

import msgspec
import pytest

from counterfoil.formats import json_text, statement
from counterfoil.formats.predicates import Record
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.ledger.sameness import check_content, says_the_same, statement_says
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
BERT = Actor("bert")


def said(**header: Any) -> bytes:
    """Make the payload of a record with further header fields."""
    content = header.pop("content", b'{"amount":5}')
    fields = {"issuer": ORG, "source": "test", "number": 0, **header}
    return payload_of(Record(content=msgspec.Raw(content), **fields))


def foreign(**fields: Any) -> bytes:
    """Make the payload of a statement whose predicate is not of the core."""
    predicate = msgspec.Raw(json_text.format(fields))
    subject = sha256_subject("x", b"x")
    return statement.format(Statement((subject,), "https://p.example/v1", predicate))


def same(one: bytes, two: bytes) -> bool:
    """Ask both ways, signed and in a batch."""
    answers = {
        says_the_same(entry_of(one, ANNA), entry_of(two, BERT)),
        says_the_same(entry_of(two, ANNA), entry_of(one, ANNA)),
        says_the_same(member_entry(one), entry_of(two, BERT)),
        statement_says(entry_of(one, ANNA), two),
        statement_says(member_entry(two), one),
    }
    assert len(answers) == 1
    return answers.pop()


def test_time_and_nonce_are_no_part_of_what_is_said() -> None:
    """A client that says it again, later, has said it once."""
    assert same(said(), said())
    assert same(said(at_ms=1), said(at_ms=2))
    assert same(said(at_ms=1), said())
    assert same(said(nonce="0" * 32), said(nonce="1" * 32))


@pytest.mark.parametrize(
    "header",
    [
        {"content": b'{"amount":6}'},
        {"content": b'{"amount":5.0}'},
        {"number": 1},
        {"source": "other"},
        {"corrects": "0" * 64},
        {"supersedes": "0" * 64},
        {"on_behalf_of": "urn:x:1"},
        {"audience": "log"},
        {"expect": {"a": (None, 1)}},
    ],
    ids=lambda header: " ".join(f"{name} {value!a}"[:30] for name, value in header.items()),
)
def test_everything_else_is(header: dict[str, Any]) -> None:
    """Content, place, references and conditions are part of what is said."""
    assert not same(said(), said(**header))


def test_other_predicates() -> None:
    """A numbered statement of another predicate, said again later, has been said once, too."""
    numbered = {"issuer": ORG, "source": "s", "number": 1}
    assert same(foreign(at_ms=1, **numbered, a=[1]), foreign(at_ms=2, **numbered, a=[1]))
    assert same(foreign(**numbered, a=1), foreign(a=1, nonce="0" * 32, **numbered))
    assert not same(foreign(**numbered, a=1), foreign(**numbered, a=2))
    assert not same(foreign(**numbered, a=1), foreign(**numbered, a=1.0))
    assert not same(foreign(**numbered), said())


def test_without_a_number_every_byte_counts() -> None:
    """Where a predicate has no number, its time may be what it is about."""
    assert same(foreign(at_ms=1), foreign(at_ms=1))
    assert not same(foreign(at_ms=1), foreign(at_ms=2))


def test_batch_signatures_say_nothing() -> None:
    """A batch signature is the same as itself only."""
    batch, entry = batch_entry(ANNA, [said()]), entry_of(said(), ANNA)
    assert says_the_same(batch, batch)
    assert not says_the_same(batch, batch_entry(BERT, [said()]))
    assert not says_the_same(batch, entry)
    assert not says_the_same(entry, batch)
    assert not statement_says(batch, said())


def test_content_keeps_its_order_and_numbers() -> None:
    """A mapping, its text and its bytes are one content: compact, keys in order."""
    expected = b'{"b":1.5,"a":[1,2],"\xc3\xa9":null}'
    content = {"b": 1.5, "a": (1, 2), "é": None}
    assert check_content(content) == expected
    assert check_content(OrderedDict(content)) == expected
    assert check_content(' { "b":1.50, "a":[1,2],\n"é":null}') == expected
    assert check_content(bytearray(b'{"b":15e-1,"a":[1,2],"\\u00e9":null}')) == expected
    assert check_content({}) == b"{}"


class _Colour(enum.IntEnum):
    RED = 1


def _cycle() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["self"] = found
    return found


def _deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels - 1):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "record.content"),
        (5, "record.content"),
        ([{"a": 1}], "record.content"),
        ([("a", 1)], "record.content"),
        (iter([]), "record.content"),
        (memoryview(b"{}"), "record.content"),
        (msgspec.Raw(b"{}"), "record.content"),
        ("[1]", "json.not-object"),
        ("", "json.malformed"),
        (b"", "json.malformed"),
        (b'{"a":1}{"b":2}', "json.malformed"),
        (b'{"a":1},"number":7', "json.malformed"),
        (b"\xef\xbb\xbf{}", "json.malformed"),
        (b'{"a":"\xff"}', "json.malformed"),
        ('{"a":"\ud800"}', "json.malformed"),
        ('{"a":"\\ud800"}', "json.surrogate"),
        ('{"a":1,"a":1}', "json.duplicate-key"),
        ('{"a":1,"\\u0061":1}', "json.duplicate-key"),
        ('{"a":NaN}', "json.number"),
        ('{"a":1e999}', "json.number"),
        ('{"a":9007199254740992}', "json.integer"),
        ("{" + '"a":{' * 64 + "}" * 65, "json.depth"),
        ({"a": float("nan")}, "json.number"),
        ({"a": float("-inf")}, "json.number"),
        ({"a": 2**53}, "json.integer"),
        ({"a": 10**400}, "json.integer"),
        ({"a": 10**5000}, "json.integer"),
        ({"a": "\ud800"}, "json.surrogate"),
        ({"\udfff": 1}, "json.surrogate"),
        ({"a": b"bytes"}, "json.type"),
        ({"a": {1, 2}}, "json.type"),
        ({1: "a"}, "json.type"),
        ({None: "a"}, "json.type"),
        ({"a": {2: 1}}, "json.type"),
        ({"a": _Colour.RED}, "json.type"),
        ({"a": object()}, "json.type"),
        (_cycle(), "json.depth"),
        (_deep(65), "json.depth"),
    ],
    ids=map(str, range(37)),
)
def test_what_is_no_json_object_is_refused(content: object, code: str) -> None:
    """Hostile or mistaken content gets one clear error, and which one is stable."""
    with refused(code):
        check_content(content)


def test_wide_and_deep_content_within_the_limits() -> None:
    """Ten thousand keys, 64 levels and the largest integers are fine."""
    wide = {f"k{n}": n for n in range(10_000)}
    assert json_text.parse(check_content(wide)) == wide
    assert check_content(_deep(64)).count(b"{") == 64
    edge = {"a": 2**53 - 1, "b": -(2**53) + 1, "c": 5e-324, "d": 1.7976931348623157e308}
    assert json_text.parse(check_content(edge)) == edge


def test_records_are_equal_to_themselves() -> None:
    """The helper above makes what the library makes."""
    assert same(said(), payload_of(record()))

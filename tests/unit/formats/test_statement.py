"""A statement is an in-toto Statement v1, read strictly and never encoded again."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import statement
from counterfoil.formats.statement import STATEMENT_TYPE, Statement, Subject, sha256_subject
from tests.statements import json_objects, payload_of, record, refused

WHOLE: dict[str, Any] = {
    "_type": STATEMENT_TYPE,
    "subject": [{"digest": {"sha256": "00" * 32}, "name": "content"}],
    "predicateType": "https://example.com/x/v1",
    "predicate": {"a": [1, "b"]},
}
PAYLOAD = json.dumps(WHOLE, separators=(",", ":")).encode()

_text = st.text(st.characters(codec="utf-8"), max_size=12)
subjects = st.builds(
    Subject, st.dictionaries(_text, _text, min_size=1, max_size=3), st.text("abc", max_size=5)
)
statements = st.builds(
    lambda found, kind, predicate: Statement(
        tuple(found), kind, msgspec.Raw(msgspec.json.encode(predicate))
    ),
    st.lists(subjects, min_size=1, max_size=4, unique_by=lambda subject: subject.name),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    json_objects,
)


def without(key: str) -> dict[str, Any]:
    """Leave one field out."""
    return {name: value for name, value in WHOLE.items() if name != key}


@given(statements)
def test_round_trip(value: Statement) -> None:
    """A statement is read back the same, its predicate byte for byte."""
    data = statement.format(value)
    parsed = statement.parse(data)
    assert (parsed.subject, parsed.predicate_type) == (value.subject, value.predicate_type)
    assert bytes(parsed.predicate) == bytes(value.predicate)
    assert parsed.kind == STATEMENT_TYPE
    assert statement.format(parsed) == data


@given(statements)
def test_a_checked_predicate_makes_the_same_bytes(value: Statement) -> None:
    """However it is checked, a statement is written in one way."""
    assert statement.format_checked(value) == statement.format(value)


@pytest.mark.parametrize(
    ("found", "predicate", "code"),
    [
        ((Subject({"a": "b"}),), {"a": [[]] * 70}, None),
        ((Subject({"a": "b"}),), {"a": json.loads("[" * 70 + "]" * 70)}, "json.depth"),
        ((Subject({"a": "b"}), Subject({"c": "d"})), {}, "statement.malformed"),
        ((Subject({}),), {}, "statement.malformed"),
        ((Subject({"a": "\ud800"}),), {}, "statement.malformed"),
    ],
    ids=["wide", "deep", "one name", "no digest", "surrogate"],
)
def test_what_values_cannot_tell_is_looked_at(
    found: tuple[Subject, ...], predicate: Any, code: str | None
) -> None:
    """Depth, and subjects, of a statement whose predicate was checked before."""
    value = Statement(found, "urn:x", msgspec.Raw(msgspec.json.encode(predicate)))
    if code is None:
        assert statement.parse(statement.format_checked(value)).subject == found
        return
    with refused(code):
        statement.format_checked(value)


@given(
    st.binary(max_size=200)
    | st.tuples(st.integers(0, len(PAYLOAD)), st.binary(max_size=3), st.integers(0, 3)).map(
        lambda edit: PAYLOAD[: edit[0]] + edit[1] + PAYLOAD[edit[0] + edit[2] :]
    )
)
def test_random_bytes(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are a statement for other readers, too."""
    try:
        parsed = statement.parse(data)
    except InputError:
        return
    document = json.loads(data)
    assert document["_type"] == STATEMENT_TYPE
    assert document["predicateType"] == parsed.predicate_type
    assert document["predicate"] == json.loads(bytes(parsed.predicate))
    assert [dict(item["digest"]) for item in document["subject"]] == [
        subject.digest for subject in parsed.subject
    ]


def test_fields_stand_in_the_order_of_the_specification() -> None:
    """The written form is compact and begins with `_type`."""
    assert statement.format(statement.parse(PAYLOAD)) == PAYLOAD


def test_other_forms_of_one_statement_are_read() -> None:
    """The payload's bytes are what is signed, so white space, order and further fields are free."""
    spaced = json.dumps(WHOLE | {"x": 1}, indent=2).encode()
    parsed = statement.parse(b"\n" + spaced)
    assert json.loads(bytes(parsed.predicate)) == WHOLE["predicate"]
    assert bytes(parsed.predicate)[:1] == b"{"
    statement.parse(json.dumps({key: WHOLE[key] for key in reversed(WHOLE)}).encode())
    descriptor = WHOLE["subject"][0] | {"uri": "https://x.example", "annotations": {"a": 1}}
    assert statement.parse(json.dumps(WHOLE | {"subject": [descriptor]}).encode()).subject == (
        Subject({"sha256": "00" * 32}, "content"),
    )


DIGEST = {"digest": {"sha256": "00"}}
MALFORMED: dict[str, tuple[Any, str]] = {
    "no type": (without("_type"), "statement.malformed"),
    "another type": (WHOLE | {"_type": STATEMENT_TYPE[:-1] + "0"}, "statement.malformed"),
    "no subject field": (without("subject"), "statement.malformed"),
    "no subjects": (WHOLE | {"subject": []}, "statement.malformed"),
    "a subject without digest": (WHOLE | {"subject": [{"name": "a"}]}, "statement.malformed"),
    "an empty digest": (WHOLE | {"subject": [{"digest": {}}]}, "statement.malformed"),
    "a digest of a number": (WHOLE | {"subject": [{"digest": {"a": 1}}]}, "statement.malformed"),
    "subjects of one name": (WHOLE | {"subject": [DIGEST, DIGEST]}, "statement.malformed"),
    "subjects of one written name": (
        WHOLE | {"subject": [DIGEST | {"name": "a"}] * 2},
        "statement.malformed",
    ),
    "no predicate type": (without("predicateType"), "statement.malformed"),
    "an empty predicate type": (WHOLE | {"predicateType": ""}, "statement.malformed"),
    "a long predicate type": (WHOLE | {"predicateType": "a" * 513}, "statement.malformed"),
    "no predicate": (without("predicate"), "statement.malformed"),
    "a predicate of null": (WHOLE | {"predicate": None}, "statement.malformed"),
    "a predicate of text": (WHOLE | {"predicate": "{"}, "statement.malformed"),
    "a predicate that is a list": (WHOLE | {"predicate": [{}]}, "statement.malformed"),
    "a large integer": (WHOLE | {"predicate": {"a": 2**53}}, "json.integer"),
    "a large integer outside": (WHOLE | {"x": 2**53}, "json.integer"),
    "not an object": ([WHOLE], "json.not-object"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    """Each missing or wrong field is refused."""
    document, code = MALFORMED[name]
    with refused(code):
        statement.parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"_type"', b'"_type":"x","_type"', "json.duplicate-key"),
        (b'{"a"', b'{"a":1,"\\u0061"', "json.duplicate-key"),
        (b'"predicate":{', b'"predicate":{},"predicate":{', "json.duplicate-key"),
        (b'"b"', b"NaN", "json.number"),
        (b'"b"', b'"\\ud800"', "json.surrogate"),
        (b'"b"', b'"\xff"', "json.malformed"),
        (b'"b"', b"[" * 70 + b"]" * 70, "json.depth"),
        (b'{"_type"', b'\xef\xbb\xbf{"_type"', "json.malformed"),
    ],
)
def test_ambiguous_json_is_refused(old: bytes, new: bytes, code: str) -> None:
    """What two JSON readers could read as two things is refused, anywhere in the statement."""
    assert old in PAYLOAD
    with refused(code):
        statement.parse(PAYLOAD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Statement((), "x", msgspec.Raw(b"{}")), "statement.malformed"),
        (Statement((Subject({"a": "\ud800"}),), "x", msgspec.Raw(b"{}")), "statement.malformed"),
        (Statement((Subject({"a": "b"}),), "", msgspec.Raw(b"{}")), "statement.malformed"),
        (Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b"[]")), "statement.malformed"),
        (Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b"")), "json.malformed"),
        (Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b'{},"y":{}}')), "json.malformed"),
        (Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b'{},"y":{}')), "statement.malformed"),
        (Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b"{} ")), "statement.malformed"),
        (
            Statement((Subject({"a": "b"}),), "x", msgspec.Raw(b'{},"predicate":{"b":1}')),
            "json.duplicate-key",
        ),
    ],
)
def test_what_could_not_be_read_is_not_written(value: Statement, code: str) -> None:
    """`format` refuses what `parse` refuses, also a raw predicate that breaks out of its place."""
    with refused(code):
        statement.format(value)


def test_subject_of_content() -> None:
    """A subject holds the content's SHA-256 in hexadecimal digits."""
    assert sha256_subject("n", b"x") == Subject({"sha256": sha256(b"x").hexdigest()}, "n")
    parsed = statement.parse(payload_of(record()))
    assert parsed.subject[0].digest["sha256"] == sha256(b'{"amount":5}').hexdigest()

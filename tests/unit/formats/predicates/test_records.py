"""A record has its content once, inside or beside the log; a block has its rows beside it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given

from counterfoil.formats import statement
from counterfoil.formats.predicates import ContentRef, Record, parse_predicate
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import json_objects, payload_of, record

BLOCK = HEADER | {"rows": 1, "root": "0f" * 32, "payload": {"sha256": "0f" * 32, "size": 1}}
READ_BLOCK = msgspec.json.Decoder(next(kind for kind in SAMPLES if kind.__name__ == "Block")).decode


@given(json_objects)
def test_content_is_kept_byte_for_byte(content: dict[str, Any]) -> None:
    """A record's content is the text that was received, spaces and all."""
    text = json.dumps(content, indent=1).encode()
    payload = payload_of(record(content=text))
    predicate = parse_predicate(statement.parse(payload))
    assert isinstance(predicate, Record)
    assert bytes(predicate.content) == text  # type: ignore[arg-type]  # it has content
    subject = statement.parse(payload).subject[0]
    assert subject.digest["sha256"] == sha256(text).hexdigest()


@pytest.mark.parametrize(
    ("content", "reference"),
    [
        (msgspec.UNSET, None),
        (msgspec.Raw(b"{}"), ContentRef("0f" * 32, 1)),
        (msgspec.Raw(b"[]"), None),
        (msgspec.Raw(b'"{"'), None),
        (msgspec.Raw(b" {}"), None),
        (msgspec.Raw(b""), None),
    ],
)
def test_exactly_one_content_that_is_an_object(content: Any, reference: Any) -> None:
    """A record has either content, which is an object, or a reference to it."""
    with pytest.raises(ValueError, match="expected "):
        Record(issuer="a:b", source="s", number=0, content=content, content_ref=reference)


def test_content_beside_the_log() -> None:
    """A record may name its content by digest and size."""
    predicate = Record(issuer="a:b", source="s", number=0, content_ref=ContentRef("0f" * 32, 0))
    assert parse_predicate(statement.parse(payload_of(predicate))) == predicate


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0}, {"rows": 1_048_577}, {"rows": 1.0}, {"row_format": "salted-json/v2"},
        {"root": "0F" * 32}, {"payload": {"sha256": "00", "size": 1}},
        {"payload": {"sha256": "0f" * 32, "size": -1}}, {"payload": {"sha256": "0f" * 32}},
        {"payload": {"sha256": "0f" * 32, "size": 1, "x": 1}}, {"columns": [""]},
        {"columns": ["a"] * 4097},
    ],
    ids=range(11),
)  # fmt: skip
def test_blocks_have_ranges(change: dict[str, Any]) -> None:
    """A block's fields have their ranges; a plain one is read."""
    READ_BLOCK(msgspec.json.encode(BLOCK | {"rows": 1_048_576}))
    with pytest.raises(msgspec.ValidationError):
        READ_BLOCK(msgspec.json.encode(BLOCK | change))

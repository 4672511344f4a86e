"""Statements are in-toto's: its own parser and validator read every one that we write."""

from __future__ import annotations

import json
from typing import Any

import in_toto_attestation.v1.statement_pb2 as statement_pb2
import pytest
from google.protobuf import json_format
from hypothesis import given
from in_toto_attestation.v1.statement import Statement as InTotoStatement

from counterfoil.errors import InputError
from counterfoil.formats import batch, statement
from counterfoil.formats.batch import Batch
from counterfoil.formats.predicates import Header, uri_of
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import payload_of, statement_payloads


def read(payload: bytes) -> Any:
    """Read a statement with in-toto's code and validate it."""
    message = statement_pb2.Statement()
    json_format.Parse(payload, message)
    found = InTotoStatement.copy_from_pb(message)
    found.validate()
    return found.pb


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_every_predicate_of_the_core(kind: type[Header]) -> None:
    """In-toto reads each predicate of the core as we mean it."""
    payload = payload_of(kind(**HEADER, **SAMPLES[kind]))
    found, ours = read(payload), statement.parse(payload)
    assert found.type == ours.kind
    assert found.predicate_type == uri_of(kind(**HEADER, **SAMPLES[kind])) == ours.predicate_type
    assert [(s.name, dict(s.digest)) for s in found.subject] == [
        (s.name, s.digest) for s in ours.subject
    ]
    assert json_format.MessageToDict(found.predicate) == json.loads(bytes(ours.predicate))


@given(statement_payloads())
def test_any_content(payload: bytes) -> None:
    """In-toto reads a record with any JSON content, to the same values."""
    found = read(payload)
    assert json_format.MessageToDict(found.predicate) == json.loads(payload)["predicate"]


WHOLE: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "a", "digest": {"sha256": "00"}}],
    "predicateType": "https://example.com/x",
    "predicate": {"a": 1},
}


@pytest.mark.parametrize(
    "change",
    [{"_type": "https://in-toto.io/Statement/v0.1"}, {"_type": ""}, {"subject": []},
     {"subject": [{"name": "a"}]}, {"predicateType": ""}],
    ids=str,
)  # fmt: skip
def test_what_in_toto_refuses_we_refuse(change: dict[str, Any]) -> None:
    """A statement that in-toto's validator refuses is refused here, too."""
    read(json.dumps(WHOLE).encode())
    statement.parse(json.dumps(WHOLE).encode())
    payload = json.dumps(WHOLE | change).encode()
    with pytest.raises(ValueError, match=r"."):
        read(payload)
    with pytest.raises(InputError):
        statement.parse(payload)


@pytest.mark.parametrize("key", WHOLE)
def test_missing_fields(key: str) -> None:
    """A statement without one of its four fields is refused by both."""
    payload = json.dumps({name: value for name, value in WHOLE.items() if name != key}).encode()
    with pytest.raises(ValueError, match=r"."):
        read(payload)
    with pytest.raises(InputError):
        statement.parse(payload)


def test_a_batch_is_no_statement() -> None:
    """In-toto does not read a batch signature's payload as a statement."""
    payload = batch.format(Batch(0, 1, "0" * 32, "o", "0" * 64))
    with pytest.raises(json_format.ParseError):
        read(payload)

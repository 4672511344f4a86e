"""Predicates have names, are read strictly, and are written only as they will be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import statement
from counterfoil.formats.predicates import (
    CORE,
    Header,
    Record,
    format_predicate,
    json_schema,
    parse_header,
    parse_predicate,
    uri_of,
)
from counterfoil.formats.predicates.registry import binding_text
from counterfoil.formats.statement import Statement, Subject
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import ORG, json_values, payload_of, record, refused

ALL = [kind(**HEADER, **fields) for kind, fields in SAMPLES.items()]
URIS = {type(predicate): uri_of(predicate) for predicate in ALL}
kinds = pytest.mark.parametrize("predicate", ALL, ids=lambda value: type(value).__name__)


def stated(uri: str, predicate: bytes) -> Statement:
    """Make a statement with any predicate."""
    return Statement((Subject({"a": "b"}),), uri, msgspec.Raw(predicate))


def test_every_predicate_of_the_core_has_a_sample() -> None:
    """The samples below cover the whole core."""
    assert set(SAMPLES) == set(CORE.values())


@kinds
def test_round_trip(predicate: Header) -> None:
    """Each predicate is read back equal from a statement's payload."""
    parsed = statement.parse(payload_of(predicate))
    assert parsed.predicate_type == uri_of(predicate)
    assert CORE[parsed.predicate_type] is type(predicate)
    assert parse_predicate(parsed) == predicate
    assert parse_header(parsed) == (ORG, "sha256:00", 3)


@kinds
def test_an_unknown_field_is_refused(predicate: Header) -> None:
    """A predicate of the core has no other fields: a reader must not overlook one."""
    data = format_predicate(predicate)
    with refused("predicate.malformed"):
        parse_predicate(stated(uri_of(predicate), data[:-1] + b',"x":1}'))


@kinds
def test_each_is_refused_as_each_other(predicate: Header) -> None:
    """No predicate can be read under another's name."""
    data = format_predicate(predicate)
    for kind, uri in URIS.items():
        if kind is not type(predicate):
            with refused("predicate.malformed"):
                parse_predicate(stated(uri, data))


@kinds
def test_missing_fields_are_refused(predicate: Header) -> None:
    """Every field without a default must be there."""
    whole = json.loads(format_predicate(predicate))
    for field in msgspec.structs.fields(type(predicate)):
        if field.required:
            rest = {key: value for key, value in whole.items() if key != field.name}
            with refused("predicate.malformed"):
                parse_predicate(stated(uri_of(predicate), json.dumps(rest).encode()))


@kinds
def test_no_field_takes_a_float(predicate: Header) -> None:
    """Our own predicates hold no floats: a number is an integer in its unit."""
    whole = json.loads(format_predicate(predicate))
    for name, value in whole.items():
        if type(value) is int:
            for other in (float(value), str(value), True):
                data = json.dumps(whole | {name: other}).encode()
                with refused("predicate.malformed"):
                    parse_predicate(stated(uri_of(predicate), data))


@given(
    st.sampled_from(sorted(CORE)),
    st.dictionaries(
        st.sampled_from([*HEADER, *(name for fields in SAMPLES.values() for name in fields)]),
        json_values,
        max_size=8,
    ),
)
def test_random_predicates(uri: str, document: dict[str, Any]) -> None:
    """Any object as a predicate raises InputError and nothing else, or is what it says."""
    data = msgspec.json.encode({"issuer": ORG, "source": "s", "number": 1} | document)
    try:
        predicate = parse_predicate(stated(uri, data))
    except InputError:
        return
    assert predicate is not None
    again = parse_predicate(stated(uri, format_predicate(predicate)))
    assert again == predicate


@given(st.binary(max_size=50), st.sampled_from(sorted(CORE)))
def test_random_bytes(data: bytes, uri: str) -> None:
    """Any bytes as a predicate raise InputError and nothing else."""
    try:
        parse_predicate(stated(uri, data))
        parse_header(stated(uri, data))
    except InputError:
        return


@given(st.binary(max_size=50))
def test_random_foreign_bytes(data: bytes) -> None:
    """A foreign predicate that has no header of our shape has none, and that is no error."""
    found = parse_header(stated("https://foreign.example", data))
    assert found is None or isinstance(found[2], int)


def test_foreign_predicates() -> None:
    """A predicate that the core does not know is left alone; a header of our shape is read."""
    for uri in ("https://foreign.example/x", "https://counterfoil.dev/record/v2", "x"):
        foreign = stated(uri, b'{"issuer":"a:b","source":"s","number":7,"other":[]}')
        assert parse_predicate(foreign) is None
        assert parse_header(foreign) == ("a:b", "s", 7)
    for data in (b"{}", b'{"issuer":"a:b"}', b'{"issuer":1,"source":"s","number":7}'):
        assert parse_header(stated("x", data)) is None


class Foreign(Header, frozen=True, kw_only=True):
    """A predicate of some app."""


def test_predicates_that_are_not_of_the_core() -> None:
    """A class or URI that is not of the core is refused by name."""
    foreign = Foreign(issuer=ORG, source="s", number=1)
    for act in (uri_of, format_predicate):
        with refused("predicate.unknown"):
            act(foreign)
    with refused("predicate.unknown"):
        json_schema("https://foreign.example")


@pytest.mark.parametrize(
    "predicate",
    [
        record(issuer="no uri"),
        record(-1),
        record(2**53),
        msgspec.structs.replace(record(), source="a\nb"),
        msgspec.structs.replace(record(), source="\ud800"),
        msgspec.structs.replace(record(), nonce="0F" * 16),
        record(content=b"{} "),
        record(content=b'{"a":1'),
        record(content=b'{},"number":7'),
        record(content=b'{},"at_ms":7'),
        record(content=b'{},"content_ref":null'),
    ],
    ids=range(11),
)
def test_what_would_be_read_otherwise_is_not_written(predicate: Record) -> None:
    """A field out of range is refused, and so is raw content that speaks for other fields."""
    with refused("predicate.malformed"):
        format_predicate(predicate)


def patterns(schema: Any) -> Iterator[str]:
    """Find every pattern in a schema."""
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "pattern" and isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            yield from patterns(value)


@pytest.mark.parametrize("uri", sorted(CORE))
def test_schemas(uri: str) -> None:
    r"""Each predicate has a JSON Schema with its name, its fields and patterns of ECMA-262.

    ECMA-262 has no \\A and \\Z: a validator would refuse the schema or match nothing.
    """
    schema = json_schema(uri)
    assert schema["$id"] == uri
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    json.dumps(schema)
    own = schema["$defs"][CORE[uri].__name__]
    assert own["additionalProperties"] is False
    assert set(own["properties"]) == {field.name for field in msgspec.structs.fields(CORE[uri])}
    found = list(patterns(schema))
    assert len(found) >= 5
    for pattern in found:
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert not re.search(r"\\[AZ]", pattern)


def test_binding_text() -> None:
    """What a party's keys sign names the party and every key, in order, in canonical JSON."""
    text = binding_text("urn:p", [("sign", "ed25519", "AA=="), ("pq", "ml-dsa-44", "AQ==")])
    assert text == (
        b"counterfoil party binding v1\n"
        b'{"keys":[{"algorithm":"ed25519","public":"AA==","purpose":"sign"},'
        b'{"algorithm":"ml-dsa-44","public":"AQ==","purpose":"pq"}],"party":"urn:p"}'
    )

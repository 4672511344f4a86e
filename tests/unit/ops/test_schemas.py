"""The shapes of all statements, for other programs."""

from __future__ import annotations

import json

import pytest

from counterfoil.errors import NotFound
from counterfoil.formats.predicates import CORE
from counterfoil.ledger.predicate_types import registered
from counterfoil.ops.schemas import schema
from counterfoil.ports import Document


def test_every_statement_has_its_schema() -> None:
    """Each listed name, and its URI, gives one JSON Schema."""
    listed = schema()
    assert not isinstance(listed, Document)
    names = list(listed)
    assert {one.uri for one in names} == {*CORE, *registered()}
    for one in names:
        by_name, by_uri = schema(one.name), schema(one.uri)
        assert isinstance(by_name, Document)
        assert isinstance(by_uri, Document)
        text = b"".join(by_name.chunks)
        assert text == b"".join(by_uri.chunks)
        assert json.loads(text)["$id"] == one.uri
        assert one.says.endswith(".")


def test_an_unknown_statement_is_not_found() -> None:
    """Another name is refused with the list of those that are known."""
    with pytest.raises(NotFound, match="record, block"):
        schema("payment")

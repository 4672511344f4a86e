"""Every statement of ours says who issues it and its number, in strict types."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.formats.predicates import Header
from tests.predicate_samples import HEADER

DECODE = msgspec.json.Decoder(Header).decode


def parse(change: dict[str, Any]) -> Header:
    """Read a full header with some fields changed."""
    return DECODE(msgspec.json.encode(HEADER | change))


def test_the_full_header() -> None:
    """A header with every field is read back the same; the three first fields suffice."""
    assert parse({}) == Header(**HEADER)
    least = DECODE(b'{"issuer":"a:b","source":"s","number":0}')
    assert msgspec.json.encode(least) == b'{"issuer":"a:b","source":"s","number":0}'


ACCEPTED: list[dict[str, Any]] = [
    {"issuer": "urn:uuid:1"}, {"issuer": "a:" + "b" * 510}, {"source": "é" * 255},
    {"source": " "}, {"number": 2**53 - 1}, {"at_ms": 0}, {"expect": {"a": [1, None]}},
    {"expect": {"a": [-(2**53) + 1, "x"]}}, {"audience": "a b"},
]  # fmt: skip
REFUSED: list[dict[str, Any]] = [
    {"issuer": ""}, {"issuer": "org"}, {"issuer": "a:"}, {"issuer": "1a:b"}, {"issuer": "a:b c"},
    {"issuer": "a:b\n"}, {"issuer": "a:é"}, {"issuer": "a:" + "b" * 511}, {"issuer": None},
    {"source": ""}, {"source": "a" * 256}, {"source": "a\n"}, {"source": "a\0b"},
    {"source": "\x1b[31m"}, {"source": "\x7f"}, {"source": "\x85"}, {"source": "\x9b31m"},
    {"source": 5}, {"number": -1}, {"number": 2**53}, {"number": None}, {"number": 1.0},
    {"number": True}, {"number": "1"}, {"at_ms": -1}, {"at_ms": 1.0}, {"at_ms": 2**53},
    {"on_behalf_of": "x"}, {"audience": ""}, {"nonce": ""}, {"nonce": "0F" * 16},
    {"nonce": "0f" * 16 + "\n"}, {"nonce": "0f" * 17}, {"corrects": "0f"}, {"corrects": "0F" * 32},
    {"supersedes": "xx" * 32}, {"expect": {}}, {"expect": {"a": 1}}, {"expect": {"a": [1]}},
    {"expect": {"a": [1, 2, 3]}}, {"expect": {"": [1, 2]}}, {"expect": {"a": [1, 2**53]}},
    {"expect": {"a": [1.5, 2]}}, {"expect": {"a": [True, 2]}}, {"expect": {"a": [[], 2]}},
    {"expect": {"a": ["", 2]}}, {"expect": {str(i): [1, 2] for i in range(65)}}, {"x": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", ACCEPTED, ids=range(len(ACCEPTED)))
def test_accepted(change: dict[str, Any]) -> None:
    """The limits of each field are inclusive."""
    parse(change)


@pytest.mark.parametrize(
    "change", REFUSED, ids=[f"{i} {str(change)[:40]!a}" for i, change in enumerate(REFUSED)]
)
def test_refused(change: dict[str, Any]) -> None:
    """Values out of range, control characters, floats and unknown fields are refused."""
    with pytest.raises(msgspec.ValidationError):
        parse(change)

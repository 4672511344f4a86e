"""What the log says of sealed fields, byte by byte."""

from __future__ import annotations

from hashlib import sha256

import pytest

from counterfoil.errors import InputError
from counterfoil.formats.sealed import (
    SealedField,
    field_leaf,
    format_plain,
    parse_plain,
    sealed_of,
)

FIELDS = [
    SealedField("name", b"s" * 16, b'"Ann"'),
    SealedField("lines.0", b"t" * 16, b'{"a":[1,2.5,null]}'),
]
GROUP = {
    "person": "0f" * 16,
    "data_class": "contact",
    "names": ["name"],
    "root": "0a" * 32,
    "ciphertext": "0b" * 32,
}


def test_a_leaf_is_the_hash_that_the_documentation_gives() -> None:
    """Prefix, domain, salt, name, a zero, the value's text; a moved letter makes another leaf."""
    expected = sha256(b"\x00counterfoil field v1\x00" + b"s" * 16 + b'name\x00"Ann"').digest()
    assert field_leaf(FIELDS[0]) == expected
    moved = SealedField("nam", b"s" * 16, b'e"Ann"')
    assert field_leaf(moved) != expected


def test_plain_text_comes_back() -> None:
    """The values keep their text to the byte."""
    plain = format_plain(FIELDS)
    assert plain == b"s" * 16 + b"t" * 16 + b'["Ann",{"a":[1,2.5,null]}]'
    assert parse_plain(plain, [field.name for field in FIELDS]) == FIELDS


@pytest.mark.parametrize("plain", [b"", b"s" * 40, b"s" * 32 + b"[1]", b"s" * 32 + b'{"a":1}'])
def test_other_plain_text_is_refused(plain: bytes) -> None:
    """Too few values, no array, nothing at all: one error, and no other."""
    with pytest.raises(InputError) as caught:
        parse_plain(plain, ["name", "lines.0"])
    assert caught.value.code == "sealed.malformed"


def test_groups_are_known_by_their_shape() -> None:
    """As a field or in an array; what only looks like one is none."""
    predicate = {
        "sealed": [GROUP, {**GROUP, "data_class": "decision"}, {**GROUP, "person": "x"}, 5],
        "one": GROUP,
        "content": {"sealed": GROUP},
        "less": {"person": "0f" * 16},
    }
    found = sealed_of(predicate)
    assert list(found) == ["sealed", "one"]
    assert [group.data_class for group in found["sealed"]] == ["contact", "decision"]

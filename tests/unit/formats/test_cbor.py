"""CBOR is read in its one deterministic encoding, and written in no other."""

from __future__ import annotations

import math
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import cbor
from counterfoil.formats.cbor import CBOR_MAX_BYTES, MAX_DEPTH, Tagged
from tests.statements import refused

INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1)
KEYS = INTEGERS | st.text(max_size=5) | st.binary(max_size=5)
SCALARS = (
    INTEGERS | st.binary(max_size=300) | st.text(max_size=300) | st.booleans() | st.none()
) | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    """Every value reads back as itself, by us and by a library that is not ours."""
    data = cbor.format(value)
    assert cbor.parse(data) == value
    assert cbor2.loads(data) == value


@given(st.lists(INTEGERS | st.text(max_size=40) | st.binary(max_size=300), max_size=30))
def test_short_forms_are_those_of_another_library(values: list[Any]) -> None:
    """Lengths and integers have the form that another library calls canonical."""
    assert cbor.format(values) == cbor2.dumps(values, canonical=True)


@given(st.binary(max_size=40))
def test_random_bytes(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are written as they came."""
    try:
        value = cbor.parse(data)
    except InputError:
        return
    assert cbor.format(value) == data


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0), ("17", 23), ("1818", 24), ("190100", 256), ("1a00010000", 65536),
        ("1b0000000100000000", 1 << 32), ("1bffffffffffffffff", (1 << 64) - 1),
        ("20", -1), ("3863", -100), ("3bffffffffffffffff", -(1 << 64)),
        ("f90000", 0.0), ("f98000", -0.0), ("f93c00", 1.0), ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1), ("f97c00", math.inf), ("f90001", 5.960464477539063e-8),
        ("f4", False), ("f5", True), ("f6", None), ("4401020304", b"\1\2\3\4"),
        ("62c3bc", None), ("80", []), ("83010203", [1, 2, 3]), ("a0", {}),
        ("a201020304", {1: 2, 3: 4}), ("c074323031332d30332d32315432303a30343a30305a", None),
    ],
)  # fmt: skip
def test_examples_of_the_standard(data: str, value: Any) -> None:
    """Examples of RFC 8949, appendix A, are read and written as they stand there."""
    found = cbor.parse(bytes.fromhex(data))
    if value is not None:
        assert (found, type(found), str(found)) == (value, type(value), str(value))
    assert cbor.format(found).hex() == data


def test_not_a_number() -> None:
    """All that are no number are one."""
    assert math.isnan(cbor.parse(b"\xf9\x7e\x00"))
    assert cbor.format(math.nan) == b"\xf9\x7e\x00"
    with refused("cbor.not-deterministic"):
        cbor.parse(b"\xf9\x7e\x01")


@pytest.mark.parametrize(
    "data",
    [
        "1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5800", "78016100",
        "fa3f800000", "fb3ff0000000000000", "9f01ff", "5f4101ff", "bf0102ff", "a202030104",
        "a201020103", "d818", "a2616100417a00", "9800",
    ],
)  # fmt: skip
def test_other_encodings_are_refused(data: str) -> None:
    """Long forms, open lengths, keys out of order or twice: one value has one encoding."""
    code = "cbor.malformed" if data == "d818" else "cbor.not-deterministic"
    with refused(code):
        cbor.parse(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "cbor.malformed"), ("0000", "cbor.malformed"), ("42aa", "cbor.malformed"),
        ("62c328", "cbor.malformed"), ("9bffffffffffffffff", "cbor.malformed"),
        ("bb7fffffffffffffff", "cbor.malformed"), ("1c", "cbor.malformed"),
        ("f7", "cbor.unsupported"), ("f820", "cbor.unsupported"), ("e0", "cbor.unsupported"),
        ("a1f500", "cbor.unsupported"), ("a18000", "cbor.unsupported"), ("ff", "cbor.unsupported"),
    ],
)  # fmt: skip
def test_what_is_no_value(data: str, code: str) -> None:
    """Cut, left over or unknown bytes are refused before memory is asked for."""
    with refused(code):
        cbor.parse(bytes.fromhex(data))


def test_depth() -> None:
    """Nesting ends at a depth, for arrays, maps and tags, read or written."""
    value: Any = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert cbor.parse(cbor.format(value)) == value
    for deeper in ([value], {1: value}, Tagged(1, value)):
        with refused("cbor.depth"):
            cbor.format(deeper)
    for head in (b"\x81", b"\xc1", b"\xa1\x01"):
        with refused("cbor.depth"):
            cbor.parse(head * 100_000)


def test_size() -> None:
    """What is longer than a statement may be is not looked at."""
    with refused("cbor.size"):
        cbor.parse(bytes(CBOR_MAX_BYTES + 1))


@pytest.mark.parametrize(
    "value", [1 << 64, -(1 << 64) - 1, {True: 1}, {1.0: 1}, object(), "\udead", Tagged(-1, 0)]
)
def test_what_cannot_be_written(value: Any) -> None:
    """What has no encoding here is refused."""
    with refused("cbor.unsupported"):
        cbor.format(value)


def test_keys_are_in_bytewise_order() -> None:
    """Keys stand in the order of their encodings, not of their lengths (RFC 8949, 4.2.1)."""
    data = cbor.format({b"a": 0, "z": 0, "aa": 0, -1: 0, 100: 0, 10: 0})
    assert data.hex() == "a6" + "0a00" + "186400" + "2000" + "416100" + "617a00" + "62616100"
    assert list(cbor.parse(data)) == [10, 100, -1, b"a", "z", "aa"]

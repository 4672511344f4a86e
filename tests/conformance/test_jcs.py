"""Canonical JSON is that of RFC 8785: its vectors, and another implementation."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats.json_text import canonicalise, parse
from tests.shared_data import data_path
from tests.statements import json_values

# RFC 8785, appendix B: IEEE 754 bits and their text.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize("name", ["arrays", "french", "structures"])
def test_vectors(name: str) -> None:
    """Each input of the vectors becomes the output, byte for byte, in both of its forms."""
    folder = data_path("vectors_jcs")
    found = canonicalise(parse((folder / "input" / f"{name}.json").read_bytes()))
    assert found == (folder / "output" / f"{name}.json").read_bytes()
    assert found == bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text())


@pytest.mark.parametrize("bits", NUMBERS)
def test_numbers_of_the_appendix(bits: str) -> None:
    """The sample numbers of the RFC's appendix B have their text."""
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert canonicalise(number).decode() == NUMBERS[bits]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_know(number: float) -> None:
    """Not a number and the infinities are refused (appendix B)."""
    with pytest.raises(InputError):
        canonicalise(number)


@given(json_values)
def test_the_same_as_another_implementation(value: Any) -> None:
    """Any value has the bytes that the package rfc8785 gives it."""
    assert canonicalise(value) == rfc8785.dumps(value)


@given(st.binary(min_size=8, max_size=8))
def test_the_same_doubles_as_another_implementation(bits: bytes) -> None:
    """Any double, drawn by its bits, has the text that the package rfc8785 gives it."""
    number = struct.unpack(">d", bits)[0]
    if math.isfinite(number):
        assert canonicalise(number) == rfc8785.dumps(number)


@given(st.integers())
def test_the_same_integers_are_refused(number: int) -> None:
    """Integers that a double cannot keep are refused by both."""
    try:
        expected = rfc8785.dumps(number)
    except rfc8785.IntegerDomainError:
        with pytest.raises(InputError):
            canonicalise(number)
    else:
        assert canonicalise(number) == expected

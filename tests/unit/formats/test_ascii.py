"""The pieces of every text format have one spelling each."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats.ascii import (
    MAX_INT63,
    decode_base64,
    encode_base64,
    parse_decimal,
    parse_text,
)
from tests.c2sp import assert_total, mutated, refuses


@given(st.binary(max_size=300))
def test_base64_round_trip(data: bytes) -> None:
    """Base64 is the standard one and gives the same bytes back, from str and from bytes."""
    text = encode_base64(data)
    assert text == base64.b64encode(data).decode()
    assert decode_base64(text) == decode_base64(text.encode()) == data


@given(mutated(st.binary(max_size=40).map(base64.b64encode)))
def test_base64_has_one_spelling(data: bytes) -> None:
    """Any other bytes are refused with InputError, or are the canonical spelling."""
    assert_total(decode_base64, lambda value: encode_base64(value).encode(), data)


@pytest.mark.parametrize(
    "text",
    ["A", "AA", "AAA", "AAA=A", "AA==AA==", "====", "AA=", " AA==", "AA==\n", "A A=", "AA-_",
     "é", "\udc80", "AA==\x00"],
)  # fmt: skip
def test_base64_malformed(text: str) -> None:
    """Missing or misplaced padding, white space, other alphabets and other scripts are refused."""
    with refuses("base64.malformed"):
        decode_base64(text)


@pytest.mark.parametrize("text", ["AB==", "AAB=", "//9="])
def test_base64_not_canonical(text: str) -> None:
    """Unused bits must be zero: one signature must not have sixteen spellings."""
    with refuses("base64.not-canonical"):
        decode_base64(text)


@given(st.integers(0, MAX_INT63))
def test_decimal_round_trip(value: int) -> None:
    """A number is read back from its decimal digits, as str and as bytes."""
    assert parse_decimal(str(value)) == parse_decimal(str(value).encode()) == value


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1 ", " 1", "1_0", "0x1", "1.0", "00", "01", "٣", "²", "1\n"]
)
def test_decimal_malformed(text: str) -> None:
    """Signs, spaces, underscores, leading zeros and the digits of other scripts are refused."""
    with refuses("decimal.malformed"):
        parse_decimal(text)
    with refuses("decimal.malformed"):
        parse_decimal(text.encode())


def test_decimal_limits() -> None:
    """The limit itself is read, one more is not, and a megabyte of digits costs nothing."""
    assert parse_decimal("9223372036854775807") == MAX_INT63
    assert parse_decimal("7", maximum=7) == 7
    for text, maximum in [("9223372036854775808", MAX_INT63), ("9" * 10**6, MAX_INT63), ("8", 7)]:
        with refuses("decimal.too-large"):
            parse_decimal(text, maximum)


@given(st.binary(max_size=60))
def test_text_is_utf8_without_controls(data: bytes) -> None:
    """Text is read exactly when it is UTF-8 without ASCII control characters but newline."""
    allowed = all(byte >= 0x20 or byte == 0x0A for byte in data)
    try:
        assert parse_text(data, 60, "thing").encode() == data
        assert allowed
    except InputError as error:
        assert not allowed or error.code == "text.not-utf8"


def test_text_refusals() -> None:
    """Too long, control characters and other encodings are told apart, and say where."""
    assert parse_text(b"123", 3, "thing") == "123"
    with refuses("text.too-long", saying="a thing of at most 3 bytes, got 4"):
        parse_text(b"1234", 3, "thing")
    for byte in [*range(10), *range(11, 32)]:
        with refuses("text.control-character"):
            parse_text(b"a\n" + bytes([byte]), 10, "thing")
    for raw in [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x80"]:
        with refuses("text.not-utf8"):
            parse_text(raw, 10, "thing")
    assert parse_text("é\n\x7f\u2028".encode(), 10, "thing") == "é\n\x7f\u2028"

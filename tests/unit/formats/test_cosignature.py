"""Cosigned messages are laid out byte for byte as the specification says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import cosignature
from counterfoil.formats.cosignature import (
    TimestampedSignature,
    message_ed25519,
    message_mldsa44,
)
from tests.c2sp import assert_total, mutated, refuses

ROOT = bytes(range(32))

stamped = st.builds(
    TimestampedSignature,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=64, max_size=64) | st.binary(min_size=2420, max_size=2420),
)


@given(stamped)
def test_round_trip(value: TimestampedSignature) -> None:
    """A timestamped signature of either kind is read back the same."""
    assert cosignature.parse(cosignature.format(value)) == value


@given(mutated(stamped.map(cosignature.format)) | st.binary(min_size=72, max_size=72))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(cosignature.parse, cosignature.format, data)


def test_layout() -> None:
    """The time stands first, eight bytes, big-endian."""
    value = TimestampedSignature(1679315147, b"s" * 64)
    assert cosignature.format(value) == bytes.fromhex("00000000641850cb") + b"s" * 64


@pytest.mark.parametrize("length", [0, 7, 8, 71, 73, 2427, 2429])
def test_wrong_length(length: int) -> None:
    """Only 72 and 2428 bytes are timestamped signatures."""
    with refuses("cosignature.length"):
        cosignature.parse(bytes(length))
    with refuses("cosignature.length"):
        TimestampedSignature(0, bytes(length))


def test_time_is_63_bits() -> None:
    """The largest time is 2^63-1, on the wire and in memory."""
    assert cosignature.parse(b"\x7f" + b"\xff" * 7 + bytes(64)).time_s == 2**63 - 1
    with refuses("cosignature.time"):
        cosignature.parse(b"\x80" + bytes(7) + bytes(64))
    for time_s in (-1, 2**63):
        with refuses("cosignature.time"):
            TimestampedSignature(time_s, bytes(64))
        with refuses("cosignature.time"):
            message_ed25519(time_s, b"")
        with refuses("cosignature.time"):
            message_mldsa44("n", time_s, "o", 0, 1, ROOT)


def test_message_ed25519() -> None:
    """The example of C2SP tlog-cosignature: two lines, then the whole note text."""
    body = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert message_ed25519(1679315147, body) == b"cosignature/v1\ntime 1679315147\n" + body
    assert message_ed25519(0, b"") == b"cosignature/v1\ntime 0\n"


def test_message_mldsa44() -> None:
    """Every field of the structure stands where RFC 8446's notation puts it."""
    assert message_mldsa44("w1", 0x0102030405060708, "log", 0, 0x1122, ROOT) == (
        b"subtree/v1\n\x00"
        b"\x02w1"
        b"\x01\x02\x03\x04\x05\x06\x07\x08"
        b"\x03log"
        b"\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x11\x22" + ROOT
    )
    longest = message_mldsa44("n" * 255, 0, "o" * 255, 3, 3, ROOT)
    assert len(longest) == 12 + 256 + 8 + 256 + 8 + 8 + 32
    subtree = message_mldsa44("w1", 0, "log", 8, 13, ROOT)
    assert subtree[-48:] == bytes(7) + b"\x08" + bytes(7) + b"\x0d" + ROOT


@given(st.integers(0, 2**63 - 1), st.binary(max_size=90))
def test_the_two_messages_are_apart(time_s: int, body: bytes) -> None:
    """No message of one kind is a message of the other: their first bytes differ."""
    assert not message_ed25519(time_s, body).startswith(b"subtree/v1\n\x00")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("", 0, "o", 0, 1, ROOT), "name"),
        (("n" * 256, 0, "o", 0, 1, ROOT), "name"),
        (("\ud800", 0, "o", 0, 1, ROOT), "name"),
        (("n", 0, "", 0, 1, ROOT), "origin"),
        (("n", 0, "é" * 128, 0, 1, ROOT), "origin"),
        (("n", 0, "o", -1, 1, ROOT), "range"),
        (("n", 0, "o", 2, 1, ROOT), "range"),
        (("n", 0, "o", 0, 2**63, ROOT), "range"),
        (("n", 1, "o", 1, 2, ROOT), "time"),
        (("n", 0, "o", 0, 1, ROOT[:-1]), "root"),
    ],
)
def test_message_mldsa44_refusals(
    arguments: tuple[str, int, str, int, int, bytes], part: str
) -> None:
    """A message that the structure cannot hold is not made."""
    with refuses(f"cosignature.{part}"):
        message_mldsa44(*arguments)

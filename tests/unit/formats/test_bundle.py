"""Entry bundles give back the entries that went in, and are bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats import bundle
from counterfoil.formats.bundle import BUNDLE_MAX_BYTES
from tests.c2sp import assert_total, mutated, refuses

entries_lists = st.lists(st.binary(max_size=40), min_size=1, max_size=256)


@given(entries_lists)
def test_round_trip(entries: list[bytes]) -> None:
    """Entries come back the same, empty ones too."""
    assert bundle.parse(bundle.format(entries)) == entries


@given(mutated(entries_lists.map(bundle.format)))
def test_one_spelling(data: bytes) -> None:
    """Any bytes are refused with InputError, or are exactly what we would write."""
    assert_total(bundle.parse, bundle.format, data)


def test_layout() -> None:
    """Each entry stands after its length, two bytes, big-endian."""
    assert bundle.format([b"one", b""]) == b"\x00\x03one\x00\x00"
    assert bundle.format([b"x" * 0x1234])[:2] == b"\x12\x34"


def test_largest() -> None:
    """256 entries of 65535 bytes are a bundle, and the longest one."""
    entries = [bytes([n]) * 65535 for n in range(256)]
    data = bundle.format(entries)
    assert len(data) == BUNDLE_MAX_BYTES
    assert bundle.parse(data) == entries


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bundle.empty"),
        (b"\x00", "bundle.cut"),
        (b"\x00\x01", "bundle.cut"),
        (b"\x00\x02a", "bundle.cut"),
        (b"\x00\x01a\x00", "bundle.cut"),
        (b"\x00\x01a\xff\xffb", "bundle.cut"),
        (b"\x00\x00" * 257, "bundle.too-many"),
        (b"\x00\x00" * 256 + b"\x00", "bundle.too-many"),
        (bytes(10_000_000), "bundle.too-many"),
    ],
    ids=map(str, range(9)),
)
def test_malformed(data: bytes, code: str) -> None:
    """Empty, cut and overlong bundles are refused, at a cost that the input cannot choose."""
    with refuses(code):
        bundle.parse(data)


def test_every_cut_is_noticed() -> None:
    """A bundle cut at any byte is refused, or is the bundle of the entries before the cut."""
    entries = [b"one", b"", b"three"]
    data = bundle.format(entries)
    ends = {5: 1, 7: 2}
    for length in range(1, len(data)):
        if length in ends:
            assert bundle.parse(data[:length]) == entries[: ends[length]]
        else:
            with refuses("bundle.cut"):
                bundle.parse(data[:length])


def test_format_is_bounded() -> None:
    """No entries, too many and too long ones are refused before anything is written."""
    with refuses("bundle.empty"):
        bundle.format([])
    with refuses("bundle.too-many", saying="257"):
        bundle.format([b""] * 257)
    with refuses("bundle.entry-too-long", saying="65536"):
        bundle.format([b"", bytes(65536)])

"""Keccak-256 as the EVM has it."""

from __future__ import annotations

from hashlib import sha3_256

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.formats.keccak import keccak256


@given(st.binary(max_size=500))
def test_like_another_implementation(data: bytes) -> None:
    """It hashes as pycryptodome does, for any bytes."""
    assert keccak256(data) == keccak(data)


@pytest.mark.parametrize("length", [0, 1, 135, 136, 137, 271, 272, 273])
def test_around_whole_blocks(length: int) -> None:
    """Bytes that just fill a block, or just do not, are padded rightly."""
    assert keccak256(bytes(length)) == keccak(bytes(length))


def test_published_vectors() -> None:
    """The values that everybody knows; and it is not SHA3-256."""
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    abc = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert (keccak256(b"").hex(), keccak256(b"abc").hex()) == (empty, abc)
    assert keccak256(b"abc") != sha3_256(b"abc").digest()

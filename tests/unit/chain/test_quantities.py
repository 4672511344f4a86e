"""The values of Ethereum's JSON-RPC: read strictly, written in the one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.chain.quantities import (
    address_of,
    bytes_of,
    checksum,
    data_text,
    hash_of,
    integer_of,
    keccak,
    object_of,
    quantity,
)


@given(st.integers(0, 2**256 - 1))
def test_integers(value: int) -> None:
    """What is written is read back."""
    assert integer_of(quantity(value)) == value


@given(st.binary(max_size=100))
def test_data(value: bytes) -> None:
    """Bytes are written with two digits each, and read back."""
    assert bytes_of(data_text(value)) == value


def test_limits() -> None:
    """An integer fits the bits that it may have; leading zeros do no harm."""
    assert integer_of("0x00ff", 8) == 255
    with pytest.raises(ValueError, match="8 bits"):
        integer_of("0x100", 8)


@pytest.mark.parametrize(
    "value", [None, 1, "", "0x", "0xg", "1", "0x" + "1" * 65, "0x1\n", True, []], ids=repr
)
def test_what_is_no_integer(value: object) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="expected a quantity"):
        integer_of(value)


@pytest.mark.parametrize("value", [None, 1, "", "0x1", "12", "0x1g", "0x12\n", b"0x12"], ids=repr)
def test_what_is_no_data(value: object) -> None:
    """Anything else is refused, and a hash has 32 bytes."""
    with pytest.raises(ValueError, match="expected data"):
        bytes_of(value)
    with pytest.raises(ValueError, match="32 bytes"):
        hash_of("0x12")
    with pytest.raises(ValueError, match="an object"):
        object_of([])


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_checksums(address: str) -> None:
    """The examples of EIP-55 have their checksums, and one wrong letter is found."""
    assert checksum(bytes.fromhex(address[2:])) == address
    assert address_of(address) == address_of(address.lower()) == address
    for at, letter in enumerate(address[2:], 2):
        wrong = address[:at] + letter.swapcase() + address[at + 1 :]
        if wrong[2:] not in (address[2:], address[2:].lower(), address[2:].upper()):
            with pytest.raises(ValueError, match="checksum"):
                address_of(wrong)


def test_keccak() -> None:
    """The hash is Ethereum's Keccak-256, not NIST's SHA3-256."""
    assert keccak(b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")

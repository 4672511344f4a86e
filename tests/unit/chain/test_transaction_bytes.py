"""What a signed transaction says of itself is read as others write it, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.chain.quantities import checksum
from counterfoil.chain.transaction_bytes import contract_address, parse_signed
from counterfoil.errors import InputError
from tests.chains import numbered_account

TO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
ACCOUNT = numbered_account(5)


def signed(nonce: int, chain_id: int | None, kind: int, data: bytes) -> Any:
    """Sign with eth-account, the usual library."""
    fields: dict[str, Any] = {"nonce": nonce, "gas": 21_000, "to": TO, "value": 1, "data": data}
    if chain_id is not None:
        fields["chainId"] = chain_id
    if kind == 0:
        fields["gasPrice"] = 10**9
    elif kind == 1:
        fields |= {
            "gasPrice": 10**9,
            "accessList": [{"address": TO, "storageKeys": ["0x" + "1" * 64]}],
            "type": 1,
        }
    else:
        fields |= {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 1}
    return ACCOUNT._signer.sign_transaction(fields)


@given(st.integers(0, 2**64 - 2), st.integers(1, 2**53), st.integers(0, 2), st.binary(max_size=300))
def test_signed_by_others(nonce: int, chain_id: int, kind: int, data: bytes) -> None:
    """Chain, nonce and hash of legacy, access-list and fee-market transactions are read."""
    made = signed(nonce, chain_id, kind, data)
    found = parse_signed(bytes(made.raw_transaction))
    assert (found.nonce, found.chain_id, found.hash) == (nonce, chain_id, bytes(made.hash))


def test_signed_for_any_chain() -> None:
    """A transaction from before EIP-155 names no chain."""
    assert parse_signed(bytes(signed(1, None, 0, b"").raw_transaction)).chain_id is None


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    """Random bytes raise InputError and nothing else, or are at least whole."""
    try:
        parse_signed(data)
    except InputError as err:
        assert err.code == "chain.transaction"


def test_damage() -> None:
    """No transaction that is cut short or followed by more is read."""
    raw = bytes(signed(300, 7, 2, b"x" * 100).raw_transaction)
    for wrong in (*(raw[:at] for at in range(len(raw))), raw + b"\0", b"\xc0" * 3_000):
        with pytest.raises(InputError):
            parse_signed(wrong)
    for text in (
        "02c0",
        "c0",
        "02c20001",
        "02c3008101",
        "02f800",
        "02c2b80100",
        "02c101",
        "02c3c08080",
    ):
        with pytest.raises(InputError):
            parse_signed(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        (0, "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"),
        (1, "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"),
        (2, "0xf778B86FA74E846c4f0a1fBd1335FE81c00a0C91"),
        (3, "0xffFd933A0bC612844eaF0C6Fe3E5b8E9B6C1d19c"),
    ],
)
def test_where_a_contract_stands(nonce: int, address: str) -> None:
    """The known examples of addresses that a maker and its nonce give."""
    maker = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert checksum(contract_address(maker, nonce)) == address


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**64 - 1))
def test_where_a_contract_stands_as_others_say(maker: bytes, nonce: int) -> None:
    """The address is the one that an independent encoder gives."""
    from eth._utils.address import generate_contract_address
    from eth_typing import Address

    assert contract_address(maker, nonce) == generate_contract_address(Address(maker), nonce)

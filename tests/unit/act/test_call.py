"""A call is named exactly: contract, function, arguments, and nothing else has its hash."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.act.call import call_from_json, make_call, read_argument
from counterfoil.errors import InputError
from tests.statements import refused

CONSUMER = "0x52908400098527886E0F7030069857D2E4169EE7"
PAYEE = "0x27b1fdb04752bbc536007a920d24acb045561c26"
RELEASE = "release(uint256,address,uint256,bytes)"


def test_the_hash_is_of_the_exact_call() -> None:
    """It is that of the signature without the proof, the chain, the contract, the arguments."""
    call = make_call(CONSUMER, RELEASE, [7, PAYEE, 100])
    kinds = ["bytes32", "uint256", "address", "uint256", "address", "uint256"]
    text = keccak(b"release(uint256,address,uint256)")
    said = encode(kinds, [text, 5, CONSUMER, 7, PAYEE, 100])
    assert call.action_hash(5) == keccak(said)
    others = [
        make_call(CONSUMER, RELEASE, [8, PAYEE, 100]),
        make_call(CONSUMER, RELEASE, [7, CONSUMER, 100]),
        make_call(CONSUMER, RELEASE, [7, PAYEE, 101]),
        make_call(PAYEE, RELEASE, [7, PAYEE, 100]),
        make_call(CONSUMER, RELEASE.replace("release", "return_"), [7, PAYEE, 100]),
    ]
    hashes = {one.action_hash(5) for one in [call, *others]} | {call.action_hash(6)}
    assert len(hashes) == 7


def test_the_proof_comes_last() -> None:
    """What is sent is the function's selector, the arguments, and the packed verdict."""
    sent = make_call(CONSUMER, RELEASE, ["7", PAYEE, "0x64"]).with_proof(b"proof")
    whole = encode(["uint256", "address", "uint256", "bytes"], [7, PAYEE, 100, b"proof"])
    assert sent.data == keccak(RELEASE.encode())[:4] + whole
    assert sent.to == CONSUMER


@given(
    st.integers(0, 2**256 - 1),
    st.binary(min_size=32, max_size=32),
    st.booleans(),
    st.lists(st.integers(0, 2**64 - 1), max_size=4),
    st.text(max_size=20).filter(lambda text: text.encode("utf-8", "ignore").decode() == text),
)
def test_a_call_survives_its_json(
    number: int, word: bytes, flag: bool, many: list[int], text: str
) -> None:
    """Written into a book and read again, it is the same call."""
    function = "f(uint256,bytes32,bool,uint64[],(address,uint256),string,bytes)"
    call = make_call(CONSUMER, function, [number, word, flag, many, (PAYEE, number), text])
    again = call_from_json(call.to_json())
    assert again.action_hash(1) == call.action_hash(1)
    assert again.with_proof(b"x") == call.with_proof(b"x")
    assert again.name == "f"


@pytest.mark.parametrize(
    ("consumer", "function", "arguments"),
    [
        ("0x12", RELEASE, [7, PAYEE, 100]),
        (CONSUMER, "release(uint256)", [7]),
        (CONSUMER, "release", []),
        (CONSUMER, "release()", []),
        (CONSUMER, RELEASE, [7, PAYEE]),
        (CONSUMER, RELEASE, [-1, PAYEE, 100]),
        (CONSUMER, RELEASE, ["seven", PAYEE, 100]),
        (CONSUMER, RELEASE, [7, "0xab", 100]),
        (CONSUMER, "f(uint99,bytes)", [1]),
        (CONSUMER, "f(bool,bytes)", ["maybe"]),
        (CONSUMER, "f(uint8[],bytes)", ["{}"]),
        (CONSUMER, "f(uint8[],bytes)", ["[1"]),
        (CONSUMER, "f((uint8,uint8),bytes)", [[1]]),
        (CONSUMER, "f(bytes4,bytes)", ["0xzz"]),
        (CONSUMER, f"f({'uint256,' * 100}bytes)", [1] * 100),
    ],
)
def test_what_is_no_call(consumer: str, function: str, arguments: list[Any]) -> None:
    """Each is refused with the same code, whatever is wrong."""
    with refused("act.call", InputError):
        make_call(consumer, function, arguments)


def test_one_argument() -> None:
    """A constructor's arguments are read in the same way."""
    assert read_argument("uint8", "2") == 2
    assert read_argument("string", "Euro") == "Euro"
    assert read_argument("bool", "true") is True
    with refused("act.argument", InputError):
        read_argument("uint8", "256")

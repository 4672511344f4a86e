"""Calls and events by name, from a contract's ABI."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.chain import ContractAbi
from counterfoil.errors import InputError, VerificationError
from counterfoil.ports import ChainLog

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def value(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """Make a parameter of an ABI."""
    return {"name": name, "type": kind, **more}


TRANSFER = {
    "type": "event",
    "name": "Transfer",
    "inputs": [
        value("from", "address", indexed=True),
        value("to", "address", indexed=True),
        value("value", "uint256"),
    ],
}
ENTRIES: list[dict[str, Any]] = [
    {"type": "constructor", "inputs": []},
    TRANSFER,
    {
        "type": "event",
        "name": "Named",
        "inputs": [value("name", "string", indexed=True), value("by", "address[]")],
    },
    {
        "type": "function",
        "name": "transfer",
        "inputs": [value("to", "address"), value("value", "uint256")],
        "outputs": [value("", "bool")],
    },
    {
        "type": "function",
        "name": "pair",
        "inputs": [
            value(
                "pairs",
                "tuple[2][]",
                components=[
                    value("a", "uint64"),
                    value("b", "tuple", components=[value("c", "bytes")]),
                ],
            )
        ],
        "outputs": [value("", "address"), value("", "address[]")],
    },
]
ABI = ContractAbi(ENTRIES)


def log(topics: tuple[bytes, ...], data: bytes) -> ChainLog:
    """Make an event."""
    return ChainLog(ADDRESS, topics, data, 1, bytes(32), bytes(32), 0)


def test_calls() -> None:
    """The selector and the arguments are those that everybody uses for a token's transfer."""
    call = ABI.encode("transfer", ADDRESS, 7)
    assert call.hex() == f"a9059cbb{'0' * 24}{ADDRESS[2:].lower()}{7:064x}"
    assert ABI.decode("transfer", (1).to_bytes(32, "big")) == (True,)


def test_tuples() -> None:
    """A tuple is named by its components, in arrays and in tuples too; web3 agrees."""
    from web3 import Web3

    pairs = [((1, (b"x",)), (2, (b"yy",)))]
    contract = Web3().eth.contract(abi=ENTRIES)
    assert "0x" + ABI.encode("pair", pairs).hex() == contract.encode_abi("pair", [pairs])


def test_answers_have_checksums() -> None:
    """Addresses are given as all of ours are written."""
    data = bytes(12) + bytes.fromhex(ADDRESS[2:])
    several = data + (64).to_bytes(32, "big") + (1).to_bytes(32, "big") + data
    assert ABI.decode("pair", several) == (ADDRESS, (ADDRESS,))


def test_events() -> None:
    """An event's fields are read by name, indexed or not; what is hashed stays a hash."""
    topic = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
    assert ABI.topic("Transfer") == topic
    word = bytes(12) + bytes.fromhex(ADDRESS[2:])
    found = ABI.event(log((topic, word, word), (9).to_bytes(32, "big")))
    assert found == ("Transfer", {"from": ADDRESS, "to": ADDRESS, "value": 9})
    data = (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + word
    named = ABI.event(log((ABI.topic("Named"), b"\7" * 32), data))
    assert named == ("Named", {"name": b"\7" * 32, "by": (ADDRESS,)})
    assert ABI.event(log((bytes(32),), b"")) is None
    assert ABI.event(log((), b"")) is None


def test_what_does_not_fit() -> None:
    """Answers and events of another shape are no answers of this contract."""
    topic = ABI.topic("Transfer")
    for call in (
        lambda: ABI.decode("transfer", b""),
        lambda: ABI.decode("transfer", (2).to_bytes(32, "big")),
        lambda: ABI.event(log((topic,), bytes(32))),
        lambda: ABI.event(log((topic, bytes(32), b"\xff" * 32), bytes(32))),
        lambda: ABI.event(log((topic, bytes(32), bytes(32)), b"")),
    ):
        with pytest.raises(VerificationError) as caught:
            call()
        assert caught.value.code == "chain.answer"


def test_what_is_not_in_it() -> None:
    """Unknown names, wrong arguments and names that are there twice are refused."""
    for call in (
        lambda: ABI.encode("nothing"),
        lambda: ABI.decode("nothing", b""),
        lambda: ABI.topic("Nothing"),
        lambda: ABI.encode("transfer", ADDRESS),
        lambda: ABI.encode("transfer", ADDRESS, -1),
        lambda: ABI.encode("transfer", "x", 1),
        lambda: ContractAbi([TRANSFER, TRANSFER]),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.code == "chain.abi"

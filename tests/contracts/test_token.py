"""The token speaks ERC-20 and ERC-7943, and names all it does as the ERCs name it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_abi.abi import decode, encode

from counterfoil.chain.quantities import keccak
from counterfoil.contracts import load_artifact
from tests.contracts.bank import OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Contract, Reverted, refused
from tests.contracts.signing import Domain

HOLDER, PAYEE = PAYERS[0], PAYEES[0]

ERC_20 = [
    "totalSupply()",
    "balanceOf(address)",
    "transfer(address,uint256)",
    "allowance(address,address)",
    "transferFrom(address,address,uint256)",
    "approve(address,uint256)",
    "name()",
    "symbol()",
    "decimals()",
]
EIP_2612 = [
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "nonces(address)",
    "DOMAIN_SEPARATOR()",
]
ERC_3009 = [
    "authorizationState(address,bytes32)",
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
    "cancelAuthorization(address,bytes32,bytes)",
]
ERC_7943 = [
    "forcedTransfer(address,address,uint256)",
    "setFrozenTokens(address,uint256)",
    "canSend(address)",
    "canReceive(address)",
    "getFrozenTokens(address)",
    "canTransfer(address,address,uint256)",
]
EVENTS = {
    "Transfer(address,address,uint256)": 2,
    "Approval(address,address,uint256)": 2,
    "AuthorizationUsed(address,bytes32)": 2,
    "AuthorizationCanceled(address,bytes32)": 2,
    "ForcedTransfer(address,address,uint256)": 2,
    "Frozen(address,uint256)": 1,
}
"""As the ERCs have them: signature -> how many of the fields, from the first, are indexed."""


@pytest.fixture
def token(bank: Bank) -> Contract:
    """Give the token, of which the holder has 1,000."""
    bank.token("mint", HOLDER.address, 1000, sender=OWNER.address)
    return bank.token


def domain_of(token: Contract) -> Domain:
    return Domain(token.world.chain_id, token.address, "Test Euro")


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def signature_of(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(part['type'] for part in entry['inputs'])})"


def test_names() -> None:
    """Each function and event of the ERCs is in the ABI, under its name and types."""
    abi = load_artifact("token").abi
    functions = {signature_of(entry) for entry in abi if entry["type"] == "function"}
    assert functions >= {*ERC_20, *EIP_2612, *ERC_3009, *ERC_7943, "supportsInterface(bytes4)"}
    events = {signature_of(entry): entry for entry in abi if entry["type"] == "event"}
    for signature, indexed in EVENTS.items():
        flags = [part["indexed"] for part in events[signature]["inputs"]]
        assert flags == [True] * indexed + [False] * (len(flags) - indexed), signature


def test_type_hashes(token: Contract) -> None:
    """The hashes of what is signed are those that ERC-3009 and EIP-2612 print."""
    printed = {
        "TRANSFER_WITH_AUTHORIZATION": (
            "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"
        ),
        "RECEIVE_WITH_AUTHORIZATION": (
            "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"
        ),
        "CANCEL_AUTHORIZATION": "158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429",
        "PERMIT": "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9",
    }
    for name, digest in printed.items():
        assert token(f"{name}_TYPEHASH").hex() == digest


def test_interfaces(token: Contract) -> None:
    """ERC-165 names ERC-7943 by the identifier in its text, the exclusive or of its functions."""
    identifier = 0
    for signature in ERC_7943:
        identifier ^= int.from_bytes(selector(signature), "big")
    assert identifier == 0x3EDBB4C4
    permits = 0
    for signature in EIP_2612:
        permits ^= int.from_bytes(selector(signature), "big")
    for number in (identifier, permits, 0x01FFC9A7, 0x36372B07):
        assert token("supportsInterface", number.to_bytes(4, "big"))
    assert not token("supportsInterface", b"\xff" * 4)


def test_domain(token: Contract) -> None:
    """The domain is told as EIP-5267 asks, and its hash as EIP-2612 does."""
    told, here = token("eip712Domain"), domain_of(token)
    assert told[:4] == (b"\x0f", here.name, here.version, here.chain_id)
    assert told[4].lower() == here.contract.lower()
    assert told[5:] == (bytes(32), ())
    kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    domain_type = (
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    words = [*map(keccak, (domain_type, b"Test Euro", b"1")), here.chain_id, here.contract]
    assert token("DOMAIN_SEPARATOR") == keccak(encode(kinds, words))
    assert (token("name"), token("symbol"), token("decimals")) == ("Test Euro", "EURT", 2)


def test_paying(token: Contract) -> None:
    """Money moves, in person and by allowance, and never more than there is."""
    token("transfer", PAYEE.address, 400, sender=HOLDER.address)
    fields = {"sender": HOLDER.address, "receiver": PAYEE.address, "value": 400}
    assert token.logs == [("Transfer", fields)]
    token("approve", STRANGER.address, 500, sender=HOLDER.address)
    token("transferFrom", HOLDER.address, PAYEE.address, 300, sender=STRANGER.address)
    assert token("allowance", HOLDER.address, STRANGER.address) == 200
    with refused("allowance"):
        token("transferFrom", HOLDER.address, PAYEE.address, 201, sender=STRANGER.address)
    with refused("balance"):
        token("transfer", PAYEE.address, 301, sender=HOLDER.address)
    with refused("zero account"):
        token("transfer", "0x" + "00" * 20, 1, sender=HOLDER.address)
    token("transfer", HOLDER.address, 300, sender=HOLDER.address)
    token("approve", STRANGER.address, 2**256 - 1, sender=HOLDER.address)
    token("transferFrom", HOLDER.address, PAYEE.address, 300, sender=STRANGER.address)
    assert token("allowance", HOLDER.address, STRANGER.address) == 2**256 - 1
    assert [token("balanceOf", who.address) for who in (HOLDER, PAYEE)] == [0, 1000]
    token("burn", 999, sender=PAYEE.address)
    assert token("totalSupply") == token("balanceOf", PAYEE.address) == 1


def test_minting_has_an_end(token: Contract) -> None:
    """The supply does not wrap around, and only the owner makes money."""
    with pytest.raises(Reverted):
        token("mint", PAYEE.address, 2**256 - 1000, sender=OWNER.address)
    for function, arguments in {
        "mint": (PAYEE.address, 1),
        "setFrozenTokens": (PAYEE.address, 1),
        "forcedTransfer": (HOLDER.address, PAYEE.address, 1),
        "set_barred": (PAYEE.address, True),
        "offer_ownership": (PAYEE.address,),
    }.items():
        with refused("not the owner"):
            token(function, *arguments, sender=STRANGER.address)


def test_ownership(token: Contract) -> None:
    """The owner changes only to an account that accepts."""
    token("offer_ownership", PAYEE.address, sender=OWNER.address)
    with refused("not offered"):
        token("accept_ownership", sender=STRANGER.address)
    token("accept_ownership", sender=PAYEE.address)
    assert token("owner") == PAYEE.address
    with refused("not offered"):
        token("accept_ownership", sender=PAYEE.address)
    with refused("not the owner"):
        token("mint", PAYEE.address, 1, sender=OWNER.address)


def test_freezing(token: Contract) -> None:
    """What is frozen stays, also of what is yet to come; the rest moves (ERC-7943)."""
    token("setFrozenTokens", HOLDER.address, 900, sender=OWNER.address)
    assert token.logs == [("Frozen", {"account": HOLDER.address, "amount": 900})]
    assert not token("canTransfer", HOLDER.address, PAYEE.address, 101)
    assert token("canTransfer", HOLDER.address, PAYEE.address, 100)
    with pytest.raises(Reverted) as caught:
        token("transfer", PAYEE.address, 101, sender=HOLDER.address)
    assert_error(
        caught,
        "ERC7943InsufficientUnfrozenBalance(address,uint256,uint256)",
        (HOLDER.address.lower(), 101, 100),
    )
    token("transfer", PAYEE.address, 100, sender=HOLDER.address)
    token("setFrozenTokens", HOLDER.address, 2000, sender=OWNER.address)
    token("mint", HOLDER.address, 50, sender=OWNER.address)
    assert token("getFrozenTokens", HOLDER.address) == 2000
    with pytest.raises(Reverted):
        token("burn", 1, sender=HOLDER.address)
    with refused("balance"):
        token("transfer", PAYEE.address, 951, sender=HOLDER.address)
    token("setFrozenTokens", HOLDER.address, 0, sender=OWNER.address)
    assert token("canTransfer", HOLDER.address, PAYEE.address, 10**6)  # no rule forbids it
    token("transfer", PAYEE.address, 950, sender=HOLDER.address)


def assert_error(caught: pytest.ExceptionInfo[Reverted], signature: str, values: Any) -> None:
    """Hold a refusal against an error of ERC-7943."""
    output = bytes.fromhex(str(caught.value))
    kinds = signature.partition("(")[2][:-1].split(",")
    assert output[:4] == selector(signature)
    assert decode(kinds, output[4:]) == values


def test_barring(token: Contract) -> None:
    """An account that is barred neither pays nor is paid, by whatever way."""
    token("mint", PAYEE.address, 10, sender=OWNER.address)
    token("set_barred", PAYEE.address, True, sender=OWNER.address)
    assert not token("canSend", PAYEE.address)
    assert not token("canReceive", PAYEE.address)
    assert not token("canTransfer", HOLDER.address, PAYEE.address, 1)
    assert not token("canTransfer", PAYEE.address, HOLDER.address, 1)
    assert not token("canReceive", "0x" + "00" * 20)
    with pytest.raises(Reverted) as caught:
        token("transfer", PAYEE.address, 1, sender=HOLDER.address)
    assert_error(caught, "ERC7943CannotReceive(address)", (PAYEE.address.lower(),))
    with pytest.raises(Reverted) as caught:
        token("transfer", HOLDER.address, 1, sender=PAYEE.address)
    assert_error(caught, "ERC7943CannotSend(address)", (PAYEE.address.lower(),))
    for function in ("mint", "forcedTransfer"):
        arguments = (PAYEE.address, 1) if function == "mint" else (HOLDER.address, PAYEE.address, 1)
        with pytest.raises(Reverted):
            token(function, *arguments, sender=OWNER.address)
    token("set_barred", PAYEE.address, False, sender=OWNER.address)
    token("transfer", HOLDER.address, 10, sender=PAYEE.address)


def test_seizing(token: Contract) -> None:
    """A forced transfer moves frozen money too, and says so: thawed, moved, forced."""
    token("setFrozenTokens", HOLDER.address, 900, sender=OWNER.address)
    token("forcedTransfer", HOLDER.address, PAYEE.address, 300, sender=OWNER.address)
    both = {"sender": HOLDER.address, "receiver": PAYEE.address}
    assert token.logs == [
        ("Frozen", {"account": HOLDER.address, "amount": 700}),
        ("Transfer", both | {"value": 300}),
        ("ForcedTransfer", both | {"amount": 300}),
    ]
    assert token("getFrozenTokens", HOLDER.address) == token("balanceOf", HOLDER.address) == 700
    with refused("balance"):
        token("forcedTransfer", HOLDER.address, PAYEE.address, 701, sender=OWNER.address)


def test_what_is_shipped_names_no_overload() -> None:
    """The ABI has each name once, so that plain clients can use it."""
    names = [entry.get("name") for entry in load_artifact("token").abi if "name" in entry]
    assert len(names) == len(set(names)), json.dumps(names)

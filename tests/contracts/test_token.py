"""The token speaks ERC-20, EIP-2612, ERC-3009 and ERC-7943, and takes each signature once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_abi.abi import decode, encode

from counterfoil.chain.quantities import keccak
from counterfoil.contracts import load_artifact
from tests.contracts.bank import OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Contract, Reverted, refused
from tests.contracts.signing import TYPES, Domain
from tests.contracts.test_authority import high_s

HOLDER, PAYEE = PAYERS[0], PAYEES[0]
NONCE = b"n" * 32

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
    for number in (identifier, 0x01FFC9A7, 0x36372B07):
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


def test_permit(token: Contract) -> None:
    """What a holder signs as EIP-2612 has it, anybody brings: once, in order, and in time."""
    until = token.world.now + 60
    said = (HOLDER.address, STRANGER.address, 70)
    signed = domain_of(token).sign(HOLDER, "Permit", *said, 0, until)
    parts = (signed[64], signed[:32], signed[32:64])
    for wrong in [(*said[:2], 71, until), (*said, until - 1), (PAYEE.address, *said[1:], until)]:
        with refused("signature"):
            token("permit", *wrong, *parts)
    token.world.wait(60)
    token("permit", *said, until, *parts)
    assert token("allowance", *said[:2]) == 70
    assert token("nonces", HOLDER.address) == 1
    with refused("signature"):
        token("permit", *said, until, *parts)
    signed = domain_of(token).sign(HOLDER, "Permit", *said, 1, until)
    token.world.wait(1)
    with refused("deadline"):
        token("permit", *said, until, signed[64], signed[:32], signed[32:64])


def test_nobody_permits(token: Contract) -> None:
    """A signature of nobody is none, also for the zero account."""
    until = token.world.now + 60
    with refused("signature"):
        token("permit", "0x" + "00" * 20, STRANGER.address, 70, until, 27, bytes(32), bytes(32))


FORMS = ["bytes", "v, r and s"]
"""How an authorization's signature is brought: as ERC-3009 is now, and as it was first."""


def bring(token: Contract, form: str, kind: str, *arguments: Any, sender: str) -> None:
    """Call a function of ERC-3009, its signature last."""
    *said, signature = arguments
    if form == "bytes":
        token(kind, *said, signature, sender=sender)
        return
    name = kind[0].upper() + kind[1:]
    kinds = [part["type"] for part in TYPES[name]] + ["uint8", "bytes32", "bytes32"]
    parts = (signature[64], signature[:32], signature[32:64]) if signature else (0, b"", b"")
    data = selector(f"{kind}({','.join(kinds)})") + encode(kinds, [*said, *parts])
    done = token.world.env.execute_code(to_address=token.address, sender=sender, data=data)
    if done.is_error:
        raise Reverted(done.output)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["transferWithAuthorization", "receiveWithAuthorization"])
def test_authorizations(token: Contract, kind: str, form: str) -> None:
    """What a holder signs as ERC-3009 has it, moves money once, between its two moments."""
    now = token.world.now
    said = (HOLDER.address, PAYEE.address, 70, now, now + 2, NONCE)
    name = kind[0].upper() + kind[1:]
    signed = domain_of(token).sign(HOLDER, name, *said)
    sender = PAYEE.address
    with refused("too early"):
        bring(token, form, kind, *said, signed, sender=sender)
    token.world.wait(1)
    for at, other in enumerate([PAYEE.address, sender, 71, now - 1, now + 3, b"m" * 32]):
        wrong = (*said[:at], other, *said[at + 1 :])
        if wrong != said:
            with refused("signature"):
                bring(token, form, kind, *wrong, signed, sender=sender)
    if kind == "receiveWithAuthorization":
        with refused("not the receiver"):
            bring(token, form, kind, *said, signed, sender=STRANGER.address)
    else:
        sender = STRANGER.address
    bring(token, form, kind, *said, signed, sender=sender)
    assert token("balanceOf", PAYEE.address) == 70
    assert token("authorizationState", HOLDER.address, NONCE)
    with refused("used"):
        bring(token, form, kind, *said, signed, sender=sender)
    late = domain_of(token).sign(HOLDER, name, *said[:5], b"l" * 32)
    token.world.wait(1)
    with refused("deadline"):
        bring(token, form, kind, *said[:5], b"l" * 32, late, sender=sender)


@pytest.mark.parametrize("form", FORMS)
def test_cancelling(token: Contract, form: str) -> None:
    """A holder makes an authorization void before it is used, and nobody else does."""
    now = token.world.now
    said = (HOLDER.address, PAYEE.address, 70, 0, now + 60, NONCE)
    signed = domain_of(token).sign(HOLDER, "TransferWithAuthorization", *said)
    void = (HOLDER.address, NONCE)
    wrong = domain_of(token).sign(STRANGER, "CancelAuthorization", *void)
    with refused("signature"):
        bring(token, form, "cancelAuthorization", *void, wrong, sender=STRANGER.address)
    right = domain_of(token).sign(HOLDER, "CancelAuthorization", *void)
    bring(token, form, "cancelAuthorization", *void, right, sender=STRANGER.address)
    for kind, arguments in [
        ("cancelAuthorization", (*void, right)),
        ("transferWithAuthorization", (*said, signed)),
    ]:
        with refused("used"):
            bring(token, form, kind, *arguments, sender=STRANGER.address)


SPOILED: dict[str, Any] = {
    "high s": high_s,
    "v of 0 or 1": lambda s: s[:64] + bytes([s[64] - 27]),
    "one bit off": lambda s: s[:31] + bytes([s[31] ^ 1]) + s[32:],
    "zero": lambda s: bytes(64) + b"\x1b",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", SPOILED)
def test_spoiled_signatures(token: Contract, case: str, form: str) -> None:
    """A signature has one form; every other is refused, also one that is as valid in ECDSA."""
    said = (HOLDER.address, PAYEE.address, 70, 0, token.world.now + 60, NONCE)
    signed = SPOILED[case](domain_of(token).sign(HOLDER, "TransferWithAuthorization", *said))
    with refused("signature"):
        bring(token, form, "transferWithAuthorization", *said, signed, sender=STRANGER.address)


def test_of_another_contract_or_chain(bank: Bank, token: Contract) -> None:
    """A signature counts for one token on one chain; another name is another domain."""
    said = (HOLDER.address, PAYEE.address, 70, 0, token.world.now + 60, NONCE)
    other = bank.new_token("Test Euro")
    for domain in [
        Domain(token.world.chain_id, other.address, "Test Euro"),
        Domain(token.world.chain_id + 1, token.address, "Test Euro"),
        Domain(token.world.chain_id, token.address, "Test euro"),
    ]:
        signed = domain.sign(HOLDER, "TransferWithAuthorization", *said)
        with refused("signature"):
            token("transferWithAuthorization", *said, signed)


@pytest.mark.parametrize(
    "data",
    [b"", b"1234", bytes(300), selector("mint(address)") + bytes(288)],
    ids=["nothing", "a selector", "zeros", "an unknown function"],
)
def test_unknown_functions(token: Contract, data: bytes) -> None:
    """What the token does not know, it refuses, rather than to swallow it."""
    done = token.world.env.execute_code(to_address=token.address, data=data)
    assert done.is_error
    assert Reverted(done.output).reason == "function"


def test_coins_are_refused(token: Contract) -> None:
    """Nobody can lose the chain's own coins here."""
    token.world.env.set_balance(STRANGER.address, 10)
    done = token.world.env.execute_code(
        to_address=token.address, sender=STRANGER.address, value=1, data=bytes(300)
    )
    assert done.is_error


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

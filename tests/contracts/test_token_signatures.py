"""What a holder of the token signed, anybody brings: once, in time, in one form, here alone."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode

from counterfoil.chain.quantities import keccak
from tests.contracts.bank import OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Contract, Reverted, refused
from tests.contracts.signing import TYPES, Domain
from tests.contracts.test_authority import high_s

HOLDER, PAYEE = PAYERS[0], PAYEES[0]
NONCE = b"n" * 32


@pytest.fixture
def token(bank: Bank) -> Contract:
    """Give the token, of which the holder has 1,000."""
    bank.token("mint", HOLDER.address, 1000, sender=OWNER.address)
    return bank.token


def domain_of(token: Contract) -> Domain:
    return Domain(token.world.chain_id, token.address, "Test Euro")


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


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

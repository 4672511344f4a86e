"""A payment is deposited once, by its payer or with its signature, under terms that end."""

from __future__ import annotations

from typing import Any

import pytest
from eth.exceptions import Revert

from counterfoil.act.actions import NOBODY, PaymentTerms
from counterfoil.contracts import load_artifact
from tests.contracts.bank import ARBITER, OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import refused
from tests.contracts.signing import Domain

DAY = 86_400
PAYER, PAYEE = PAYERS[0].address, PAYEES[0].address


def test_depositing(bank: Bank) -> None:
    """A deposit takes the amount in, and tells all the terms."""
    told = bank.terms()
    bank.fund(bank.token, PAYER, 100)
    assert bank.escrow("deposit", told.words, sender=PAYER) == 100
    name, fields = bank.escrow.logs[-1]
    assert name == "Deposited"
    assert fields["payment_id"] == bank.payment_id(told)
    assert (fields["payer"], fields["payee"], fields["arrived"]) == (PAYER, PAYEE, 100)
    addresses = (told.payer.lower(), told.payee.lower(), told.token.lower())
    assert fields["terms"] == (*addresses, 100, NOBODY, 0, 0, told.deadline_s, told.salt)
    assert bank.balance(bank.escrow.address) == 100
    standing = bank.escrow("standing_of", bank.payment_id(told))
    assert standing == (True, False, 100, 0, False, False, 0)


def test_a_payment_is_deposited_once(bank: Bank) -> None:
    """The same terms again are refused, also when all is settled; another salt is another."""
    told = bank.paid()
    bank.fund(bank.token, PAYER, 100)
    with refused("exists"):
        bank.escrow("deposit", told.words, sender=PAYER)
    bank.release(told, 100)
    with refused("exists"):
        bank.escrow("deposit", told.words, sender=PAYER)
    bank.escrow("deposit", bank.terms(salt=b"s" * 32).words, sender=PAYER)


BAD_TERMS: dict[str, tuple[dict[str, Any], str]] = {
    "a deadline that has passed": ({"deadline_s": 0}, "deadline"),
    "a deadline past five years": ({"deadline_s": 5 * 365 * DAY + 1}, "deadline"),
    "a due past the deadline": ({"due_s": DAY + 1}, "due"),
    "a due that has passed": ({"due_s": 0, "ago": True}, "due"),
    "a window without an arbiter": ({"window_s": 1}, "window"),
    "an arbiter without a window": ({"arbiter": ARBITER.address}, "window"),
    "a window of more than 30 days": (
        {"arbiter": ARBITER.address, "window_s": 30 * DAY + 1},
        "window",
    ),
    "the payee as arbiter": ({"arbiter": PAYEE, "window_s": 1}, "arbiter"),
    "the payer as arbiter": ({"arbiter": PAYER, "window_s": 1}, "arbiter"),
    "the payer as payee": ({"payee": PAYER}, "payee"),
    "many payees and a due": ({"payee": NOBODY, "due_s": 60}, "due"),
    "many payees and a window": (
        {"payee": NOBODY, "arbiter": ARBITER.address, "window_s": 1},
        "window",
    ),
}


@pytest.mark.parametrize("case", BAD_TERMS)
def test_terms_that_would_lock_or_mislead(bank: Bank, case: str) -> None:
    """Terms under which money could wait for ever, or a party judge itself, are refused."""
    changes, why = BAD_TERMS[case]
    changes = dict(changes)
    ago = changes.pop("ago", False)
    for name in ("deadline_s", "due_s"):
        if name in changes:
            changes[name] += bank.world.now
    bank.fund(bank.token, PAYER, 100)
    told = bank.terms(**changes)
    assert not ago or told.due_s == bank.world.now
    with refused(why):
        bank.escrow("deposit", told.words, sender=PAYER)


def test_the_escrow_as_payee(bank: Bank) -> None:
    """Money for the escrow itself would be nobody's."""
    bank.fund(bank.token, PAYER, 100)
    with refused("payee"):
        bank.escrow("deposit", bank.terms(payee=bank.escrow.address).words, sender=PAYER)


def test_amounts_of_the_words_edge(bank: Bank) -> None:
    """Nothing, and more than 2^128 - 1, are no amounts; 2^128 - 1 is one."""
    words = list(bank.terms().words)
    for amount in (0, 1 << 128):
        words[3] = amount
        with refused("amount"):
            bank.escrow("deposit", tuple(words), sender=PAYER)
    told = bank.paid(amount=(1 << 128) - 1)
    bank.release(told, told.amount)
    assert bank.credit(PAYEE) == told.amount


def test_only_the_payer_deposits(bank: Bank) -> None:
    """An allowance is no leave for others to pay in."""
    bank.fund(bank.token, PAYER, 100)
    with refused("not the payer"):
        bank.escrow("deposit", bank.terms().words, sender=STRANGER.address)
    with refused("not the payer"):
        words = bank.terms().words
        arguments = (words, 0, 27, bytes(32), bytes(32))
        bank.escrow("deposit_with_permit", *arguments, sender=STRANGER.address)
    bank.token("approve", bank.escrow.address, 99, sender=PAYER)
    with refused("allowance"):
        bank.escrow("deposit", bank.terms().words, sender=PAYER)


def test_depositing_by_permit(bank: Bank) -> None:
    """The payer brings its allowance along; also if somebody else brought the permit first."""
    bank.token("mint", PAYER, 200, sender=OWNER.address)
    domain = Domain(bank.world.chain_id, bank.token.address, "Test Euro")
    until = bank.world.now + 60
    for number in range(2):
        said = (PAYER, bank.escrow.address, 100)
        signed = domain.sign(PAYERS[0], "Permit", *said, number, until)
        parts = (signed[64], signed[:32], signed[32:64])
        if number:
            bank.token("permit", *said, until, *parts, sender=STRANGER.address)
        told = bank.terms(salt=bytes([number]) * 32)
        arrived = bank.escrow("deposit_with_permit", told.words, until, *parts, sender=PAYER)
        assert arrived == bank.left(told) == 100
    with refused("allowance"):
        told = bank.terms(salt=b"3" * 32)
        bank.escrow("deposit_with_permit", told.words, until, *parts, sender=PAYER)


def authorized(bank: Bank, told: PaymentTerms, nonce: bytes | None = None) -> tuple[Any, ...]:
    """Have the payer sign ERC-3009 for a payment; gives what comes after the terms."""
    domain = Domain(bank.world.chain_id, bank.token.address, "Test Euro")
    until = bank.world.now + 60
    said = (PAYER, bank.escrow.address, told.amount, 0, until, nonce or bank.payment_id(told))
    signed = domain.sign(PAYERS[0], "ReceiveWithAuthorization", *said)
    return (0, until, signed[64], signed[:32], signed[32:64])


def test_depositing_by_authorization(bank: Bank) -> None:
    """Anybody brings what a payer signed, and can change none of its terms."""
    bank.token("mint", PAYER, 200, sender=OWNER.address)
    told = bank.terms()
    signed = authorized(bank, told)
    other = bank.terms(payee=STRANGER.address)
    for words in (other.words, bank.terms(deadline_s=told.deadline_s + 1).words):
        with refused("signature"):
            bank.escrow("deposit_with_authorization", words, *signed, sender=STRANGER.address)
    with refused("not the receiver"):
        domain = (PAYER, bank.escrow.address, 100, *signed[:2], bank.payment_id(told))
        r_s_v = signed[3] + signed[4] + bytes([signed[2]])
        bank.token("receiveWithAuthorization", *domain, r_s_v, sender=STRANGER.address)
    name = "deposit_with_authorization"
    assert bank.escrow(name, told.words, *signed, sender=STRANGER.address) == 100
    assert bank.left(told) == 100
    with refused("exists"):
        bank.escrow(name, told.words, *signed, sender=STRANGER.address)
    with refused("signature"):
        free = bank.terms(salt=b"f" * 32)
        bank.escrow(name, free.words, *authorized(bank, free, bytes(32)), sender=STRANGER.address)


def test_a_gate_is_needed(bank: Bank) -> None:
    """An escrow whose gate is no contract could never release anything."""
    nobody = bytes(12) + bytes.fromhex(STRANGER.address[2:])
    with pytest.raises(Revert, match="no contract"):
        bank.world.env.deploy_code(bytecode=load_artifact("escrow").bytecode + nobody)

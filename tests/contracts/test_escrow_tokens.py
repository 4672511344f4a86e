"""Whatever a token does, it harms those who chose it, and nobody else's money."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.act.actions import PaymentTerms
from tests.contracts.bank import OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import Contract, Reverted, refused

DAY = 86_400
PAYER, PAYEE = PAYERS[0].address, PAYEES[0].address


@pytest.fixture
def strange(bank: Bank) -> Contract:
    """Give a token with bad habits, all switched off; the payer has 1,000."""
    token = bank.strange()
    token("mint", PAYER, 1000)
    token("approve", bank.escrow.address, 2**256 - 1, sender=PAYER)
    return token


def habits(token: Contract, **on: Any) -> None:
    """Switch habits on, and all others off."""
    values = {"silent": False, "lying": False, "fee_percent": 0, "toll": 0} | on
    token("set_habits", *values.values())


def deposited(bank: Bank, token: Contract, **changes: Any) -> PaymentTerms:
    """Deposit 100 of a token."""
    told = bank.terms(token=token.address, **changes)
    bank.escrow("deposit", told.words, sender=PAYER)
    return told


def test_a_token_that_returns_nothing(bank: Bank, strange: Contract) -> None:
    """Nothing, as some old tokens return, is no refusal."""
    habits(strange, silent=True)
    bank.release(deposited(bank, strange), 100)
    assert bank.escrow("withdraw", strange.address, sender=PAYEE) == 100
    assert bank.balance(PAYEE, strange) == 100


def test_a_token_that_says_false(bank: Bank, strange: Contract) -> None:
    """False means that nothing moved: no deposit counts, and no credit is used up."""
    bank.release(deposited(bank, strange), 100)
    habits(strange, lying=True)
    with refused("token"):
        deposited(bank, strange, salt=b"s" * 32)
    with refused("token"):
        bank.escrow("withdraw", strange.address, sender=PAYEE)
    habits(strange)
    assert bank.escrow("withdraw", strange.address, sender=PAYEE) == 100


def test_a_token_with_a_fee(bank: Bank, strange: Contract) -> None:
    """What arrived counts, not what was sent; and no more is released."""
    habits(strange, fee_percent=3)
    told = deposited(bank, strange)
    assert bank.escrow.logs[-1][1]["arrived"] == bank.left(told) == 97
    with refused("amount"):
        bank.release(told, 98)
    bank.release(told, 97)
    bank.escrow("withdraw", strange.address, sender=PAYEE)
    assert bank.balance(bank.escrow.address, strange) == 0
    assert bank.balance(PAYEE, strange) == 95


def test_a_token_that_keeps_everything(bank: Bank, strange: Contract) -> None:
    """A deposit of which nothing arrives is none."""
    habits(strange, fee_percent=100)
    with refused("token"):
        deposited(bank, strange)


def test_a_token_that_takes_more_than_it_is_told(bank: Bank, strange: Contract) -> None:
    """A toll on who pays would come out of others' money: that withdrawal is refused."""
    bank.release(deposited(bank, strange), 100)
    deposited(bank, strange, salt=b"o" * 32)
    habits(strange, toll=1)
    with refused("token"):
        bank.escrow("withdraw", strange.address, sender=PAYEE)
    habits(strange)
    assert bank.escrow("withdraw", strange.address, sender=PAYEE) == 100
    assert bank.balance(bank.escrow.address, strange) == 100


def test_an_account_that_cannot_be_paid(bank: Bank, strange: Contract) -> None:
    """A payee that the token bars blocks no other, and takes its money elsewhere."""
    first = deposited(bank, strange)
    second = deposited(bank, strange, salt=b"2" * 32, payee=PAYEES[1].address)
    strange("set_barred", PAYEE, True)
    bank.release(first, 100)
    bank.release(second, 100)
    assert bank.escrow("withdraw", strange.address, sender=PAYEES[1].address) == 100
    with pytest.raises(Reverted):
        bank.escrow("withdraw", strange.address, sender=PAYEE)
    bank.escrow("withdraw_to", strange.address, STRANGER.address, 100, sender=PAYEE)
    assert bank.balance(STRANGER.address, strange) == 100


def test_a_token_that_loses_balances(bank: Bank, strange: Contract) -> None:
    """What a token takes away is missing in that token, and in no other."""
    told, other = deposited(bank, strange), bank.paid()
    strange("lose", bank.escrow.address, 60)
    bank.release(told, 100)
    bank.release(other, 100)
    with pytest.raises(Reverted):
        bank.escrow("withdraw", strange.address, sender=PAYEE)
    bank.escrow("withdraw_to", strange.address, PAYEE, 40, sender=PAYEE)
    assert bank.escrow("withdraw", bank.token.address, sender=PAYEE) == 100


def test_tokens_are_kept_apart(bank: Bank, strange: Contract) -> None:
    """A token that anybody can print buys nothing of another."""
    bank.paid()
    bank.release(deposited(bank, strange), 100)
    with refused("nothing"):
        bank.escrow("withdraw", bank.token.address, sender=PAYEE)


def test_no_tokens(bank: Bank) -> None:
    """An NFT, an account, the gate and the escrow itself are no money."""
    nft = bank.strange("nft")
    for number in (1, 100):
        nft("mint", PAYER, number)
        nft("approve", bank.escrow.address, number, sender=PAYER)
    for token in (nft.address, STRANGER.address, bank.gate.address, bank.escrow.address):
        for amount in (1, 100):
            with pytest.raises(Reverted):
                told = bank.terms(token=token, amount=amount)
                bank.escrow("deposit", told.words, sender=PAYER)


def test_a_fallback_that_takes_anything(bank: Bank) -> None:
    """A contract that swallows an authorization has moved nothing; neither did a silent permit."""
    token = bank.strange("agent")
    told = bank.terms(token=token.address)
    arguments = (told.words, 0, 2**64, 27, bytes(32), bytes(32))
    with pytest.raises(Reverted):
        bank.escrow("deposit_with_authorization", *arguments)
    with pytest.raises(Reverted):
        bank.escrow("deposit_with_permit", told.words, 0, 27, bytes(32), bytes(32), sender=PAYER)


CALLS = [
    "deposit",
    "withdraw",
    "withdraw_to",
    "push",
    "settle",
    "waive",
    "appeal",
    "release",
    "standing_of",
    "credit_of",
]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("moment", ["in", "out"])
def test_calling_back(bank: Bank, strange: Contract, name: str, moment: str) -> None:
    """In the midst of a transfer, nothing of the escrow can be called, not even a view."""
    told = deposited(bank, strange)
    other = deposited(bank, strange, salt=b"o" * 32, payee=strange.address)
    bank.release(told, 50, 50)
    bank.release(other, 60, 40)
    bank.world.wait(31 * DAY)
    arguments: dict[str, tuple[Any, ...]] = {
        "deposit": (told.words,),
        "withdraw": (strange.address,),
        "withdraw_to": (strange.address, STRANGER.address, 60),
        "push": (strange.address, strange.address),
        "settle": (other.words,),
        "waive": (other.words,),
        "appeal": (other.words,),
        "release": (other.words, 40, 0, bytes(1000)),
        "standing_of": (bank.payment_id(told),),
        "credit_of": (strange.address, PAYEE),
    }
    data = bank.escrow.abi.encode(name, *arguments[name])
    strange("set_call", bank.escrow.address, data)
    if moment == "in":
        new = bank.terms(token=strange.address, salt=b"n" * 32)
        bank.escrow("deposit", new.words, sender=PAYER)
        assert bank.left(new) == 100
    else:
        bank.escrow("withdraw", strange.address, sender=PAYEE)
        assert bank.credit(PAYEE, strange) == 0
    assert strange("called") == 0
    strange("set_call", "0x" + "00" * 20, b"")
    assert bank.credit(strange.address, strange) == 60
    if name in ("settle", "push", "standing_of", "credit_of"):  # and by itself it passes
        bank.escrow(name, *arguments[name], sender=STRANGER.address)


def test_a_payee_with_code(bank: Bank) -> None:
    """A contract takes its money by its own call; one that cannot is sent it after 30 days."""
    agent = bank.strange("agent")
    bank.release(bank.paid(payee=agent.address), 100)
    data = bank.escrow.abi.encode("withdraw_to", bank.token.address, agent.address, 40)
    agent("act", bank.escrow.address, data)
    assert bank.balance(agent.address) == 40
    bank.world.wait(30 * DAY)
    bank.escrow("push", bank.token.address, agent.address, sender=STRANGER.address)
    assert bank.balance(agent.address) == 100


def test_our_token_frozen(bank: Bank) -> None:
    """Freezing what the escrow has stops payments out of it, until it is thawed; none is lost."""
    bank.release(bank.paid(), 100)
    bank.token("setFrozenTokens", bank.escrow.address, 1, sender=OWNER.address)
    with pytest.raises(Reverted):
        bank.escrow("withdraw", bank.token.address, sender=PAYEE)
    assert bank.credit(PAYEE) == 100
    bank.token("setFrozenTokens", bank.escrow.address, 0, sender=OWNER.address)
    assert bank.escrow("withdraw", bank.token.address, sender=PAYEE) == 100

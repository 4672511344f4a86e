"""A payment goes where verdicts say in time; where nobody says anything, where the clock does."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.act.actions import NOBODY, PaymentTerms
from tests.contracts.bank import ARBITER, OWNER, PAYEES, PAYERS, STRANGER, Bank
from tests.contracts.rig import refused

DAY = 86_400
PAYER, PAYEE = PAYERS[0].address, PAYEES[0].address
BY_VERDICT, BY_CLOCK, BY_ARBITER, BY_PAYEE = 1, 2, 3, 4


def credited(bank: Bank, told: PaymentTerms, account: str, amount: int, by: int) -> Any:
    """Give the event of a credit."""
    fields = {"token": told.token, "account": account, "payment_id": bank.payment_id(told)}
    return ("Credited", fields | {"amount": amount, "by": by})


def appealable(bank: Bank, **changes: Any) -> PaymentTerms:
    """Have a payment deposited on whose verdicts an arbiter may rule, an hour each."""
    return bank.paid(arbiter=ARBITER.address, window_s=3600, **changes)


def test_releasing(bank: Bank) -> None:
    """A verdict releases a part, then the rest; the payee takes it, to wherever it likes."""
    told = bank.paid()
    bank.release(told, 30, 70)
    assert bank.escrow.logs[-1] == credited(bank, told, PAYEE, 30, BY_VERDICT)
    assert bank.escrow.logs[-2][0] == "Decided"
    assert (bank.credit(PAYEE), bank.left(told)) == (30, 70)
    bank.release(told, 70)
    assert (bank.credit(PAYEE), bank.left(told)) == (100, 0)
    bank.escrow("withdraw_to", bank.token.address, STRANGER.address, 25, sender=PAYEE)
    fields = {"token": bank.token.address, "account": PAYEE, "to": STRANGER.address, "amount": 25}
    assert bank.escrow.logs == [("Withdrawn", fields)]
    assert bank.escrow("withdraw", bank.token.address, sender=PAYEE) == 75
    assert (bank.balance(PAYEE), bank.balance(STRANGER.address)) == (75, 25)
    assert bank.balance(bank.escrow.address) == bank.credit(PAYEE) == 0


def test_returning(bank: Bank) -> None:
    """A verdict returns a part to the payer; what is left goes on."""
    told = bank.paid()
    bank.return_(told, 40, 60)
    bank.release(told, 60)
    assert (bank.credit(PAYER), bank.credit(PAYEE)) == (40, 60)
    with refused("settled"):
        bank.return_(told, 1)


def test_amounts_are_exact(bank: Bank) -> None:
    """No verdict moves more than there is, nothing, or on a standing that it was not made for."""
    told = bank.paid()
    with refused("amount"):
        bank.release(told, 101, 0)
    with refused("amount"):
        bank.return_(told, 0, 100)
    with refused("left"):
        bank.release(told, 100, 1)
    bank.release(told, 30, 70)
    with refused("left"):  # decided twice by mistake
        bank.release(told, 30, 70)
    assert bank.left(told) == 70


def test_holding(bank: Bank) -> None:
    """A held payment does not become the payee's by the clock; a verdict still decides on it."""
    told = bank.paid(due_s=bank.world.now + 3600)
    bank.hold(told)
    assert bank.escrow.logs[-1][0] == "Held"
    with refused("held"):
        bank.hold(told)
    with refused("held"):
        bank.escrow("waive", told.words, sender=PAYEE)
    bank.world.wait(3600)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=PAYEE)
    bank.release(told, 60, 40)
    bank.world.wait(told.deadline_s - bank.world.now)
    with refused("too late"):
        bank.release(told, 40)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert bank.escrow.logs == [credited(bank, told, PAYER, 40, BY_CLOCK)]
    assert (bank.credit(PAYER), bank.credit(PAYEE), bank.left(told)) == (40, 60, 0)


def test_nobody_decides(bank: Bank) -> None:
    """Without a due, the payer gets it back at the deadline, to the second; anybody may say so."""
    told = bank.paid()
    bank.world.wait(DAY - 1)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=PAYER)
    bank.world.wait(1)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert bank.credit(PAYER) == 100
    with refused("settled"):
        bank.escrow("settle", told.words, sender=STRANGER.address)


def test_due(bank: Bank) -> None:
    """With a due, what nobody held by then is the payee's, also after the deadline."""
    told = bank.paid(due_s=bank.world.now + 3600)
    bank.world.wait(3599)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=PAYEE)
    bank.world.wait(1)
    for late in (bank.hold, lambda told: bank.return_(told, 100)):
        with refused("too late"):
            late(told)
    bank.world.wait(2 * DAY)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert (bank.credit(PAYEE), bank.credit(PAYER)) == (100, 0)


def test_nothing_blocks_the_refund(bank: Bank) -> None:
    """With verdicts halted, approvals revoked and the gate without code, the clock still pays."""
    told, held = bank.paid(), bank.paid(salt=b"h" * 32)
    bank.hold(held)
    bank.halt()
    with refused("halted"):
        bank.release(told, 100)
    for approval in bank.approvals.values():
        bank.registry("revoke", approval, 1, sender=OWNER.address)
    bank.world.env.set_code(bank.gate.address, b"\xfe")  # it could only burn gas
    bank.world.env.set_code(bank.registry.address, b"")
    bank.world.wait(DAY)
    for each in (told, held):
        bank.escrow("settle", each.words, sender=STRANGER.address)
    assert bank.escrow("withdraw", bank.token.address, sender=PAYER) == 200


def test_waiving(bank: Bank) -> None:
    """A payee gives back what it does not want, and needs nobody's verdict for that."""
    told = bank.paid()
    with refused("not the payee"):
        bank.escrow("waive", told.words, sender=PAYER)
    bank.release(told, 10, 90)
    bank.escrow("waive", told.words, sender=PAYEE)
    assert bank.escrow.logs == [credited(bank, told, PAYER, 90, BY_PAYEE)]
    with refused("settled"):
        bank.escrow("waive", told.words, sender=PAYEE)


def test_a_decision_waits(bank: Bank) -> None:
    """Where there is an arbiter, a decision takes effect after the window; others wait for it."""
    told = appealable(bank)
    bank.release(told, 70, 30)
    assert bank.credit(PAYEE) == 0
    standing = bank.escrow("standing_of", bank.payment_id(told))
    assert standing == (True, False, 100, 70, True, False, bank.world.now + 3600)
    for other in (bank.hold, lambda told: bank.return_(told, 30, 70)):
        with refused("pending"):
            other(told)
    with refused("pending"):
        bank.escrow("waive", told.words, sender=PAYEE)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=PAYEE)
    bank.world.wait(3600)
    with refused("too late"):
        bank.escrow("appeal", told.words, sender=PAYER)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert (bank.credit(PAYEE), bank.left(told)) == (70, 30)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=STRANGER.address)
    bank.return_(told, 30)
    bank.world.wait(3600)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert bank.credit(PAYER) == 30


def test_a_decision_that_waits_past_the_deadline(bank: Bank) -> None:
    """What was decided in time takes effect; what it left, the clock returns in the same call."""
    told = appealable(bank)
    bank.world.wait(DAY - 1)
    bank.release(told, 70, 30)
    bank.world.wait(3600)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert (bank.credit(PAYEE), bank.credit(PAYER), bank.left(told)) == (70, 30, 0)


@pytest.mark.parametrize("who", ["payer", "payee", "arbiter"])
def test_appeal_and_ruling(bank: Bank, who: str) -> None:
    """A party or the arbiter appeals, and a human key has the last word on what waits."""
    told = appealable(bank)
    with refused("nothing waits"):
        bank.escrow("appeal", told.words, sender=PAYER)
    bank.return_(told, 80, 20)
    with refused("not appealed"):
        bank.escrow("rule", told.words, 0, sender=ARBITER.address)
    with refused("not a party"):
        bank.escrow("appeal", told.words, sender=STRANGER.address)
    sender = {"payer": PAYER, "payee": PAYEE, "arbiter": ARBITER.address}[who]
    bank.world.wait(3599)
    bank.escrow("appeal", told.words, sender=sender)
    fields = {"payment_id": bank.payment_id(told), "by": sender, "until": bank.world.now + 3600}
    assert bank.escrow.logs == [("Appealed", fields)]
    with refused("appealed"):
        bank.escrow("appeal", told.words, sender=sender)
    bank.world.wait(3599)
    for stranger in (PAYER, PAYEE, STRANGER.address):
        with refused("not the arbiter"):
            bank.escrow("rule", told.words, 80, sender=stranger)
    with refused("amount"):
        bank.escrow("rule", told.words, 81, sender=ARBITER.address)
    bank.escrow("rule", told.words, 50, sender=ARBITER.address)
    assert bank.escrow.logs[1:] == [
        credited(bank, told, PAYEE, 50, BY_ARBITER),
        credited(bank, told, PAYER, 30, BY_ARBITER),
    ]
    with refused("not appealed"):
        bank.escrow("rule", told.words, 50, sender=ARBITER.address)
    assert bank.left(told) == 20
    bank.world.wait(DAY)
    bank.escrow("settle", told.words, sender=STRANGER.address)
    assert (bank.credit(PAYEE), bank.credit(PAYER)) == (50, 50)


def test_an_arbiter_who_says_nothing(bank: Bank) -> None:
    """An appeal that nobody rules on delays a verdict by one window, and changes nothing."""
    told = appealable(bank)
    bank.release(told, 100)
    bank.escrow("appeal", told.words, sender=PAYER)
    with refused("too early"):
        bank.escrow("settle", told.words, sender=PAYEE)
    bank.world.wait(3600)
    with refused("too late"):
        bank.escrow("rule", told.words, 0, sender=ARBITER.address)
    bank.escrow("settle", told.words, sender=PAYEE)
    assert bank.credit(PAYEE) == 100


def test_credits_that_nobody_takes(bank: Bank) -> None:
    """After 30 days anybody may send a credit to whom it belongs; a penny does not delay it."""
    bank.release(bank.paid(), 100)
    bank.world.wait(30 * DAY - 1)
    bank.release(bank.paid(amount=1, salt=b"p" * 32), 1)
    with refused("too early"):
        bank.escrow("push", bank.token.address, PAYEE, sender=STRANGER.address)
    bank.world.wait(1)
    assert bank.escrow("push", bank.token.address, PAYEE, sender=STRANGER.address) == 101
    assert bank.balance(PAYEE) == 101
    with refused("nothing"):
        bank.escrow("push", bank.token.address, PAYEE, sender=STRANGER.address)


def test_withdrawing_what_is_not_there(bank: Bank) -> None:
    """Nobody takes more than its own, nothing, or to nowhere."""
    bank.release(bank.paid(), 100)
    token = bank.token.address
    for arguments, why in [
        ((token, PAYEE, 101), "credit"),
        ((token, PAYEE, 0), "nothing"),
        ((token, NOBODY, 1), "recipient"),
        ((token, bank.escrow.address, 1), "recipient"),
    ]:
        with refused(why):
            bank.escrow("withdraw_to", *arguments, sender=PAYEE)
    for stranger in (STRANGER.address, PAYER):
        with refused("nothing"):
            bank.escrow("withdraw", token, sender=stranger)


def test_unknown_payments(bank: Bank) -> None:
    """Of a payment that nobody deposited, nothing can be decided, settled or appealed."""
    told = bank.terms()
    for call in (
        bank.hold,
        lambda told: bank.release(told, 100),
        lambda told: bank.return_(told, 100),
        lambda told: bank.escrow("settle", told.words),
        lambda told: bank.escrow("waive", told.words, sender=PAYEE),
    ):
        with refused("unknown payment"):
            call(told)
    with refused("nothing waits"):
        bank.escrow("appeal", told.words, sender=PAYER)

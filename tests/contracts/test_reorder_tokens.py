"""Whatever a token does, a desk pays exactly what was ordered, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.bank import PAYEES, STRANGER
from tests.contracts.rig import Contract, Reverted, refused
from tests.contracts.shop import FUNDER, Shop

PAYEE = PAYEES[0].address


@pytest.fixture
def strange(shop: Shop) -> Contract:
    """Give a token with bad habits, all switched off, in which is agreed; the desk has 1,000."""
    token = shop.strange()
    token("mint", shop.desk.address, 1000)
    shop.agree(token=token.address)
    return token


def habits(token: Contract, **on: Any) -> None:
    """Switch habits on, and all others off."""
    values = {"silent": False, "lying": False, "fee_percent": 0, "toll": 0} | on
    token("set_habits", *values.values())


def test_a_token_that_returns_nothing(shop: Shop, strange: Contract) -> None:
    """Nothing, as some old tokens return, is no refusal, and both ways are open."""
    habits(strange, silent=True)
    told = shop.place()
    shop.return_(told, 20)
    assert shop.desk("collect", strange.address) == 20
    shop.desk("withdraw", strange.address, FUNDER.address, 1000, sender=FUNDER.address)
    assert shop.balance(FUNDER.address, strange) == 1000


@pytest.mark.parametrize("on", [{"fee_percent": 3}, {"fee_percent": 100}, {"toll": 1}])
def test_a_token_that_takes_some(shop: Shop, strange: Contract, on: dict[str, int]) -> None:
    """Where less would arrive than was ordered for, or more would leave, nothing is ordered."""
    shop.agree(token=strange.address, unit_price=50, period_budget=1000)
    habits(strange, **on)
    order = shop.order(10, unit_price=50)
    packed = shop.decided(order)
    with refused("token"):
        shop.bring(order, packed)
    habits(strange)
    shop.bring(order, packed)  # nothing of it was used up


def test_a_token_that_says_false(shop: Shop, strange: Contract) -> None:
    """False means that nothing moved: there is no order, and nothing was taken out."""
    habits(strange, lying=True)
    with refused("token"):
        shop.place()
    with refused("token"):
        shop.desk("withdraw", strange.address, FUNDER.address, 1, sender=FUNDER.address)


def test_a_desk_that_cannot_be_paid(shop: Shop, strange: Contract) -> None:
    """What the escrow returned to a desk that the token bars, its funder takes elsewhere."""
    told = shop.place()
    shop.return_(told, 20)
    strange("set_barred", shop.desk.address, True)
    with pytest.raises(Reverted):
        shop.desk("collect", strange.address)
    to = STRANGER.address
    shop.desk("collect_to", strange.address, to, 20, sender=FUNDER.address)
    assert shop.balance(to, strange) == 20


def test_a_supplier_that_cannot_be_paid(shop: Shop, strange: Contract) -> None:
    """A supplier that the token bars holds up neither the desk nor other orders."""
    strange("set_barred", PAYEE, True)
    told, other = shop.place(), shop.place()
    shop.release(told, 20)
    shop.return_(other, 20)
    assert shop.desk("collect", strange.address) == 20
    shop.escrow("withdraw_to", strange.address, STRANGER.address, 20, sender=PAYEE)


def test_calling_back(shop: Shop, strange: Contract) -> None:
    """In the midst of an order, a withdrawal or a return nothing of the desk can be called."""
    order = shop.order()
    packed, spare = shop.decided(order), shop.decided(shop.order(1))
    calls = [
        ("place", (shop.order(1).words, spare)),
        ("collect", (strange.address,)),
        ("order_of", (bytes(32),)),
    ]
    told = shop.place()
    shop.return_(told, 20)
    for name, arguments in calls:
        strange("set_call", shop.desk.address, shop.desk.abi.encode(name, *arguments))
        with shop.world.undone():
            shop.bring(order, packed)
            shop.desk("withdraw", strange.address, FUNDER.address, 1, sender=FUNDER.address)
            shop.desk("collect", strange.address)
            assert strange("called") == 0


def test_money_that_is_sent_is_the_funders(shop: Shop, strange: Contract) -> None:
    """What somebody sends to a desk, or the escrow pushes to it, its funder can take."""
    told = shop.place()
    shop.return_(told, 20)
    shop.world.wait(30 * 86_400)
    shop.escrow("push", strange.address, shop.desk.address, sender=STRANGER.address)
    assert shop.has(strange) == 1000
    strange("mint", STRANGER.address, 7)
    strange("give", shop.desk.address, 7, sender=STRANGER.address)
    shop.desk("withdraw", strange.address, FUNDER.address, 1007, sender=FUNDER.address)


def test_tokens_are_kept_apart(shop: Shop, strange: Contract) -> None:
    """A token that anybody can print orders nothing that is paid in another one."""
    shop.agree()
    shop.desk("withdraw", shop.token.address, FUNDER.address, 1000, sender=FUNDER.address)
    with refused("funds"):
        shop.place()
    assert shop.has(strange) == 1000

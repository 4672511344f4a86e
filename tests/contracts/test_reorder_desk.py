"""A desk orders what a proven decision says, within an agreement, once; its money can only wait."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.act.actions import NOBODY
from counterfoil.act.reorder_contract import ORDER_SCOPE, Order, place
from counterfoil.formats.verdict import hash_text
from counterfoil.proofs.merkle import leaf_hash
from tests.contracts.bank import ARBITER, OWNER, PAYEES, STRANGER
from tests.contracts.rig import CHAIN_TIME, Reverted, refused
from tests.contracts.shop import DAY, FUNDER, ITEM, SUPPLIER, WEEK, Shop
from tests.contracts.signing import key

PAYEE = PAYEES[0].address
NAMES = (hash_text(ITEM), hash_text(SUPPLIER))


def test_an_order_is_paid_into_the_escrow(shop: Shop) -> None:
    """An order's money leaves the desk for the escrow at once, on the terms of its agreement."""
    told = shop.place(shop.order(4))
    assert (shop.has(), shop.balance(shop.escrow.address), shop.left(told)) == (980, 20, 20)
    assert (told.payer, told.payee) == (shop.desk.address, PAYEE)
    assert told.deadline_s == shop.world.now + 2 * DAY
    assert (told.due_s, told.window_s, told.arbiter) == (0, 0, NOBODY)
    assert shop.desk("ordered_of", *NAMES) == (shop.world.now // WEEK, 4, 20)


def test_a_delivery_releases_it(shop: Shop) -> None:
    """What arrives is released by the escrow's own verdicts, a part and then the rest."""
    told = shop.place(shop.order(4))
    shop.release(told, 15, 5)
    shop.release(told, 5)
    assert shop.escrow("withdraw", shop.token.address, sender=PAYEE) == 20


def test_a_breach_returns_it(shop: Shop) -> None:
    """What a verdict returns goes back to the desk, by anybody's call, and can be ordered again."""
    told = shop.place(shop.order(10))
    shop.return_(told, 50)
    assert shop.has() == 950
    assert shop.desk("collect", shop.token.address, sender=STRANGER.address) == 50
    assert shop.desk.logs[-1][0] == "Collected"
    assert shop.has() == 1000
    with refused("nothing"):
        shop.desk("collect", shop.token.address)


def test_the_deadline_returns_it(shop: Shop) -> None:
    """What nobody delivered falls to the desk after its grace, whoever stopped the gate."""
    told = shop.place()
    shop.world.env.set_code(shop.gate.address, b"\xfe")
    shop.world.wait(2 * DAY - 1)
    with refused("too early"):
        shop.escrow("settle", told.words)
    shop.world.wait(1)
    shop.escrow("settle", told.words, sender=STRANGER.address)
    shop.desk("collect", shop.token.address, sender=STRANGER.address)
    assert shop.has() == 1000


def test_one_decision_one_order(shop: Shop) -> None:
    """A decision places one order: no second verdict of it, for the same or another, by any key."""
    first, decision = shop.order(4), leaf_hash(b"the decision")
    packed = shop.decided(first, decision=decision)
    shop.bring(first, packed)
    with refused("replayed"):
        shop.bring(first, packed)
    other = key("another decider")
    shop.approve(ORDER_SCOPE, other.address)
    again: list[tuple[Order, dict[str, Any]]] = [
        (first, {}),
        (shop.order(1), {}),
        (first, {"signer": other}),
    ]
    for order, more in again:
        with refused("ordered"):
            shop.bring(order, shop.decided(order, decision=decision, **more))
    assert shop.has() == 980


def test_the_outcome_counts(shop: Shop) -> None:
    """A decision that says anything but what the agreement asks for orders nothing."""
    order = shop.order()
    with refused("outcome"):
        shop.bring(order, shop.decided(order, outcome=hash_text("enough")))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": 11}, "quantity"),
        ({"unit_price": 6}, "price"),
        ({"deadline_s": CHAIN_TIME}, "deadline"),
        ({"deadline_s": CHAIN_TIME + 3599}, "deadline"),
        ({"deadline_s": CHAIN_TIME + 3 * DAY + 1}, "deadline"),
        ({"deadline_s": 2**64 - 1}, "deadline"),
        ({"quantity": 2**64 - 1, "unit_price": 2**128 - 1}, "quantity"),
        ({"supplier": "somebody else"}, "no agreement"),
        ({"item": "something else"}, "no agreement"),
    ],
)
def test_beyond_the_agreement(shop: Shop, changes: dict[str, Any], why: str) -> None:
    """No order is placed beyond what was agreed on, to the unit and to the second."""
    with refused(why):
        shop.place(shop.order(**changes))
    assert shop.has() == 1000


def test_at_the_limits_of_an_agreement(shop: Shop) -> None:
    """An order exactly at all caps is placed."""
    now = shop.world.now
    assert now == CHAIN_TIME
    for deadline in (now + 3600, now + 3 * DAY):
        shop.place(shop.order(10, deadline_s=deadline))
    with refused("budget"):
        shop.place(shop.order(1))


def test_caps_of_a_period(shop: Shop) -> None:
    """All orders of a period together stay below its caps; the next one begins from nothing."""
    shop.agree(unit_price=4, quantity=10)
    for quantity in (10, 10, 5):
        shop.place(shop.order(quantity, unit_price=4))
    with refused("period quantity"):
        shop.place(shop.order(1, unit_price=4))
    shop.agree(period_budget=109, period_quantity=1000)
    with refused("budget"):
        shop.place(shop.order(2))
    shop.place(shop.order(1))
    shop.world.wait(WEEK - shop.world.now % WEEK - 1)
    with refused("budget"):
        shop.place(shop.order(1))
    shop.world.wait(1)
    shop.place(shop.order(10))


def test_an_agreement_that_ends_and_comes_back_goes_on_counting(shop: Shop) -> None:
    """Caps cannot be reset by ending an agreement; another length of its period begins anew."""
    shop.place(shop.order(10))
    shop.desk("end", *NAMES, sender=OWNER.address)
    assert shop.desk("agreement_of", *NAMES)[0] == NOBODY
    with refused("no agreement"):
        shop.place()
    with refused("no agreement"):
        shop.desk("end", *NAMES, sender=OWNER.address)
    shop.agree()
    shop.place(shop.order(10))
    with refused("budget"):
        shop.place(shop.order(1))
    shop.agree(period_s=DAY)
    shop.place(shop.order(10))


def test_what_was_ordered_stays_as_it_is(shop: Shop) -> None:
    """No later agreement changes who is paid for an order, nor does its end."""
    told = shop.place(shop.order(4))
    shop.agree(payee=STRANGER.address)
    shop.desk("end", *NAMES, sender=OWNER.address)
    shop.release(told, 20)
    assert (shop.credit(PAYEE), shop.credit(STRANGER.address)) == (20, 0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"payee": NOBODY}, "payee"),
        ({"payee": FUNDER.address}, "payee"),
        ({"token": STRANGER.address}, "token"),
        ({"window_s": 60, "arbiter": FUNDER.address}, "arbiter"),
        ({"window_s": 60, "arbiter": PAYEE}, "arbiter"),
    ],
)
def test_agreements_that_are_none(shop: Shop, changes: dict[str, Any], why: str) -> None:
    """Nobody pays itself, judges itself, or is paid in what is no contract."""
    with refused(why):
        shop.agree(**changes)


def test_agreements_that_are_none_word_for_word(shop: Shop) -> None:
    """What Python would not say, the contract refuses as well."""
    words = list(shop.agreement().words)
    for at, value, why in [
        (0, shop.desk.address, "payee"),
        (0, shop.escrow.address, "payee"),
        (6, 0, "period"),
        (7, 3 * DAY + 1, "term"),
        (8, 0, "term"),
        (10, 60, "window"),
        (11, ARBITER.address, "window"),
        (12, bytes(32), "outcome"),
    ]:
        changed = [*words[:at], value, *words[at + 1 :]]
        with refused(why):
            shop.desk("agree", *NAMES, tuple(changed), sender=OWNER.address)
    long = [*words[:10], 30 * DAY + 1, ARBITER.address, words[12]]
    with refused("window"):
        shop.desk("agree", *NAMES, tuple(long), sender=OWNER.address)
    judged = [*words[:10], 60, shop.desk.address, words[12]]
    with refused("arbiter"):
        shop.desk("agree", *NAMES, tuple(judged), sender=OWNER.address)


def test_who_may_do_what(shop: Shop) -> None:
    """The registry's owner agrees and takes nothing; the funder takes and agrees on nothing."""
    for sender in (FUNDER.address, PAYEE, STRANGER.address):
        with refused("not the owner"):
            shop.desk("agree", *NAMES, shop.agreement().words, sender=sender)
        with refused("not the owner"):
            shop.desk("end", *NAMES, sender=sender)
    token, told = shop.token.address, shop.place()
    for sender in (OWNER.address, PAYEE, STRANGER.address):
        with refused("not the funder"):
            shop.desk("withdraw", token, sender, 1, sender=sender)
        with refused("not the funder"):
            shop.desk("collect_to", token, sender, 1, sender=sender)
        with refused("not the funder"):
            shop.desk("appeal", told.words, sender=sender)


def test_governance_moves_with_the_registry(shop: Shop) -> None:
    """Whoever owns the registry makes the agreements, from the moment on in which it is theirs."""
    heir = STRANGER.address
    shop.registry("propose_owner", heir, sender=OWNER.address)
    with refused("not the owner"):
        shop.desk("end", *NAMES, sender=heir)
    shop.registry("accept_ownership", sender=heir)
    with refused("not the owner"):
        shop.desk("end", *NAMES, sender=OWNER.address)
    shop.desk("end", *NAMES, sender=heir)


def test_the_funder_takes_what_is_not_ordered(shop: Shop) -> None:
    """The funder takes all that is in the desk, and nothing of what is in the escrow."""
    told = shop.place(shop.order(10))
    token, funder = shop.token.address, FUNDER.address
    for amount in (0, 951):
        with refused("funds"):
            shop.desk("withdraw", token, funder, amount, sender=funder)
    for to in (NOBODY, shop.desk.address):
        with refused("recipient"):
            shop.desk("withdraw", token, to, 1, sender=funder)
    shop.desk("withdraw", token, funder, 950, sender=funder)
    assert (shop.balance(funder), shop.has(), shop.left(told)) == (950, 0, 50)
    with refused("funds"):
        shop.place(shop.order(1))
    shop.release(told, 50)
    assert shop.credit(PAYEE) == 50


def test_the_funder_appeals(shop: Shop) -> None:
    """Where there is an arbiter, the payer behind the desk can object, and the arbiter rules."""
    shop.agree(window_s=3600, arbiter=ARBITER.address)
    told = shop.place(shop.order(4))
    shop.release(told, 20)
    shop.desk("appeal", told.words, sender=FUNDER.address)
    shop.escrow("rule", told.words, 5, sender=ARBITER.address)
    assert (shop.credit(PAYEE), shop.credit(shop.desk.address)) == (5, 15)


def test_a_supplier_that_does_not_want_it(shop: Shop) -> None:
    """A supplier gives an order back without anybody's verdict."""
    told = shop.place(shop.order(4))
    shop.escrow("waive", told.words, sender=PAYEE)
    assert shop.desk("collect", shop.token.address) == 20


def test_halted(shop: Shop) -> None:
    """While the guardian halts, nothing is ordered; what is in the desk can be taken out."""
    shop.halt()
    with refused("halted"):
        shop.place()
    shop.desk("withdraw", shop.token.address, FUNDER.address, 1000, sender=FUNDER.address)


def test_another_desk_and_another_chain(shop: Shop) -> None:
    """A verdict for one desk on one chain orders nothing at another one."""
    order, twin = shop.order(), shop.new_desk()
    packed = shop.decided(order, desk=twin)
    with refused("consumer"):
        shop.bring(order, packed)
    with refused("chain"):
        shop.bring(order, shop.decided(order, chain_id=shop.world.chain_id + 1))
    elsewhere = place(shop.desk.address, order).action_hash(shop.world.chain_id + 1)
    with refused("action"):
        shop.bring(order, shop.decided(order, action_hash=elsewhere))


def test_a_verdict_names_the_whole_order(shop: Shop) -> None:
    """A verdict for one order places no other: each of its fields counts."""
    order = shop.order(4)
    packed = shop.decided(order, amount_max=10**6)
    shop.agree(item="other", supplier=SUPPLIER)
    shop.agree(item=ITEM, supplier="other")
    for changes in (
        {"quantity": 3},
        {"unit_price": 4},
        {"deadline_s": order.deadline_s + 1},
        {"item": "other"},
        {"supplier": "other"},
    ):
        with refused("action"):
            shop.bring(shop.order(**changes), packed)
    with refused("scope"):
        call = place(shop.desk.address, order)
        shop.bring(order, shop.verdict("payment.release", call, order.amount))
    shop.bring(order, packed)


def test_limits_of_the_key(shop: Shop) -> None:
    """Beside an agreement's caps those of the approval hold, over all items and suppliers."""
    shop.agree(item="other")
    shop.approve(ORDER_SCOPE, cap=20, period_cap=30)
    with refused("cap"):
        shop.place(shop.order(5))
    shop.place(shop.order(4))
    with refused("rate"):
        shop.place(shop.order(4, item="other"))
    shop.place(shop.order(2, item="other"))


def test_every_order_has_its_own_payment(shop: Shop) -> None:
    """Orders that say the same, of two decisions, are two payments."""
    first, second = shop.place(), shop.place()
    assert first != second
    shop.return_(first, 20)
    assert (shop.left(first), shop.left(second)) == (0, 20)


def test_making_a_desk() -> None:
    """A desk needs an escrow that knows its gate, and a funder."""
    shop = Shop()
    for sender in (NOBODY, shop.escrow.address):
        with pytest.raises(Exception, match="funder"):
            shop.new_desk(funder=sender)
    assert shop.desk("GATE") == shop.gate.address
    assert shop.desk("REGISTRY") == shop.registry.address
    assert shop.desk("FUNDER") == FUNDER.address
    with pytest.raises(Reverted):  # a desk takes no coins
        shop.world.env.set_balance(FUNDER.address, 10)
        done = shop.world.env.execute_code(
            to_address=shop.desk.address, sender=FUNDER.address, data=b"", value=1
        )
        if done.is_error:
            raise Reverted(done.output)

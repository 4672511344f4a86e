"""Python names and reads orders and agreements as the contract does, word for word."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil.act.actions import NOBODY
from counterfoil.act.escrow_contract import EscrowContract
from counterfoil.act.reorder_contract import Agreement, Order, Ordered, ReorderContract, place
from counterfoil.contracts import load_artifact
from counterfoil.errors import InputError
from counterfoil.ports import Chain
from tests.contracts.bank import ARBITER, OWNER, STRANGER
from tests.contracts.shop import DAY, FUNDER, ITEM, SUPPLIER, WEEK, Shop
from tests.contracts.test_escrow_python import WorldChain
from tests.log_rig import raises_code

names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=40)
orders = st.builds(
    Order,
    item=names,
    supplier=names,
    quantity=st.integers(1, 2**64 - 1),
    unit_price=st.integers(1, 2**128 - 1),
    deadline_s=st.integers(1, 2**64 - 1),
)
times = st.integers(1, 2**32 - 1)
agreements = st.builds(
    Agreement,
    item=names,
    supplier=names,
    payee=st.binary(min_size=20, max_size=20).map(lambda raw: "0x01" + raw[1:].hex()),
    token=st.just(STRANGER.address),
    unit_price=st.integers(1, 2**128 - 1),
    quantity=st.integers(1, 2**64 - 1),
    period_quantity=st.integers(1, 2**64 - 1),
    period_budget=st.integers(1, 2**128 - 1),
    term_s=times,
    period_s=times,
    grace_s=times,
    window_s=st.just(60),
    arbiter=st.just(ARBITER.address),
    outcome=names,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders)
def test_hashes(shop: Shop, order: Order) -> None:
    """Whatever the order, both compute the same hash of the action that places it."""
    call = place(shop.desk.address, order)
    assert shop.desk("place_action", order.words) == call.action_hash(shop.world.chain_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=agreements)
def test_agreements_come_back(shop: Shop, told: Agreement) -> None:
    """An agreement is kept in five words, and no bit of it is lost, whatever its numbers."""
    desk = contract_of(shop)
    words = (told.payee, shop.token.address, *told.words[2:])
    with shop.world.undone():
        found = desk.agreed(told.item, told.supplier)
        assert found is None or told.item == ITEM
        call = desk.agree(told)
        data = shop.desk.abi.encode("agree", *_names(told), words)
        assert call.data[:68] == data[:68]
        shop.desk("agree", *_names(told), words, sender=OWNER.address)
        assert desk.agreed(told.item, told.supplier) == words


def test_a_desk_from_outside(shop: Shop) -> None:
    """Each call that Python makes does what it says, and each state is read as it is."""
    chain, desk = WorldChain(shop.world), contract_of(shop)
    escrow = EscrowContract(cast(Chain, chain), shop.escrow.address, load_artifact("escrow").abi)
    assert (desk.funder(), desk.escrow()) == (FUNDER.address, shop.escrow.address)
    order = shop.order(4)
    packed = shop.decided(order)
    decision = shop.desk("order_of", bytes(32))
    assert desk.order_of(decision.hex()) is None
    terms = desk.terms_of(order, "ab" * 32)
    chain.send(place(shop.desk.address, order).with_proof(packed), STRANGER.address)
    assert desk.ordered(ITEM, SUPPLIER) == Ordered(shop.world.now // WEEK, 4, 20)
    assert (terms.payer, terms.amount, terms.salt) == (shop.desk.address, 20, b"\xab" * 32)
    assert escrow.payment_id(terms) == shop.payment_id(terms)
    told = shop.agree(window_s=3600, arbiter=ARBITER.address)
    assert desk.agreed(ITEM, SUPPLIER) == told.words
    held = shop.place()
    shop.release(held, 20)
    chain.send(desk.appeal(held), FUNDER.address)
    chain.send(escrow.rule(held, 0), ARBITER.address)
    chain.send(desk.collect_to(held.token, STRANGER.address, 5), FUNDER.address)
    chain.send(desk.collect(held.token), STRANGER.address)
    chain.send(desk.withdraw(held.token, STRANGER.address, 100), FUNDER.address)
    assert (shop.balance(STRANGER.address), shop.has()) == (105, 875)
    chain.send(desk.end(ITEM, SUPPLIER), OWNER.address)
    assert desk.agreed(ITEM, SUPPLIER) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": 2**64},
        {"unit_price": 2**128},
        {"item": ""},
        {"supplier": "x" * 256},
        {"item": "line\nbreak"},
        {"deadline_s": -1},
    ],
)
def test_orders_that_are_none(changes: dict[str, Any]) -> None:
    """What no contract could take is no order."""
    told: dict[str, Any] = {"item": "milk", "supplier": "farm", "quantity": 1, "unit_price": 1}
    with raises_code("supply.terms", InputError):
        Order(**{**told, "deadline_s": DAY, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"payee": "nobody"},
        {"token": "0x12"},
        {"lead_s": 10, "term_s": 9},
        {"window_s": 60},
        {"arbiter": ARBITER.address},
        {"window_s": 31 * DAY, "arbiter": ARBITER.address},
        {"period_s": 0},
        {"outcome": ""},
    ],
)
def test_agreements_that_are_none(changes: dict[str, Any]) -> None:
    """Terms that the contract would refuse, or that mean nothing, are no agreement."""
    told: dict[str, Any] = {"item": "milk", "supplier": "farm", "term_s": DAY, "unit_price": 1}
    told |= {"payee": STRANGER.address, "token": NOBODY, "quantity": 1}
    told |= {"period_quantity": 1, "period_budget": 1}
    Agreement(**told)
    with raises_code("supply.terms", InputError):
        Agreement(**{**told, **changes})


def contract_of(shop: Shop) -> ReorderContract:
    """Give Python's handle on a shop's desk."""
    return ReorderContract(cast(Chain, WorldChain(shop.world)), shop.desk.address)


def _names(told: Agreement) -> tuple[bytes, bytes]:
    from counterfoil.formats.verdict import hash_text

    return hash_text(told.item), hash_text(told.supplier)

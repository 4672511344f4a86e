"""The order desk: set up, agreed with suppliers, and its money taken out.

What a desk is stands in `apps.supply.orders`. This module refuses to hold a funder's key that is
not the ledger's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.ops.contracts import OnChain, OwnToken, own_token_of
from counterfoil.ops.listing import Limit
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ops.supply.orders import whole
from counterfoil.ports import Param

with brings("chain"):
    from counterfoil.act import Actor
    from counterfoil.act.actions import NOBODY
    from counterfoil.act.deploying import address_of_contract
    from counterfoil.act.reorder_contract import Agreement
    from counterfoil.apps.supply.orders.agreeing import Agreed, list_agreements, record_agreement
    from counterfoil.apps.supply.orders.desk import OrderDesk
    from counterfoil.apps.supply.orders.setting_up import OrderLimits, SetUp, set_up

__all__ = ["Money", "agree", "agreements", "desk", "pay_in", "withdraw"]

_ALL: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Money:
    """What a desk has of a token, in its smallest unit."""

    desk: str
    token: str
    left: str


def desk(
    maker: Annotated[
        str, Param("Digest of the model or text whose decisions may place orders.", "DIGEST")
    ],
    *,
    evidence: Annotated[str, Param("The statement that it rests on.", "INDEX|LEAF")],
    per_order: Annotated[str, Param("Most that one order may cost, smallest unit.", "N")],
    per_day: Annotated[str, Param("Most that a key may move in a day, smallest unit.", "N")],
    maker_kind: Annotated[Literal["model", "rule"], Param("What decides to order.")] = "model",
    funder: Annotated[
        str | None, Param("Whose money it is; else an account of the ledger's own.", "0x")
    ] = None,
    own_token: OwnToken = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> SetUp:
    """Put a reorder desk and what it needs on a chain, make its keys, and approve them.

    What stands is found: it may be asked for again. Raises InputError with code supply.amount or
    act.maker; and as `contract deploy` and `act approve`.
    """
    limits = OrderLimits(order=whole(per_order), day=whole(per_day))
    if limits.order > limits.day:
        raise InputError(
            "supply.amount",
            f"expected no more an order than a day, found {limits.order} and {limits.day}",
            hint="A verdict of more than a day's limit could never pass.",
        )
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        return set_up(
            actor,
            maker,
            find_entry(opened, evidence),
            limits,
            maker_kind=maker_kind,
            funder=funder,
            token=own_token_of(own_token),
        )


def agree(
    item: Annotated[str, Param("What may be ordered, such as a GTIN as EPC pattern.", "ITEM")],
    supplier: Annotated[str, Param("Of whom, such as a PGLN.", "SUPPLIER")],
    *,
    payee: Annotated[str, Param("The supplier's account.", "0x")],
    price: Annotated[str, Param("Most for one unit, in the token's smallest unit.", "N")],
    quantity: Annotated[str, Param("Most units of an order.", "N")],
    per_period: Annotated[str, Param("Most units of all orders in a period.", "N")],
    budget: Annotated[str, Param("Most money of all orders in a period, smallest unit.", "N")],
    term: Annotated[int, Param("Most time from an order to its deadline.", "SECONDS")],
    lead: Annotated[int, Param("Least time from an order to its deadline.", "SECONDS")] = 0,
    period: Annotated[int, Param("Length of a period.", "SECONDS")] = 604_800,
    grace: Annotated[
        int, Param("Time after the deadline in which a delivery may be proven.", "SECONDS")
    ] = 86_400,
    window: Annotated[int, Param("Time for an appeal.", "SECONDS")] = 0,
    arbiter: Annotated[str | None, Param("Account that rules on appeal.", "0x")] = None,
    outcome: Annotated[str, Param("Outcome that a decision to order has.", "TEXT")] = "shortage",
    token: Annotated[
        str | None, Param("In what it is paid; else the ledger's own token.", "0x")
    ] = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Agreed:
    """Say at the desk what may be ordered of a supplier, as its governance, and record it.

    It replaces an earlier one for the same item and supplier; orders that were placed stay as they
    are. Raises InputError with code supply.amount or supply.terms, Refused with code
    supply.agreement, NotFound with code act.not-deployed.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        told = Agreement(
            item=item,
            supplier=supplier,
            payee=payee,
            token=token or address_of_contract(opened, actor.chain, "token"),
            unit_price=whole(price),
            quantity=whole(quantity),
            period_quantity=whole(per_period),
            period_budget=whole(budget),
            period_s=period,
            lead_s=lead,
            term_s=term,
            grace_s=grace,
            window_s=window,
            arbiter=NOBODY if arbiter is None else arbiter,
            outcome=outcome,
        )
        return record_agreement(actor, OrderDesk(actor).contract, told)


def agreements(*, limit: Limit = None, ledger: LedgerFolder = None) -> Iterator[Agreed]:
    """List what was agreed with suppliers, the newest first; a later one replaces an older one."""
    with open_for_reading(ledger) as opened:
        yield from list_agreements(opened, _ALL if limit is None else limit)


def pay_in(
    amount: Annotated[str, Param("How much, in the token's smallest unit.", "N")],
    *,
    token: Annotated[
        str | None,
        Param("Of which token, from the ledger's funder; else its own, made for it.", "0x"),
    ] = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Money:
    """Put money into the desk: of another's token from the ledger's funder, its own is made.

    Anybody else pays by a plain transfer to the desk's address. Raises InputError with code
    supply.amount, NotFound with code act.not-deployed, Refused as the token does.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place = OrderDesk(actor)
        which = token or address_of_contract(opened, actor.chain, "token")
        has = place.pay_in(which, whole(amount), made=token is None)
        return Money(place.contract.address, which, str(has))


def withdraw(
    amount: Annotated[str, Param("How much, in the token's smallest unit.", "N")],
    *,
    payee: Annotated[str, Param("The account that gets it.", "0x")],
    token: Annotated[str | None, Param("Of which token; else the ledger's own.", "0x")] = None,
    chain: OnChain = None,
    ledger: LedgerFolder = None,
) -> Money:
    """Take out of the desk what was not ordered, by the ledger's own funder.

    What the escrow returned is brought back first. Raises InputError with code supply.amount,
    Refused with code supply.desk as the contract does.
    """
    with open_for_writing(ledger) as opened, Actor(opened, chain=chain) as actor:
        place = OrderDesk(actor)
        which = token or address_of_contract(opened, actor.chain, "token")
        left = place.withdraw(which, payee, whole(amount))
        return Money(place.contract.address, which, str(left))

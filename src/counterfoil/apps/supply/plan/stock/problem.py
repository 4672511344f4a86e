"""A question of stock as people write it: demand as samples, lead times, shelf life, and costs.

This module refuses fields that it does not know, ragged samples, and costs below 0.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.formats import json_text

__all__ = [
    "STOCK_MAX_BYTES",
    "Costs",
    "OnHand",
    "OnOrder",
    "Stock",
    "demand_of",
    "digest_of_stock",
    "read_stock",
    "stock_of",
    "text_of_stock",
    "wrong_stock",
]

STOCK_MAX_BYTES: Final = 16 << 20
"""Largest file with a question of stock, bytes."""

_DEMAND_MAX: Final = 1_000_000_000
_Amount = Annotated[int, msgspec.Meta(ge=0, le=_DEMAND_MAX)]
_Money = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_Days = Annotated[int, msgspec.Meta(ge=0, le=400)]
_Demand = Annotated[float, msgspec.Meta(ge=0, le=_DEMAND_MAX)]
_Path = Annotated[list[_Demand], msgspec.Meta(min_length=1, max_length=400)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a question: no unknown fields."""


class Costs(_Part, frozen=True):
    """What things cost, minor units of the currency.

    short: a unit that is asked for and not there, its margin and what the customer's trouble costs.
    waste: a unit that spoils or stays over, what was paid for it less what it still brings.
    hold: a unit that lies overnight. order: an order, whatever its size. per: so many units are
    meant by `a unit`, where one costs less than a minor unit.
    """

    short: _Money
    waste: _Money = 0
    hold: _Money = 0
    order: _Money = 0
    per: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


class OnHand(_Part, frozen=True):
    """A lot that is there.

    days_left: it can be sold today and on so many days less one; no matter for goods that keep.
    """

    quantity: _Amount
    days_left: Annotated[int, msgspec.Meta(ge=1, le=400)] = 400


class OnOrder(_Part, frozen=True):
    """An order that is under way; in_days: it is there before the demand of that day, 0 today."""

    quantity: _Amount
    in_days: _Days


class Stock(_Part, frozen=True):
    """How much to keep of one thing at one place.

    demand: samples of what is asked for, (n, horizon): a row is a possible course of days, in units
    a day. lead_days: samples of the days from an order to its arrival, equally likely; an order is
    made before the day's demand, and with 0 is there before it. shelf_life_days: a unit can be
    sold on the day of its arrival and on so many days less one after it; None for goods that keep.
    issue: which goes first, with `fifo` the oldest, with `lifo` the freshest, as customers choose.
    on_hand, on_order: where it stands before the first day's order. review_days: orders may be made
    every so many days; each is tried. pack: orders are multiples of it. order_max: largest order.
    backorder: what is not there is waited for, and costs `short` a unit and day; else it is lost.
    """

    demand: Annotated[list[_Path], msgspec.Meta(min_length=1, max_length=10_000)]
    costs: Costs
    lead_days: Annotated[tuple[_Days, ...], msgspec.Meta(min_length=1, max_length=10_000)] = (1,)
    shelf_life_days: Annotated[int, msgspec.Meta(ge=1, le=400)] | None = None
    issue: Literal["fifo", "lifo"] = "fifo"
    on_hand: Annotated[tuple[OnHand, ...], msgspec.Meta(max_length=1000)] = ()
    on_order: Annotated[tuple[OnOrder, ...], msgspec.Meta(max_length=1000)] = ()
    review_days: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=1, le=90)], ...],
        msgspec.Meta(min_length=1, max_length=8),
    ] = (1,)
    pack: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    order_max: Annotated[int, msgspec.Meta(ge=1, le=_DEMAND_MAX)] | None = None
    backorder: bool = False
    name: str = ""

    @property
    def there(self) -> int:
        """Tell how many units are there."""
        return sum(one.quantity for one in self.on_hand)


def read_stock(data: bytes) -> Stock:
    """Read a question from JSON. Raises InputError with code plan.stock or json.*."""
    try:
        found = msgspec.convert(json_text.parse(data), Stock)
    except msgspec.ValidationError as err:
        raise wrong_stock(str(err)) from err
    if len({len(path) for path in found.demand}) != 1:
        raise wrong_stock("the samples of demand are not equally long")
    if found.order_max is not None and found.order_max < found.pack:
        raise wrong_stock("order_max is below pack, so that nothing can be ordered")
    return found


def stock_of(demand: Any, costs: Costs, **more: Any) -> Stock:
    """Make a question from an array of samples, (n, horizon) or (n,) of one period, finite, >= 0.

    more: fields of `Stock`. Raises InputError with code plan.stock.
    """
    np: Any = need("numpy", "supply")
    given = np.asarray(demand, float)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or not given.size or not np.isfinite(given).all():
        raise wrong_stock("demand is no array (n, horizon) of finite numbers")
    said = {"demand": given.tolist(), "costs": costs, **more}
    plain = msgspec.to_builtins(said, enc_hook=lambda one: np.asarray(one).tolist())
    return read_stock(json_text.format(plain))


def demand_of(stock: Stock) -> Any:
    """Give the samples as an array, (n, horizon) float64."""
    np: Any = need("numpy", "supply")
    return np.asarray(stock.demand, float)


def text_of_stock(stock: Stock) -> str:
    """Write a question as canonical JSON (RFC 8785); `read_stock` reads the same again."""
    plain: Any = msgspec.to_builtins(stock)
    return json_text.canonicalise(plain).decode()


def digest_of_stock(stock: Stock) -> str:
    """Name a question: SHA-256 of its text, hexadecimal."""
    return sha256(text_of_stock(stock).encode()).hexdigest()


def wrong_stock(what: str) -> InputError:
    """Make the error of a question that is none."""
    return InputError(
        "plan.stock",
        f"expected a question of stock, but: {what[:200]}",
        hint="It has demand as samples, and costs: see the guide on plans of supply chains.",
    )

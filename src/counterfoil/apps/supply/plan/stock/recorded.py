"""Stock decisions on record: the question, what was chosen, why, and the same computed again.

This module refuses to record what it did not compute itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.plan.recorded import held, json_of, keep_apart
from counterfoil.apps.supply.plan.stock.newsvendor import Newsvendor, newsvendor
from counterfoil.apps.supply.plan.stock.policies import Chosen, best_policy
from counterfoil.apps.supply.plan.stock.problem import (
    Stock,
    digest_of_stock,
    read_stock,
    text_of_stock,
)
from counterfoil.errors import VerificationError
from counterfoil.formats import json_text
from counterfoil.ledger.written import record_written
from counterfoil.ports import Progress, no_progress
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["PURPOSE", "Rule", "choose_stock", "record_stock", "replay_stock"]

PURPOSE: Final = "supply.stock"
"""Purpose of decisions on stock."""

Rule = Literal["newsvendor", "policy"]

_METHODS: Final[dict[str, str]] = {
    "newsvendor": (
        "The quantity of least expected cost for one period: the quantile of the demand's samples "
        "at the critical ratio, short / (short + waste + hold), in whole packs."
    ),
    "policy": (
        "When to order and up to how much: many policies (s, S) and (R, S) are played through the "
        "samples of demand and lead time, lot by lot with shelf life, all on the same samples; the "
        "one of least mean cost is taken. What it orders on the first day is ordered."
    ),
}

_CLOSE: Final = 1e-9


def choose_stock(
    stock: Stock, rule: Rule, *, seed: int = 0, progress: Progress = no_progress
) -> Newsvendor | Chosen:
    """Choose by one of the rules; see `newsvendor` and `best_policy`."""
    if rule == "newsvendor":
        return newsvendor(stock)
    return best_policy(stock, seed=seed, progress=progress)


def record_stock(
    ledger: Ledger,
    stock: Stock,
    rule: Rule,
    *,
    seed: int = 0,
    chosen: Newsvendor | Chosen | None = None,
    based_on: tuple[Reference, ...] = (),
    accountable: str | None = None,
) -> int:
    """Choose, record it as a decision, and wait until it is durable; give its index.

    The outcome is `order` where something is ordered now, else `wait`; the input `quantity` says
    how much, the score is the expected cost, and its parts are the explanation. chosen: as
    `choose_stock` gave it, to save the time. based_on: such as the forecast, at most 63.
    Raises as `choose_stock` and `Ledger.record_statement`.
    """
    found = chosen or choose_stock(stock, rule, seed=seed)
    maker = record_written(
        ledger, _METHODS[rule], name=f"stock by {rule}", outcome="order or wait",
        accountable=accountable,
    )  # fmt: skip
    texts = {"stock": text_of_stock(stock), "chosen": json_of(found)}
    inputs, apart = keep_apart(ledger, texts)
    quantity = _quantity(found)
    return record_foreseen(
        ledger,
        maker,
        {
            "stock_digest": digest_of_stock(stock), "name": stock.name, "rule": rule,
            "seed": seed, "quantity": quantity, **inputs,
        },
        outcome="order" if quantity else "wait",
        purpose=PURPOSE,
        note=_note(stock, found),
        score=found.cost,
        contributions=_parts(stock, found),
        unit="minor units",
        method="parts of expected cost",
        based_on=(*apart, *based_on),
        accountable=accountable,
    )  # fmt: skip


def replay_stock(ledger: Ledger, index: int) -> None:
    """Choose a recorded decision's stock again.

    Raises VerificationError with code plan.differs where another choice, or other figures, come
    out; InputError with code plan.no-decision for another entry.
    """
    texts = held(ledger, index, PURPOSE)
    said = ledger.get(index).content
    stock = read_stock(texts["stock"].encode())
    given: dict[str, Any] = said["inputs"]
    found = choose_stock(stock, given["rule"], seed=given["seed"])
    outcome = "order" if _quantity(found) else "wait"
    told = {name: float(v) for name, v in said["explanation"]["contributions"].items()}
    plain: Any = json_text.parse(json_of(found).encode())
    same = _alike(json_text.parse(texts["chosen"].encode()), plain)
    same = same and _alike(told, _parts(stock, found)) and _alike(float(said["score"]), found.cost)
    if not same or (outcome, _quantity(found)) != (said["outcome"], given["quantity"]):
        raise VerificationError(
            "plan.differs",
            f"expected the stock decision of entry {index} to come out the same again, and another "
            f"one did: {outcome} {_quantity(found)}",
            hint="Another version of numpy may add in another order; a changed record may not.",
        )


def _quantity(found: Newsvendor | Chosen) -> int:
    return found.order if isinstance(found, Newsvendor) else found.quantity


def _parts(stock: Stock, found: Newsvendor | Chosen) -> dict[str, float]:
    if isinstance(found, Chosen):
        return found.costs
    order = stock.costs.order if found.order else 0
    return {"short": found.short_cost, "left": found.left_cost, "order": float(order)}


def _alike(one: Any, other: Any) -> bool:
    """Compare plain values: numbers to nine digits, all else exactly."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(one == other)


def _note(stock: Stock, found: Newsvendor | Chosen) -> str:
    what = stock.name or "the goods"
    now = (
        f"Order {_quantity(found)} of {what} now." if _quantity(found) else f"Order no {what} now."
    )
    if isinstance(found, Newsvendor):
        return (
            f"{now} With {found.quantity} for the period, demand is met in "
            f"{1 - found.risk:.1%} of its samples, as one unit short costs "
            f"{found.ratio:.0%} of what one short and one left cost together. Expected: "
            f"{found.short:,.1f} units short, {found.left:,.1f} left, at {found.cost:,.0f} minor "
            "units."
        )
    rule, days = found.policy, len(stock.demand[0])
    when = "every day" if rule.every == 1 else f"every {rule.every} days"
    ages = ", without what will spoil," if rule.perishing else ""
    dearest = max(found.costs, key=lambda name: found.costs[name])
    return (
        f"{now} The rule: look {when}; where what is there and under way{ages} is {rule.reorder} "
        f"or less, order up to {rule.up_to}. Over {days} days it is expected to cost "
        f"{found.cost:,.0f} minor units, most of it for {dearest} ({found.costs[dearest]:,.0f}), "
        f"and to meet {found.filled:.1%} of demand. {found.tried} rules were compared on the same "
        "courses of demand."
    )

"""Text of `ops.supply.stock`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.apps.supply.plan.stock.newsvendor import Newsvendor
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number
from counterfoil.ops.supply.stock import Stocked

__all__ = ["stock"]


def stock(found: Stocked, paint: Paint) -> Iterator[str]:
    """Show what to order, by which rule, and what that is expected to cost."""
    one = found.chosen
    if isinstance(one, Newsvendor):
        yield paint.strong(f"order {number(one.order)}, to have {number(one.quantity)}")
        yield (
            f"expected: {one.short:,.1f} short, {one.left:,.1f} left, cost {one.cost:,.0f}; demand "
            f"is not met with probability {one.risk:.1%} (critical ratio {one.ratio:.1%})"
        )
    else:
        rule = one.policy
        yield paint.strong(f"order {number(one.quantity)} now")
        yield (
            f"every {rule.every} d, at {number(rule.reorder)} or less, up to {number(rule.up_to)}"
            f"{', not counting what will spoil' if rule.perishing else ''}"
        )
        parts = ", ".join(f"{name} {cost:,.0f}" for name, cost in one.costs.items())
        yield f"expected cost {one.cost:,.0f} ± {2 * one.error:,.0f}: {parts}"
        yield f"meets {one.filled:.1%} of demand; {one.tried} rules were compared"
    if found.index is not None:
        yield f"recorded as entry {found.index}"

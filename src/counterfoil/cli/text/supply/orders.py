"""Text of `ops.supply.orders`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.acting import submit
from counterfoil.cli.text.words import facts, or_nothing, plain, time_of

if TYPE_CHECKING:
    from counterfoil.act import Acted
    from counterfoil.apps.supply.orders.summary import Summary
    from counterfoil.ops.supply.orders import OrderShown

__all__ = ["breach", "decide", "deliver", "listing", "order", "settle"]


def order(found: OrderShown, paint: Paint) -> Iterator[str]:
    """Show an order and where its money is."""
    said, standing = found.placed.said, found.standing
    yield f"{paint.good(standing.state.value)}  {plain(said.po)} as entry {found.placed.index}"
    unit = plain(said.uom) if said.uom else "pieces"
    yield from facts(
        [
            ("item", plain(said.item)),
            ("supplier", plain(said.supplier)),
            ("quantity", f"{said.quantity} {unit}, {standing.open_units} open"),
            ("amount", f"{said.amount}, {standing.left} left in the escrow"),
            ("deliver by", time_of(said.deadline_s * 1000)),
            ("else it returns", time_of(standing.until_s * 1000)),
        ],
        paint,
    )


def deliver(done: Acted, paint: Paint) -> Iterator[str]:
    """Show what the escrow did."""
    yield from submit(done, paint)


def breach(done: Acted, paint: Paint) -> Iterator[str]:
    """Show what the escrow did."""
    yield from submit(done, paint)


def decide(done: Acted, paint: Paint) -> Iterator[str]:
    """Show what the escrow did."""
    yield from submit(done, paint)


def settle(found: OrderShown, paint: Paint) -> Iterator[str]:
    """Show an order and where its money is."""
    yield from order(found, paint)


def listing(rows: Iterable[Summary], paint: Paint) -> Iterator[str]:
    """Show orders, one a line."""
    heading = paint.quiet(f"{'entry':>8}  {'state':<9}  {'units':>13}  {'left':>12}  order")
    yield from or_nothing((_line(one, paint) for one in rows), "nothing is ordered", heading)


def _line(one: Summary, paint: Paint) -> str:
    said = one.placed.said
    colour = {
        "recorded": paint.quiet,
        "open": paint.strong,
        "part": paint.strong,
        "delivered": paint.good,
        "returned": paint.bad,
    }[one.state]
    waits = paint.bad("  waits to be carried out") if one.waits else ""
    units = f"{one.units}/{said.quantity}"
    return (
        f"{one.placed.index:>8}  {colour(one.state.ljust(9))}  {units:>13}  {one.left:>12}  "
        f"{plain(said.po)}  {plain(said.item)}  {paint.quiet(plain(said.supplier))}{waits}"
    )

"""Text of `ops.supply.desk`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.contracts import set_up
from counterfoil.cli.text.words import counted, or_nothing, plain

if TYPE_CHECKING:
    from counterfoil.apps.supply.orders.agreeing import Agreed
    from counterfoil.apps.supply.orders.setting_up import SetUp
    from counterfoil.ops.supply.desk import Money

__all__ = ["agree", "agreements", "desk", "pay_in", "withdraw"]


def desk(done: SetUp, paint: Paint) -> Iterator[str]:
    """Show which contracts stand, what was approved and what was agreed."""
    yield from set_up(done.contracts, done.approvals, paint)
    for one in done.agreements:
        yield from agree(one, paint)


def agree(done: Agreed, paint: Paint) -> Iterator[str]:
    """Show an agreement."""
    yield f"{paint.good('agreed')}  {_line(done)}"


def agreements(rows: Iterable[Agreed], paint: Paint) -> Iterator[str]:
    """Show agreements, one a line."""
    lines = (f"{one.index:>8}  {_line(one)}" for one in rows)
    yield from or_nothing(lines, paint.quiet("nothing is agreed"))


def pay_in(done: Money, paint: Paint) -> Iterator[str]:
    """Show what the desk has."""
    yield f"{paint.good('paid in')}  {done.left} in the desk {done.desk}"


def withdraw(done: Money, paint: Paint) -> Iterator[str]:
    """Show what is left in the desk."""
    yield f"{paint.good('taken out')}  {done.left} left in the desk {done.desk}"


def _line(one: Agreed) -> str:
    said = one.said
    days, rest = divmod(said.period_s, 86_400)
    period = f"{said.period_s} s" if rest else counted(days, "day")
    return (
        f"{plain(said.item)} of {plain(said.supplier)}: {said.quantity} an order at "
        f"{said.unit_price} at most, {said.period_quantity} for {said.period_budget} in "
        f"{period}; paid to {said.payee}"
    )

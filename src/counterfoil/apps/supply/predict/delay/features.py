"""What a forecast of a delivery's delay is made from: features as of the moment of decision.

Rates of lateness are compared with the usual rate of that time, and not taken as they are: the
usual rate moves by a factor of ten within years, and is a feature of its own (`usual`), which the
model adds and calibrates. This module refuses what became known on the moment's day or later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import log, nan
from statistics import median
from typing import Any, Final, Literal

from counterfoil.apps.supply.predict.delay.layout import Layout
from counterfoil.apps.supply.predict.delay.memory import Memory, Open, Rate
from counterfoil.apps.supply.predict.delay.orders import Order, moment_of, serial_of

__all__ = ["LINES", "USUAL", "Fold", "Group"]

Group = Literal["usual", "history", "order", "category"]
"""What a feature is of: the time, earlier deliveries, the order, or a text of the order."""

USUAL: Final = "usual late rate, log-odds"
"""The feature that says how many deliveries are late at that time."""

LINES: Final = "order lines"
"""The feature that says how many lines an order has so far."""

_ALL: Final = "all"
_PRIOR: Final = 5.0  # deliveries that a rate is drawn to the usual one by
_PRIOR_ALL: Final = 20.0  # and the usual one to a late one in twenty
_OVERDUE_PRIOR: Final = 10.0
_WEEK: Final = 7
_NEAREST: Final = 15
_SERIALS_MIN: Final = 20
_COUNTED: Final = 4  # of the main categories, whose loads are looked at


class Fold:
    """Makes features of orders, in the order of their moments, and learns from their outcomes.

    features: their names, in order; groups: what each is of. A category's feature is its text.
    """

    def __init__(self, layout: Layout, memory: Memory | None = None) -> None:
        self._layout = layout
        self.memory = memory if memory is not None else Memory()
        self._counted = range(min(_COUNTED, len(layout.main)))
        named = self._named()
        self.features = tuple(name for name, _ in named)
        self.groups: tuple[Group, ...] = tuple(group for _, group in named)

    def see(self, orders: Sequence[Order]) -> list[list[Any]]:
        """Give the features of orders that are decided on the same day, in their order.

        A day before the memory's is taken as the memory's. All of these orders are placed by then:
        each counts in the loads and in the order of the others.
        """
        memory = self.memory
        day = max(memory.day, *(moment_of(one, self._layout) for one in orders))
        memory.advance(day)
        for one in orders:
            memory.begin(
                one.id, self._opened(one), one.order, one.value or 0.0, one.quantity or 0.0
            )
        rows = [self._row(one, day) for one in orders]
        for one in orders:
            if (serial := serial_of(one)) is not None:
                memory.number(*serial, one.scheduled)
        return rows

    def _opened(self, order: Order) -> Open:
        keys = tuple(f"{at}\x1f{value}" for at, value in enumerate(order.categories))
        main = len(self._layout.main)
        counts = (_ALL, *keys[:main])
        return Open(order.scheduled, (_ALL, *keys), counts, order.categories[:main])

    def _row(self, order: Order, day: int) -> list[Any]:
        memory = self.memory
        opened = self._opened(order)
        overall = memory.rates.get(_ALL) or Rate()
        overall.fade(day)
        long = (overall.long_late + 1) / (overall.long + _PRIOR_ALL)
        short = (overall.short_late + _PRIOR_ALL * long) / (overall.short + _PRIOR_ALL)
        row: list[Any] = [_odds(short)]
        rates = [memory.rates.get(key) or Rate() for key in opened.rates[1:]]
        for rate in rates:
            rate.fade(day)
            own = (rate.long_late + _PRIOR * long) / (rate.long + _PRIOR)
            row.append(_odds(own) - _odds(long))
        for rate in rates[: len(self._layout.main)]:
            own = (rate.short_late + _PRIOR * short) / (rate.short + _PRIOR)
            row.append(_odds(own) - _odds(short))
        row += self._open_orders(order, opened)
        row += self._order_itself(order)
        row += order.categories
        return row

    def _open_orders(self, order: Order, opened: Open) -> list[float]:
        memory, row = self.memory, list[float]()

        def share(key: str, prior: float) -> float:
            late, all_ = memory.overdue.get(key, 0), memory.placed.get(key, 0)
            return (late + _OVERDUE_PRIOR * prior) / (all_ + _OVERDUE_PRIOR)

        usual = share(_ALL, 0.0)
        row += [share(key, usual) - usual for key in opened.counts[1:]]
        for at in self._counted:
            loads = memory.loads.get(opened.counts[1 + at], ())
            row.append(float(sum(abs(one - order.scheduled) <= _WEEK for one in loads)))
            row.append(float(sum(one == order.scheduled for one in loads)))
        return row

    def _order_itself(self, order: Order) -> list[float]:
        on = date.fromordinal(order.scheduled)
        lines, value, largest = self.memory.orders.get(order.order, (1, 0.0, 0.0))
        own = order.value
        row = [
            nan if order.placed is None else float(order.scheduled - order.placed),
            nan if order.asked is None else float(order.scheduled - order.asked),
            float(on.month),
            float(on.weekday()),
            float(on.day),
            float(lines),
            value,
            nan if own is None or value <= 0 else own / value,
            largest,
            nan if own is None else own,
            nan if order.quantity is None else order.quantity,
        ]
        row += self._serial(order)
        row += [nan if one is None else one for one in order.numbers]
        return row

    def _serial(self, order: Order) -> list[float]:
        """Compare an order's number with those before it: the share of smaller ones, the wait.

        An old number among new ones is an order that has waited; the second figure is how many
        days it is scheduled after the orders of numbers near its own.
        """
        serial = serial_of(order)
        before = self.memory.serials.get(serial[0], ()) if serial is not None else ()
        if serial is None or len(before) < _SERIALS_MIN:
            return [nan, nan]
        own = serial[1]
        near = sorted(before, key=lambda one: abs(one[0] - own))[:_NEAREST]
        smaller = sum(number < own for number, _ in before) / len(before)
        return [smaller, order.scheduled - median(day for _, day in near)]

    def _named(self) -> list[tuple[str, Group]]:
        layout, main = self._layout, self._layout.main
        history = [f"late rate of this {column}" for column in layout.categories]
        history += [f"recent late rate of this {column}" for column in main]
        history += [f"overdue orders of this {column}" for column in main]
        for at in self._counted:
            history += [f"orders of this {main[at]} {when}" for when in ("that week", "that day")]
        order = ["days from order to schedule", "days from quote to schedule", "month", "weekday"]
        order += ["day of the month", LINES, "order value", "share of the order's value"]
        order += ["largest quantity of the order", "value", "quantity", "order number's place"]
        order += ["days after orders of near numbers", *(f"column {one}" for one in layout.numbers)]
        named: list[tuple[str, Group]] = [(USUAL, "usual")]
        named += [(name, "history") for name in history]
        named += [(name, "order") for name in order]
        named += [(f"column {name}", "category") for name in layout.categories]
        return named


def _odds(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return log(share / (1 - share))

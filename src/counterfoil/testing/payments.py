"""Simulate card payments of our own, so that demos and benchmarks need no one's data.

The model. Customers live in a square region of 100 km and have a spending profile: payments a day
(Poisson, more at weekends), amounts (log-normal about a level of their own), an hour-of-day
profile (worker, homebody or night owl) and about twenty terminals that they prefer, nearer ones
more; now and then they pay at any terminal. Terminals have a place and a price level. Three
frauds are laid over that:

- *stolen card*: 5 to 14 payments within minutes of each other, at terminals far from the owner's,
  amounts growing; then the card is blocked and the owner silent for three days;
- *compromised terminal*: for 14 days a terminal copies some of the cards that are used there; one
  to five days later each copy pays one to three times elsewhere, just under a contactless limit;
- *account takeover*: for five days someone else pays beside the owner, at night, four to eight
  times the owner's level.

Its limits. Nobody's behaviour was measured: rates, levels and distances are round numbers chosen
to look plausible, customers do not change, frauds do not adapt, and about one payment in a
hundred is a fraud, which is far more than a bank sees. It is simulated, and no evidence of any
detector's quality. The place, the level and the hidden state never reach the content of a
payment, and neither does the label: a model that is fed `content()` cannot peek.

Only `random.Random.random` is drawn from, the one method whose sequence Python promises to keep;
logarithms and cosines come from the C library, whose last digit may differ between systems, so
an amount can in theory differ by one minor unit elsewhere.

This module refuses to know a ledger, a clock or a file.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from math import cos, exp, hypot, log, pi, sqrt
from operator import attrgetter
from random import Random
from typing import Final

from counterfoil.errors import InputError
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Payment", "Scenario", "payments"]

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_REGION_M: Final = 100_000
_PREFERRED: Final = 20  # terminals that a customer knows
_AMOUNT_MIN: Final = 50
_AMOUNT_MAX: Final = 2_000_000
_CURRENCY: Final = "EUR"

# Weight of each hour of the day (UTC), three ways to live.
_HOURS: Final = (
    (1, 0, 0, 0, 0, 1, 4, 9, 8, 4, 3, 5, 12, 9, 4, 4, 6, 12, 14, 10, 6, 4, 3, 2),
    (0, 0, 0, 0, 0, 1, 2, 5, 10, 14, 14, 12, 9, 7, 8, 9, 8, 6, 4, 3, 2, 1, 0, 0),
    (9, 8, 6, 4, 2, 1, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4, 5, 6, 7, 8, 9, 10, 11, 10),
)
_NIGHT: Final = (0, 6 * _HOUR_MS)  # when an account is taken over, ms of the day

# Chances a day; together they make about one payment in a hundred a fraud.
_STOLEN_PER_CUSTOMER: Final = 0.0006
_TAKEOVER_PER_CUSTOMER: Final = 0.0006
_COMPROMISED_PER_TERMINAL: Final = 0.0003

_BLOCKED_DAYS: Final = 3
_TAKEOVER_DAYS: Final = 5
_COMPROMISED_DAYS: Final = 14
_COPIED: Final = 0.3  # share of the cards that a compromised terminal copies
_CONTACTLESS_LIMIT: Final = 5_000  # minor units


class Scenario(StrEnum):
    """Why a payment was made: the label, which is never part of a payment's content."""

    GENUINE = "genuine"
    STOLEN_CARD = "stolen-card"
    COMPROMISED_TERMINAL = "compromised-terminal"
    ACCOUNT_TAKEOVER = "account-takeover"


@dataclass(frozen=True, slots=True)
class Payment:
    """One simulated card payment.

    at_ms: Unix milliseconds, UTC. amount_minor: in hundredths of `currency`, 50 to 2,000,000.
    customer: a handle without meaning, `c-` and 12 hex digits. terminal: `t-` and a number.
    scenario: the label.
    """

    at_ms: int
    amount_minor: int
    currency: str
    customer: str
    terminal: str
    scenario: Scenario

    def content(self) -> dict[str, int | str]:
        """Return what is recorded of the payment: integers and strings, without the label."""
        return {
            "amount_minor": self.amount_minor,
            "at_ms": self.at_ms,
            "currency": self.currency,
            "customer": self.customer,
            "terminal": self.terminal,
        }


@dataclass(slots=True)
class _Terminal:
    name: str
    x_m: float
    y_m: float
    price: float  # factor on a customer's level
    compromised_until: int = 0  # ms; a past time when it is sound


@dataclass(slots=True)
class _Customer:
    handle: str
    level: float  # mean of the logarithm of an amount in minor units
    spread: float  # its standard deviation
    calm: float  # exp(-payments a day): what a Poisson draw compares with
    calm_weekend: float
    hours: Sequence[int]  # cumulative weights
    known: Sequence[int]  # terminals, nearest first
    pull: Sequence[float]  # cumulative weights of `known`
    blocked_from: int = 0
    blocked_until: int = 0
    taken_until: int = 0


@dataclass(slots=True)
class _World:
    rng: Random
    customers: list[_Customer]
    terminals: list[_Terminal]
    # Payments that are already decided but lie on a later day: (at_ms, tie, payment).
    later: list[tuple[int, int, Payment]] = field(default_factory=list)
    planned: int = 0


def payments(
    seed: int, *, start_ms: int, days: int, customers: int = 200, terminals: int = 400
) -> Iterator[Payment]:
    """Yield simulated payments in time order; the same arguments give the same payments.

    seed: >= 0. start_ms: when the first day begins, Unix ms, 0 to 2^53 - 1e14; hours of the day
    count from it, so pass a midnight. days: 0 to 1,000,000; each brings about two payments a
    customer. customers, terminals: 1 to 1,000,000.
    Memory is bounded by customers, terminals and the payments of a day, whatever `days` is.
    Raises InputError with code payments.range.

    >>> first = next(payments(7, start_ms=1_800_000_000_000, days=1))
    >>> sorted(first.content())
    ['amount_minor', 'at_ms', 'currency', 'customer', 'terminal']
    """
    for name, value, low, high in (
        ("seed", seed, 0, 2**63 - 1),  # random.Random takes -1 for 1, so negatives are refused
        ("days", days, 0, 1_000_000),
        # Every time must be an integer that JSON keeps.
        ("start_ms", start_ms, 0, MAX_SAFE_INTEGER - 1_000_000 * _DAY_MS),
        ("customers", customers, 1, 1_000_000),
        ("terminals", terminals, 1, 1_000_000),
    ):
        if not low <= value <= high:
            raise InputError(
                "payments.range",
                f"{name}: expected {low} to {high}, got {value}",
                hint="pass integers in the range",
            )
    return _days(seed, start_ms, days, customers, terminals)


def _days(seed: int, start_ms: int, days: int, customers: int, terminals: int) -> Iterator[Payment]:
    rng = Random(seed)  # noqa: S311 - a simulation has to repeat, not to be unpredictable
    shops = [_make_terminal(rng, number) for number in range(terminals)]
    world = _World(rng, [_make_customer(rng, shops) for _ in range(customers)], shops)
    for day in range(days):
        yield from _day(world, start_ms + day * _DAY_MS)


def _make_terminal(rng: Random, number: int) -> _Terminal:
    place = rng.random() * _REGION_M, rng.random() * _REGION_M
    return _Terminal(f"t-{number:05d}", *place, price=exp(0.4 * _normal(rng)))


def _make_customer(rng: Random, shops: Sequence[_Terminal]) -> _Customer:
    handle = "".join(f"{int(rng.random() * 65536):04x}" for _ in range(3))
    x_m, y_m = rng.random() * _REGION_M, rng.random() * _REGION_M
    # Beyond a few thousand terminals a sample is as good, and keeps set-up linear.
    sample = range(len(shops))
    if len(shops) > 2_000:
        sample = range(int(rng.random() * len(shops)), len(shops), len(shops) // 1_000)
    reach = heapq.nsmallest(
        _PREFERRED, ((hypot(shops[i].x_m - x_m, shops[i].y_m - y_m), i) for i in sample)
    )
    a_day = exp(0.5 + 0.5 * _normal(rng))
    return _Customer(
        handle=f"c-{handle}",
        level=log(3_000) + 0.5 * _normal(rng),
        spread=0.4 + 0.4 * rng.random(),
        calm=exp(-a_day),
        calm_weekend=exp(-1.3 * a_day),
        hours=list(accumulate(_HOURS[int(rng.random() * len(_HOURS))])),
        known=[i for _, i in reach],
        pull=list(accumulate(1 / (1 + metres / 3_000) for metres, _ in reach)),
    )


def _day(world: _World, start_ms: int) -> list[Payment]:
    """Return the payments of the day that begins at `start_ms`, in time order."""
    _befall_terminals(world, start_ms)
    today: list[Payment] = []
    weekend = (start_ms // _DAY_MS + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    for customer in world.customers:
        _befall_customer(world, customer, start_ms)
        today += _genuine(world, customer, start_ms, weekend)
        if start_ms < customer.taken_until:
            _take_over(world, customer, start_ms)
    while world.later and world.later[0][0] < start_ms + _DAY_MS:
        today.append(heapq.heappop(world.later)[2])
    today.sort(key=attrgetter("at_ms"))
    return today


def _genuine(world: _World, customer: _Customer, start_ms: int, weekend: bool) -> Iterator[Payment]:
    rng = world.rng
    draw = rng.random
    hours = customer.hours
    floor = customer.calm_weekend if weekend else customer.calm
    chance = draw()
    while chance > floor:  # Knuth's Poisson: multiply uniforms until they fall below exp(-mean)
        chance *= draw()
        hour = bisect_right(hours, draw() * hours[-1])
        at_ms = start_ms + int((hour + draw()) * _HOUR_MS)
        shop = _choose_terminal(world, customer)
        level = customer.level + customer.spread * _normal(rng)
        if customer.blocked_from <= at_ms < customer.blocked_until:
            continue
        if at_ms < shop.compromised_until and draw() < _COPIED:
            _use_copy(world, customer, at_ms)
        yield _pay(at_ms, exp(level) * shop.price, customer, shop, Scenario.GENUINE)


def _choose_terminal(world: _World, customer: _Customer) -> _Terminal:
    draw = world.rng.random
    if draw() < 0.05:
        return world.terminals[int(draw() * len(world.terminals))]
    pull = customer.pull
    return world.terminals[customer.known[bisect_right(pull, draw() * pull[-1])]]


def _befall_terminals(world: _World, start_ms: int) -> None:
    draw = world.rng.random
    for shop in world.terminals:
        if draw() < _COMPROMISED_PER_TERMINAL:
            shop.compromised_until = start_ms + _COMPROMISED_DAYS * _DAY_MS


def _befall_customer(world: _World, customer: _Customer, start_ms: int) -> None:
    draw = world.rng.random
    if draw() < _TAKEOVER_PER_CUSTOMER:
        customer.taken_until = start_ms + _TAKEOVER_DAYS * _DAY_MS
    if draw() < _STOLEN_PER_CUSTOMER:
        _steal(world, customer, start_ms)


def _steal(world: _World, customer: _Customer, start_ms: int) -> None:
    """Plan a burst with a stolen card that begins within the day, and block the card after it."""
    draw = world.rng.random
    at_ms = start_ms + int(draw() * _DAY_MS)
    factor = 1.5
    for _ in range(5 + int(draw() * 10)):
        amount = exp(customer.level) * factor * (0.8 + 0.4 * draw())
        _plan(world, _pay(at_ms, amount, customer, _anywhere(world), Scenario.STOLEN_CARD))
        at_ms += int((1 + 14 * draw()) * 60_000)
        factor *= 1.15
    customer.blocked_from = at_ms
    customer.blocked_until = at_ms + _BLOCKED_DAYS * _DAY_MS


def _use_copy(world: _World, customer: _Customer, copied_ms: int) -> None:
    draw = world.rng.random
    at_ms = copied_ms + int((1 + 4 * draw()) * _DAY_MS)
    for _ in range(1 + int(draw() * 3)):
        amount = _CONTACTLESS_LIMIT - 500 * draw()
        shop = _anywhere(world)
        _plan(world, _pay(at_ms, amount, customer, shop, Scenario.COMPROMISED_TERMINAL))
        at_ms += int((5 + 120 * draw()) * 60_000)


def _take_over(world: _World, customer: _Customer, start_ms: int) -> None:
    draw = world.rng.random
    begin, end = _NIGHT
    for _ in range(1 + int(draw() * 3)):
        at_ms = start_ms + begin + int(draw() * (end - begin))
        amount = exp(customer.level) * (4 + 4 * draw())
        shop = _anywhere(world)
        _plan(world, _pay(at_ms, amount, customer, shop, Scenario.ACCOUNT_TAKEOVER))


def _anywhere(world: _World) -> _Terminal:
    return world.terminals[int(world.rng.random() * len(world.terminals))]


def _plan(world: _World, payment: Payment) -> None:
    # The running number breaks ties, so that payments themselves are never compared.
    heapq.heappush(world.later, (payment.at_ms, world.planned, payment))
    world.planned += 1


def _pay(
    at_ms: int, amount: float, customer: _Customer, shop: _Terminal, scenario: Scenario
) -> Payment:
    minor = min(_AMOUNT_MAX, max(_AMOUNT_MIN, int(amount + 0.5)))
    return Payment(at_ms, minor, _CURRENCY, customer.handle, shop.name, scenario)


def _normal(rng: Random) -> float:
    """Draw from the standard normal distribution (Box and Muller, 1958)."""
    return sqrt(-2 * log(1 - rng.random())) * cos(2 * pi * rng.random())

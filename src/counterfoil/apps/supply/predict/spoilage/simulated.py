"""Made-up lots whose true shelf life no forecaster is told: to see what learning adds.

Each product keeps longer or less than its table says, each lot has luck of its own, and fridges,
trucks and docks are as they are. The truth is of the table's own kind (Arrhenius with another slope
and level), or of another: microbes that grow by the square of the temperature above a least one
after a lag, so that no correction of ours can be exactly right. This module refuses to be taken for
data.

Source: Ratkowsky et al., J. Bacteriol. 149, 1982 (square-root model).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.apps.supply.predict.spoilage.history import Reading
from counterfoil.apps.supply.predict.spoilage.products import Life, Product, make_product
from counterfoil.apps.supply.predict.spoilage.rates import coordinate, law_of

__all__ = ["Lot", "Truth", "lots"]

Truth = Literal["arrhenius", "square-root"]
"""Of the table's own kind, or of another."""

_HOUR_MS: Final = 3_600_000
_DAY_H: Final = 24.0
_SPACING_H: Final = 0.5
_WARM_EVERY_H: Final = 40.0


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot. since_ms: made. at_ms: when it is asked how long it keeps. spoiled_ms: the truth.

    history: all readings, also those after `at_ms`. ahead_c: how it is meant to be kept from then
    on.
    """

    name: str
    product: Product
    since_ms: int
    at_ms: int
    spoiled_ms: int
    ahead_c: float
    history: tuple[Reading, ...]


def lots(count: int, seed: int, truth: Truth = "arrhenius", *, products: int = 12) -> list[Lot]:
    """Make lots, the first made first. products: of how many kinds."""
    chance = random.Random(seed)  # noqa: S311 - made-up lots
    kinds = [_kind(chance, number, truth) for number in range(products)]
    begin, found = 1_800_000_000_000, []
    for number in range(count):
        begin += round(chance.expovariate(1 / _DAY_H) * _HOUR_MS)
        product, rate = chance.choice(kinds)
        found.append(_lot(chance, f"lot {number}", product, begin, rate))
    return found


_Rate = Callable[[float, float], float]
"""(degrees C, share used so far) -> share that an hour uses."""


def _kind(chance: random.Random, number: int, truth: Truth) -> tuple[Product, _Rate]:
    """Make a product with its table, and its true rate."""
    middle = math.exp(chance.uniform(math.log(4), math.log(40))) * _DAY_H
    wide = chance.uniform(1.1, 1.6)
    q10 = chance.uniform(1.9, 4.0)
    lives = [Life("refrigerator", 4.0, middle / wide, middle * wide, named=True)]
    if number % 2:
        warm = middle / q10 ** coordinate(21.0)
        lives.append(Life("pantry", 21.0, warm / wide, warm * wide, named=True))
    product = make_product(f"p{number}", f"product {number}", lives)
    level = chance.gauss(0.15, 0.3)  # tables err on the safe side
    if truth == "square-root":
        least = chance.uniform(-10.0, -5.0)
        lag = chance.uniform(0.5, 1.0)
        scale = math.exp(-level) / middle / (4.0 - least) ** 2

        def grow(celsius: float, used: float) -> float:
            slow = lag if used < 0.3 else 1.0
            return slow * scale * max(celsius - least, 0.0) ** 2

        return product, grow
    line = law_of(product).chilled
    slope = math.log(q10) if line is None else line.slopes[0] + chance.gauss(0, line.slope_sd)

    def react(celsius: float, _: float) -> float:
        return math.exp(-level - math.log(middle) + slope * coordinate(celsius))

    return product, react


def _lot(chance: random.Random, name: str, product: Product, begin: int, rate: _Rate) -> Lot:
    line = law_of(product).chilled
    spread = 0.15 if line is None else line.sds[0]
    luck = math.exp(chance.gauss(0, spread))
    asked = chance.uniform(0.15, 0.75)
    ahead = chance.choice((3.0, 4.0, 6.0))
    readings: list[Reading] = []
    fridge = _Fridge(chance)
    used, asked_at, at = 0.0, 0, begin
    while used < 1:
        celsius = ahead + chance.gauss(0, 0.3) if asked_at else fridge.celsius()
        readings.append((at, round(celsius, 2)))
        used += _SPACING_H * rate(celsius, used) / luck
        at += round(_SPACING_H * _HOUR_MS)
        if not asked_at and used >= asked:
            asked_at = at
    known = _with_gaps(chance, readings, asked_at)
    return Lot(name, product, begin, asked_at, at, ahead, known)


class _Fridge:
    """A fridge with a warmth of its own, and warm whiles."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._own = chance, chance.gauss(4, 0.8)
        self._left_h = self._warmer = 0.0

    def celsius(self) -> float:
        """Tell how warm it is, and go on to the next reading."""
        chance = self._chance
        if self._left_h <= 0 and chance.random() < _SPACING_H / _WARM_EVERY_H:
            self._left_h, self._warmer = chance.expovariate(1 / 4), chance.uniform(4, 18)
        warmer = self._warmer if self._left_h > 0 else 0.0
        self._left_h -= _SPACING_H
        return self._own + warmer + chance.gauss(0, 0.3)


def _with_gaps(chance: random.Random, readings: list[Reading], asked: int) -> tuple[Reading, ...]:
    """Lose what was measured over some hours of every third lot."""
    if chance.random() > 1 / 3 or asked - readings[0][0] < 24 * _HOUR_MS:
        return tuple(readings)
    begin = chance.randrange(readings[0][0] + 4 * _HOUR_MS, asked - 12 * _HOUR_MS)
    until = begin + round(chance.uniform(2, 8) * _HOUR_MS)
    return tuple(one for one in readings if not begin < one[0] < until)

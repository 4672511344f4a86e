"""What outcomes teach: that a product keeps longer or less than its table says, and how surely.

A lot that spoils when the table's kinetics say that the share U of its life is used teaches ln U.
That is a level of its product, plus a tilt times how warm the lot was kept, plus the lot's own
luck. Levels and tilts of products are spread around those of all products, which start at 0: a
product without outcomes goes by the others, one with many by itself (a hierarchical linear model,
exact for known variances). How far lots differ is learned, too, for all and for each. A lot that
was still good, or was found spoiled later than it was looked at, teaches a bound: the normal
distribution is cut there, and its first two moments are kept (assumed-density filtering). What is
far out of what could be teaches less (Huber). Each outcome is learned when it comes, and nothing is
fitted again. This module refuses to know when anything happened: whoever calls it gives outcomes
that were known by then, in their order.

Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 5 and 15; Minka, A family of algorithms for
approximate Bayesian inference, 2001, 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Final

from counterfoil.apps.supply.predict.spoilage.products import Product
from counterfoil.apps.supply.predict.spoilage.rates import law_of

__all__ = ["Correction", "Learned"]

_Pair = tuple[float, float]
_Square = tuple[float, float, float, float]  # row by row
_NORMAL: Final = NormalDist()
_ALL_SD: Final = (0.25, 0.2)
"""Of all products, level and tilt: a whole table may be wrong by half as much again (90 %)."""
_LEVEL_SD: Final = 0.2  # of one product's level around that of all
_WORTH: Final = 8.0  # outcomes that what is supposed of the spread counts for
_FAR: Final = 3.0  # standard deviations
_MASS_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Correction:
    """What was learned of a product, for one decision.

    level: ln of how much longer it keeps than its table says. tilt: how much more it does for each
    `coordinate` warmer than the table's middle. variances: of level, of both together, of tilt.
    spread: variance between lots, as a multiple of the table's. outcomes: learned from, of this
    product; of_all: of all products.
    """

    level: float = 0.0
    tilt: float = 0.0
    variances: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spread: float = 1.0
    outcomes: int = 0
    of_all: int = 0

    def variance(self, z: float) -> float:
        """Compute the variance of level + tilt * z."""
        level, both, tilt = self.variances
        return max(0.0, level + 2 * both * z + tilt * z * z)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON without floats; `of` reads it back."""
        return {
            "level": repr(self.level),
            "tilt": repr(self.tilt),
            "variances": [repr(one) for one in self.variances],
            "spread": repr(self.spread),
            "outcomes": self.outcomes,
            "of_all": self.of_all,
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Correction:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError."""
        level, both, tilt = (float(one) for one in said["variances"])
        return cls(
            float(said["level"]),
            float(said["tilt"]),
            (level, both, tilt),
            float(said["spread"]),
            int(said["outcomes"]),
            int(said["of_all"]),
        )


@dataclass(slots=True)
class _Of:
    """What is known of one product: sums over outcomes, weighted by 1 / the table's variance."""

    tilt_sd: float
    precision: _Square = (0.0, 0.0, 0.0, 0.0)
    pulled: _Pair = (0.0, 0.0)
    outcomes: int = 0
    squares: float = 0.0
    weight: float = 0.0
    to_all: tuple[_Square, _Pair] = field(default=((0.0, 0.0, 0.0, 0.0), (0.0, 0.0)))

    def spread(self, of_all: float) -> float:
        return (_WORTH * of_all + self.squares) / (_WORTH + self.weight)

    def around(self) -> _Pair:
        """1 / variance of its level and tilt around those of all."""
        return 1 / _LEVEL_SD**2, 1 / self.tilt_sd**2


class Learned:
    """What all outcomes so far have taught; see the module."""

    def __init__(self) -> None:
        self._of: dict[str, _Of] = {}
        self._squares, self._weight, self._outcomes = 0.0, 0.0, 0

    def __len__(self) -> int:
        """Tell how many outcomes it has learned from."""
        return self._outcomes

    def observe(
        self, product: Product, used_from: float | None, used_until: float | None, tilt: float
    ) -> None:
        """Learn from one lot.

        used_from, used_until: the share of its life that was used, by the table alone, when it was
        known to be still good, and to be spoiled; the same where it is known when it spoiled; None
        where it is not known. tilt: as `Remaining.tilt` of it. What says nothing teaches nothing,
        nor does a product that keeps in the freezer only.
        """
        if law_of(product).chilled is None:
            return
        low = -math.inf if not used_from or used_from <= 0 else math.log(used_from)
        high = math.inf if used_until is None else math.log(max(used_until, 1e-12))
        if low == -math.inf and high == math.inf:
            return
        low = min(low, high)
        now = self.correction(product)
        known = self._known(product)
        sd = _sd_of(product)
        table = sd * sd
        middle = now.level + now.tilt * tilt
        variance = now.spread * table + now.variance(tilt)
        if high - low < 1e-9:
            self._learn(known, table, now.spread, tilt, low, 0.0, middle, variance)
        else:
            mean, left = _cut(middle, variance, low, high)
            share = 1 - left / variance
            if share > 1e-6:
                noise = 1 / (1 / left - 1 / variance)
                value = noise * (mean / left - middle / variance)
                self._learn(known, table, now.spread, tilt, value, noise, middle, variance)
                self._spread(known, share, (left + (mean - middle) ** 2) / variance * now.spread)
        known.outcomes += 1
        self._outcomes += 1
        self._tell_all(known)

    def correction(self, product: Product) -> Correction:
        """Tell what was learned of a product so far, from its own outcomes and those of others."""
        known = self._of.get(_name(product)) or _Of(_tilt_sd(product))
        spread = known.spread(self._spread_of_all())
        around = known.around()
        cut = _inverse(_plus(_times(1 / spread, known.precision), _diagonal(around)))
        level, tilt, of_all = self._of_all()
        pull = (
            known.pulled[0] / spread + around[0] * level,
            known.pulled[1] / spread + around[1] * tilt,
        )
        mean = _apply(cut, pull)
        by_all = _product(cut, _diagonal(around))
        wide = _plus(cut, _product(_product(by_all, of_all), _turned(by_all)))
        return Correction(
            mean[0], mean[1], (wide[0], (wide[1] + wide[2]) / 2, wide[3]), spread,
            known.outcomes, self._outcomes,
        )  # fmt: skip

    def _known(self, product: Product) -> _Of:
        return self._of.setdefault(_name(product), _Of(_tilt_sd(product)))

    def _learn(
        self, known: _Of, table: float, spread: float, tilt: float, value: float, noise: float,
        middle: float, variance: float,
    ) -> None:  # fmt: skip
        """Add ln U with the lot's own variance; noise: the variance of a bound, beyond it."""
        far = abs(value - middle) / math.sqrt(variance + noise)
        weight = min(1.0, _FAR / far) if far > 0 else 1.0
        weight *= spread / (spread * table + noise)
        known.precision = _plus(
            known.precision, (weight, weight * tilt, weight * tilt, weight * tilt * tilt)
        )
        known.pulled = (
            known.pulled[0] + weight * value,
            known.pulled[1] + weight * tilt * value,
        )
        if noise == 0:
            self._spread(known, 1.0, min(far, _FAR) ** 2 * spread)

    def _spread(self, known: _Of, weight: float, square: float) -> None:
        """Learn how far a lot was off, as a multiple of what the table says of the variance."""
        known.squares += weight * square
        known.weight += weight
        self._squares += weight * square
        self._weight += weight

    def _spread_of_all(self) -> float:
        return (_WORTH + self._squares) / (_WORTH + self._weight)

    def _tell_all(self, known: _Of) -> None:
        """Say what a product says of all: its own outcomes, seen through its own difference."""
        spread = known.spread(self._spread_of_all())
        around = _diagonal(known.around())
        cut = _inverse(_plus(_times(1 / spread, known.precision), around))
        through = _product(around, cut)
        precision = _plus(around, _times(-1.0, _product(through, around)))
        pull = _apply(through, (known.pulled[0] / spread, known.pulled[1] / spread))
        known.to_all = (precision, pull)

    def _of_all(self) -> tuple[float, float, _Square]:
        """Compute level and tilt of all products, and their covariance."""
        precision = _diagonal((1 / _ALL_SD[0] ** 2, 1 / _ALL_SD[1] ** 2))
        pull = (0.0, 0.0)
        for known in self._of.values():
            precision = _plus(precision, known.to_all[0])
            pull = (pull[0] + known.to_all[1][0], pull[1] + known.to_all[1][1])
        wide = _inverse(precision)
        level, tilt = _apply(wide, pull)
        return level, tilt, wide


def _name(product: Product) -> str:
    """Name a product with what its table says: another table teaches anew."""
    return repr((product.key, product.name, product.lives))


def _sd_of(product: Product) -> float:
    line = law_of(product).chilled
    return line.sd(line.pivot) if line is not None else 1.0


def _tilt_sd(product: Product) -> float:
    line = law_of(product).chilled
    return max(line.slope_sd, 0.02) if line is not None else 1.0


def _cut(mean: float, variance: float, low: float, high: float) -> tuple[float, float]:
    """Compute mean and variance of a normal distribution between two bounds."""
    sd = math.sqrt(variance)
    a, b = (low - mean) / sd, (high - mean) / sd
    mass = _NORMAL.cdf(b) - _NORMAL.cdf(a) if a < 0 else _NORMAL.cdf(-a) - _NORMAL.cdf(-b)
    if mass < _MASS_LEAST:  # far out of what was thought possible: as if seen at the bound
        nearest = low if a > 0 else high
        return nearest, 0.5 * variance
    at_a, at_b = (0.0 if math.isinf(one) else _NORMAL.pdf(one) for one in (a, b))
    shift = (at_a - at_b) / mass
    by_a, by_b = (0.0 if math.isinf(one) else one * _NORMAL.pdf(one) for one in (a, b))
    left = 1 + (by_a - by_b) / mass - shift * shift
    return mean + sd * shift, variance * min(1.0, max(left, 1e-4))


def _diagonal(of: _Pair) -> _Square:
    return of[0], 0.0, 0.0, of[1]


def _plus(one: _Square, two: _Square) -> _Square:
    return one[0] + two[0], one[1] + two[1], one[2] + two[2], one[3] + two[3]


def _times(factor: float, one: _Square) -> _Square:
    return factor * one[0], factor * one[1], factor * one[2], factor * one[3]


def _product(one: _Square, two: _Square) -> _Square:
    a, b, c, d = one
    e, f, g, h = two
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def _turned(one: _Square) -> _Square:
    return one[0], one[2], one[1], one[3]


def _apply(one: _Square, to: _Pair) -> _Pair:
    return one[0] * to[0] + one[1] * to[1], one[2] * to[0] + one[3] * to[1]


def _inverse(one: _Square) -> _Square:
    a, b, c, d = one
    of = a * d - b * c
    return d / of, -b / of, -c / of, a / of

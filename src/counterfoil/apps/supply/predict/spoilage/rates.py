"""How fast a product spoils at a temperature: from how long it keeps at one, two or three.

Above freezing the rate at a temperature is 1 / life, and its logarithm goes straight over 1/T from
one given temperature to the next (Arrhenius), and on beyond them. Where one life is given, the rate
grows by Q10 = 2.5 for 10 degrees at 4 to 14 degrees C, 90 % between 1.5 and 4: an activation energy
of some 60 (27 to 92) kJ/mol, the range of food deterioration by enzymes, oxidation and microbes.
Frozen food is another reaction: it has a line of its own through its life in the freezer, with
Q10 = 4 (2 to 8) around -18 to -8 degrees C. This module refuses to carry one line over to the
other.

Source: Labuza, Shelf-Life Dating of Foods, 1982; Taoukis, Labuza and Saguy, Kinetics of food
deterioration and shelf-life prediction, in Handbook of Food Engineering Practice, 1997 (Arrhenius,
Q10, activation energies; frozen foods have larger ones); Arrhenius, Z. phys. Chem. 4, 1889.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from counterfoil.apps.supply.predict.spoilage.products import FREEZES_C, Life, Product

__all__ = ["BAND", "Law", "Line", "coordinate", "law_of"]

BAND: Final = 1.6448536269514722
"""Standard deviations from the middle to the ends of a band of 90 %."""

_KELVIN: Final = 273.15
_BASE_K: Final = 4.0 + _KELVIN
_STEP: Final = 1 / _BASE_K - 1 / (_BASE_K + 10)
_Q10: Final = 2.5
_Q10_SD: Final = math.log(4 / 1.5) / (2 * BAND)
_FROZEN_Q10: Final = 4.0
_FROZEN_SD: Final = math.log(8 / 2) / (2 * BAND)
_SD_LEAST: Final = 0.1
"""Least spread of lots: 90 % within 18 %, also where a table gives one number."""
_PLACE_SD_C: Final = 1.0
"""How far a place is from what its name says, K, beyond what the range of the table holds."""


def coordinate(celsius: float) -> float:
    """Give 1/T on a scale where 4 degrees C is 0, and 14 degrees C is 1."""
    return (1 / _BASE_K - 1 / (celsius + _KELVIN)) / _STEP


@dataclass(frozen=True, slots=True)
class Line:
    """ln rate (1/h) over `coordinate`, straight from point to point and on beyond them.

    points: (x, ln rate), x ascending. slopes: of each piece, the first and last also outside; ln of
    Q10 from 4 to 14 degrees C. slope_sd: how uncertain they are. sds: of ln life at each point.
    """

    points: tuple[tuple[float, float], ...]
    slopes: tuple[float, ...]
    slope_sd: float
    sds: tuple[float, ...]

    def ln_rate(self, x: float) -> float:
        """Compute ln of the rate, 1/h, at a coordinate."""
        at = sum(1 for point, _ in self.points[1:-1] if x >= point)
        begin, value = self.points[at]
        return value + self.slopes[at] * (x - begin)

    def sd(self, x: float) -> float:
        """Tell how far lots differ in ln life at a coordinate: as the nearest point has it."""
        return min(zip(self.points, self.sds, strict=True), key=lambda one: abs(one[0][0] - x))[1]

    @property
    def pivot(self) -> float:
        """The coordinate where the line is known best: the middle of its points."""
        return sum(x for x, _ in self.points) / len(self.points)


@dataclass(frozen=True, slots=True)
class Law:
    """A product's lines; None where its table says nothing of one, which is never both."""

    chilled: Line | None
    frozen: Line | None

    def line(self, celsius: float) -> tuple[Line, bool, bool]:
        """Tell which line counts at a temperature, whether it is the frozen one, and is told.

        Where a product has one line only, that goes on, and what it says there is not told.
        """
        cold = celsius < FREEZES_C
        wanted = self.frozen if cold else self.chilled
        if wanted is not None:
            return wanted, cold, True
        other = next(one for one in (self.chilled, self.frozen) if one is not None)
        return other, other is self.frozen, False


def law_of(product: Product) -> Law:
    """Make a product's law."""
    chilled = [one for one in product.lives if one.celsius >= FREEZES_C]
    frozen = [one for one in product.lives if one.celsius < FREEZES_C]
    scale = coordinate(-8.0) - coordinate(-18.0)
    return Law(
        _line(chilled, math.log(_Q10), _Q10_SD),
        _line(frozen, math.log(_FROZEN_Q10) / scale, _FROZEN_SD / scale),
    )


def _line(lives: Sequence[Life], slope: float, slope_sd: float) -> Line | None:
    if not lives:
        return None
    points = [
        (coordinate(one.celsius), -(math.log(one.low_h) + math.log(one.high_h)) / 2)
        for one in lives
    ]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0]) for earlier, later in pairwise(points)
    ] or [slope]
    sds = []
    for at, one in enumerate(lives):
        steep = slopes[min(at, len(slopes) - 1)]
        told = math.log(one.high_h / one.low_h) / (2 * BAND)
        near = one.celsius + _PLACE_SD_C
        place = steep * (coordinate(near) - coordinate(one.celsius)) if one.named else 0.0
        sds.append(math.hypot(max(told, _SD_LEAST), place))
    if len(points) > 1:
        wide = points[-1][0] - points[0][0]
        slope_sd = math.sqrt(sum(sd * sd for sd in sds) / len(sds)) / wide
    return Line(tuple(points), tuple(slopes), slope_sd, tuple(sds))

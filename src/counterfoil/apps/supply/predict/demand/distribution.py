"""The distribution of demand to come: of each day, and of sums over a lead time.

A day's demand is a gamma about its mean, rounded where sales are whole numbers, on levels of
probability that were put right by how often such forecasts were exceeded before. Days depend on
each other: a part stays for all days to come, a part fades, the rest is each day's own; so sums
over days are as uncertain as they were found to be. This module refuses levels of 0 and 1.

Sources: Arrow, Harris and Marschak, Optimal inventory policy, Econometrica 19(3), 1951 (what the
distribution is for); Gneiting, Balabdaoui and Raftery, Probabilistic forecasts, calibration and
sharpness, JRSS B 69(2), 2007 (the transform that is put right); Joe, Dependence modeling with
copulas, 2014 (a Gaussian one, with one factor and a fading one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.week import LastWeek
from counterfoil.errors import InputError, NotFound
from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats, Ints

__all__ = ["PATHS", "Demand", "Dependence", "Marks", "levels_of"]

PATHS: Final = 4000
"""Paths that a sum over days is found from."""

_SAMPLES_MAX: Final = 1_000_000
_LEAST_SHAPE: Final = 1e-3
_EDGE: Final = 6.0  # normal scores are kept within
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Marks:
    """Levels of probability, put right: normal scores as promised -> as they have to be.

    given: (g,) rising. found: (parts, g) rising. part: (horizon,) which row counts for a day ahead.
    """

    given: Floats
    found: Floats
    part: Ints

    def right(self, scores: Floats, days: Ints) -> Floats:
        """Put normal scores right. scores: (..., k). days: (k,) from 0."""
        return self._each(scores, days, lambda x, row: np.interp(x, self.given, row), 1)

    def back(self, scores: Floats, days: Ints) -> Floats:
        """Undo `right`."""
        return self._each(scores, days, lambda x, row: np.interp(x, row, self.given), -1)

    def _each(
        self, scores: Floats, days: Ints, map_: Callable[[Floats, Floats], Floats], sign: int
    ) -> Floats:
        found = np.empty_like(scores)
        for part, row in enumerate(self.found):
            here = self.part[days] == part
            if not here.any():
                continue
            some = scores[..., here]
            ends = self.given if sign > 0 else row
            beyond = np.minimum(some - ends[0], 0.0) + np.maximum(some - ends[-1], 0.0)
            found[..., here] = map_(some, row) + beyond
        return found


@dataclass(frozen=True, slots=True)
class Dependence:
    """How days depend on each other: shares of the variance of normal scores, 0 to 1 together.

    common: the same for all days. fading: falls by `kept` a day.
    """

    common: float
    fading: float
    kept: float

    def scores(self, paths: int, days: int, chance: np.random.Generator) -> Floats:
        """Draw normal scores: (paths, days)."""
        own = chance.standard_normal((paths, days))
        common = chance.standard_normal((paths, 1))
        fading = chance.standard_normal((paths, days))
        fresh = (1 - self.kept**2) ** 0.5
        for at in range(1, days):
            fading[:, at] = self.kept * fading[:, at - 1] + fresh * fading[:, at]
        rest = max(1 - self.common - self.fading, 0.0) ** 0.5
        found = self.common**0.5 * common + self.fading**0.5 * fading + rest * own
        return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand of several series over the days to come.

    names: of the series. first_day: days since 1970 of the first one. mean, variance: (series,
    horizon), in units sold; both 0 where a day is closed. whole: demand is in whole units.
    week: what the last week says of its tails, where it is mixed in.
    """

    names: tuple[str, ...]
    first_day: int
    mean: Floats
    variance: Floats
    marks: Marks
    dependence: Dependence
    whole: bool
    week: LastWeek | None = None

    @property
    def horizon_days(self) -> int:
        """How many days are forecast."""
        return int(self.mean.shape[1])

    @property
    def dates(self) -> tuple[str, ...]:
        """The days, YYYY-MM-DD."""
        first = _EPOCH + timedelta(days=self.first_day)
        return tuple(str(first + timedelta(days=at)) for at in range(self.horizon_days))

    def quantile(self, series: str | int, day: int, p: float) -> float:
        """Give the demand of a day that is not exceeded with probability p, in units.

        series: name, or place from 0. day: days ahead, 1 to `horizon_days`. p: within 0 and 1.
        Raises NotFound with code demand.series, InputError with code demand.day or demand.level.
        """
        row, place = self._row(series), self._day(day)
        return float(self.quantiles(p)[row, place])

    def quantiles(self, p: float) -> Floats:
        """Give the quantile of every day of every series: (series, horizon)."""
        _check_level(p)
        score = float(need("scipy.special", "supply").ndtri(p))
        scores = np.full((1, self.horizon_days), score)
        rows = range(len(self.names))
        return np.concatenate([self._demand(scores, row) for row in rows])

    def total(self, series: str | int, days: int, p: float, *, first: int = 1) -> float:
        """Give the demand of several days together that is not exceeded with probability p.

        days: how many, from day `first` on, such as a lead time; found from 4,000 paths, always the
        same ones. Raises as `quantile`.
        """
        _check_level(p)
        start, end = self._day(first), self._day(first + days - 1)
        if days < 1:
            raise _wrong_day(days, self.horizon_days)
        sums = self.samples(series, PATHS, 0)[:, start : end + 1].sum(axis=1)
        return float(np.quantile(sums, p, method="inverted_cdf"))

    def samples(self, series: str | int, n: int, seed: int = 0) -> Floats:
        """Draw paths of demand: (n, horizon), in units; the same seed draws the same.

        Raises NotFound with code demand.series, InputError with code demand.samples.
        """
        row = self._row(series)
        if not 1 <= n * self.horizon_days <= _SAMPLES_MAX:
            raise InputError(
                "demand.samples",
                f"expected 1 to {_SAMPLES_MAX // self.horizon_days} paths, found {n}",
                hint="A few thousand are enough for a level of 99 %.",
            )
        chance = np.random.default_rng([seed, row])
        scores = self.dependence.scores(n, self.horizon_days, chance)
        return self._demand(scores, row)

    def _demand(self, scores: Floats, row: int) -> Floats:
        """Turn normal scores of a series, (k, horizon), into demand."""
        special = need("scipy.special", "supply")
        mean, variance = self.mean[row], self.variance[row]
        shape, scale = _gamma(mean, variance)
        right = self.marks.right(scores, np.arange(self.horizon_days))
        level = special.ndtr(np.clip(right, -_EDGE, _EDGE))
        found = special.gammaincinv(shape, level) * scale
        if self.week is not None:
            found = self.week.mixed(found, scores, row, np.sqrt(variance))
        if self.whole:
            found = np.maximum(np.ceil(found - 0.5), 0.0)
        return np.asarray(np.where(mean > 0, found, 0.0))

    def _row(self, series: str | int) -> int:
        if isinstance(series, str) and series in self.names:
            return self.names.index(series)
        if isinstance(series, int) and 0 <= series < len(self.names):
            return series
        raise NotFound(
            "demand.series",
            f"expected one of {len(self.names)} series, found {str(series)[:80]!a}",
            hint=f"The first is {self.names[0][:80]!a}.",
        )

    def _day(self, day: int) -> int:
        if not 1 <= day <= self.horizon_days:
            raise _wrong_day(day, self.horizon_days)
        return day - 1


def levels_of(
    sales: Floats, mean: Floats, variance: Floats, chance: np.random.Generator, *, whole: bool
) -> Floats:
    """Tell at which normal scores sales came: (k,); drawn within the step where they are whole."""
    special = need("scipy.special", "supply")
    shape, scale = _gamma(mean, variance)
    if whole:
        low = special.gammainc(shape, np.maximum(sales - 0.5, 0.0) / scale)
        high = special.gammainc(shape, (sales + 0.5) / scale)
        level = low + (high - low) * chance.random(len(sales))
    else:
        level = special.gammainc(shape, np.maximum(sales, 0.0) / scale)
    return np.asarray(np.clip(special.ndtri(level), -_EDGE, _EDGE))


def _gamma(mean: Floats, variance: Floats) -> tuple[Any, Any]:
    mean = np.maximum(mean, 1e-6)
    shape = np.maximum(mean**2 / np.maximum(variance, 1e-12), _LEAST_SHAPE)
    return shape, mean / shape


def _check_level(p: float) -> None:
    if not 0 < p < 1:
        raise InputError(
            "demand.level",
            f"expected a probability within 0 and 1, found {p}",
            hint="For example 0.95.",
        )


def _wrong_day(day: int, horizon: int) -> InputError:
    return InputError(
        "demand.day",
        f"expected days ahead from 1 to {horizon}, found {day}",
        hint="Forecast further ahead: a model is trained for a number of days.",
    )

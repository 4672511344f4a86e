"""What may be known of a day's sales when they are forecast: levels, weekdays, year, calendar.

Every figure of a day `h` days after an origin comes from sales before the origin, from the day's
own date, or from what the user says is known ahead. Levels are told in those of the series, so that
growth carries over and series of all sizes learn together. This module refuses to look at sales
from the origin on.

Sources: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, 2021, 3.4
(ratios to a seasonal level); Makridakis et al., The M5 accuracy competition, IJF 38(4), 2022 (one
model of trees for all series).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from counterfoil.learn.forecast.features import Floats, Ints

__all__ = ["LEAST_DAYS", "Panel", "feature_names"]

Bools = NDArray[np.bool_]

LEAST_DAYS: Final = 28
"""Days of a series, at least, before the first origin."""

_WEEKS: Final = (26, 8)  # that a weekday's share is the mean of: slow, fast
_DOUBT: Final = 2.0  # weeks of doubt that a weekday differs from the others
_WINDOWS: Final = (7, 14, 28, 56, 112, 364)
_HALF_LIFE_DAYS: Final = 21.0  # of the level: three weeks
_SAME_DAYS: Final = 4  # the last sales on the same weekday
_YEAR: Final = 364  # whole weeks, so that weekdays agree
_YEARS: Final = 2
_AROUND: Final = 10  # days around a day a year ago
_BEFORE: Final = 42  # days that the level of a year ago is the mean of
_QUARTER_DAYS: Final = 91
_FLOOR: Final = 0.02  # of a series' mean: what its level cannot fall below


def feature_names(covariates: tuple[str, ...]) -> tuple[str, ...]:
    """Name the columns of `Panel.features`, in order."""
    names = ["days_ahead", "weekday", "day_of_month", "day_of_year", "weekday_share"]
    names += ["weekday_share_lately", "level", "spread", "share_of_zeros"]
    names += [f"level_{width}d" for width in _WINDOWS]
    names += [f"same_weekday_{k}w" for k in range(1, _SAME_DAYS + 1)]
    names += [f"year_{k}y" for k in range(1, _YEARS + 1)]
    names += [f"year_all_{k}y" for k in range(1, _YEARS + 1)]
    names += ["closed_before", "closed_after"]
    return (*names, *(f"given: {name}" for name in covariates))


class Panel:
    """Running sums over series of daily sales, for features from any origin.

    values: (series, days) float64, not a number where a day is closed or missing. first_day: days
    since 1970 of the first column. closed: (series, days + ahead). given: (1 or series, days +
    ahead, k) what is known ahead. index: (days,) the sales of all series together in their means,
    where it was made earlier; else of these.
    """

    def __init__(
        self,
        values: Floats,
        first_day: int,
        closed: Bools,
        given: Floats,
        index: tuple[Floats, Floats] | None = None,
    ) -> None:
        self.values, self.first_day, self.closed, self.given = values, first_day, closed, given
        there = np.isfinite(values)
        self.sales = sales = _held(values)
        self._sum, self._count = _running(sales), _running(there)
        self._weekly = [_weekly(one) for one in (sales, there.astype(float))]
        days = np.arange(values.shape[1])
        rows = np.arange(len(values))
        shares = self._share(
            np.repeat(rows, len(days)),
            np.tile(days, len(rows)),
            np.tile(days, len(rows)),
            _WEEKS[0],
        )
        self._expected = np.where(there, shares.reshape(values.shape), 0.0)
        self._expected_sum = _running(self._expected)
        kept = 0.5 ** (1 / _HALF_LIFE_DAYS)
        self._fading_sales, self._fading_expected = (
            _fading(one, kept) for one in (sales, self._expected)
        )
        self.rest = np.where(there, sales - self._expected * self._levels(), np.nan)
        self._away = _running(np.where(there, np.abs(self.rest), 0.0))
        self._zeros = _running(there & (sales <= 0))
        self.index = index or self._index()
        self._index_sums = tuple(_running(one[None]) for one in self.index)

    @property
    def days(self) -> int:
        """How many days of sales there are."""
        return int(self.values.shape[1])

    def known(self, rows: Ints, origins: Ints) -> Ints:
        """Count the days with sales that are known before each origin."""
        return np.asarray(self._count[rows, origins], dtype=np.int64)

    def features(self, rows: Ints, origins: Ints, ahead: Ints) -> tuple[Floats, Floats]:
        """Describe k days to come. rows: of series. origins: days known. ahead: days, >= 1.

        Returns ((k, d) float32, (k,) what would be sold at the present level on such a weekday).
        """
        target = origins - 1 + ahead
        level = self._level(rows, origins)
        share = self._share(rows, origins, target, _WEEKS[0])
        base = level * np.maximum(share, 0.02)
        lately = self._share(rows, origins, target, _WEEKS[1])
        dates = (self.first_day + target).astype("datetime64[D]")
        known = np.maximum(self._count[rows, origins], 1)
        columns: list[Any] = [
            ahead,
            (self.first_day + target + 3) % 7,
            (dates - dates.astype("datetime64[M]")).astype(float),
            (dates - dates.astype("datetime64[Y]")).astype(float),
            share,
            lately - share,
            np.log(level),
            self._over(self._away, rows, origins, 91) / level,
            self._zeros[rows, origins] / known,
        ]
        for width in _WINDOWS:
            columns.append(_log_ratio(self._mean(rows, origins - width, origins), level))
        whole = (ahead + 6) // 7 * 7
        for k in range(_SAME_DAYS):
            place = target - whole - 7 * k
            found = np.where(place >= 0, self.values[rows, np.maximum(place, 0)], np.nan)
            columns.append(np.log((found + 0.5) / (base + 0.5)))
        own, pooled = [], []
        for k in range(1, _YEARS + 1):
            own.append(self._year(rows, origins, target, k))
            pooled.append(self._year(None, origins, target, k))
        self.year_columns = np.arange(len(columns) + _YEARS, len(columns) + 2 * _YEARS)
        columns += own + pooled
        last = self.closed.shape[1] - 1
        columns.append(self.closed[rows, np.maximum(target - 1, 0)])
        columns.append(self.closed[rows, np.minimum(target + 1, last)])
        if self.given.shape[2]:
            shared = rows if len(self.given) > 1 else np.zeros_like(rows)
            columns += list(self.given[shared, target].T)
        return np.column_stack(columns).astype(np.float32), base

    def _level(self, rows: Ints, origins: Ints) -> Floats:
        """Tell the level before each origin: sales in those that weekdays lead to expect."""
        at = origins - 1
        mean = self._sum[rows, origins] / np.maximum(self._count[rows, origins], 1)
        found = self._fading_sales[rows, at] / np.maximum(self._fading_expected[rows, at], 1e-9)
        return np.maximum(np.maximum(found, _FLOOR * mean), 1e-3)

    def _levels(self) -> Floats:
        """Tell the level before each day, (series, days); that of the first is its own."""
        found = self._fading_sales / np.maximum(self._fading_expected, 1e-9)
        return np.asarray(np.concatenate([found[:, :1], found[:, :-1]], axis=1))

    def _share(self, rows: Ints, origins: Ints, target: Ints, weeks: int) -> Floats:
        """Tell how much the target's weekday sells in means of all, by the weeks before origins."""
        steps = np.maximum((target - origins + 7) // 7, 1)
        last = target - 7 * steps
        sales, count = (_lagged(one, rows, last, 7 * weeks) for one in self._weekly)
        lower = np.maximum(origins - 7 * weeks, 0)
        total = self._sum[rows, origins] - self._sum[rows, lower]
        days = self._count[rows, origins] - self._count[rows, lower]
        mean = np.maximum(total / np.maximum(days, 1), 1e-9)
        found = (sales / mean + _DOUBT) / (count + _DOUBT)
        return np.asarray(np.where(total > 0, found, 1.0))

    def _mean(self, rows: Ints, lower: Ints, upper: Ints) -> Floats:
        """Tell the level over [lower, upper); not a number where it begins before the series."""
        low = np.maximum(lower, 0)
        upper = np.maximum(upper, low)
        sales = self._sum[rows, upper] - self._sum[rows, low]
        expected = self._expected_sum[rows, upper] - self._expected_sum[rows, low]
        fit = (lower >= 0) & (expected > 0)
        return np.where(fit, sales / np.where(fit, expected, 1.0), np.nan)

    def _over(self, sums: Floats, rows: Ints, origins: Ints, width: int) -> Floats:
        low = np.maximum(origins - width, 0)
        days = self._count[rows, origins] - self._count[rows, low]
        return np.asarray((sums[rows, origins] - sums[rows, low]) / np.maximum(days, 1))

    def _year(self, rows: Ints | None, origins: Ints, target: Ints, years: int) -> Floats:
        """Tell how the level moved from the origin's season to the target's, some years ago."""
        near = target - years * _YEAR
        upper = np.minimum(near + _AROUND + 1, origins)
        before = origins - years * _YEAR
        if rows is not None:
            then = self._mean(rows, near - _AROUND, upper)
            since = self._mean(rows, before - _BEFORE, before)
        else:
            last = len(self.index[0])
            then = self._pooled(near - _AROUND, np.minimum(upper, last))
            since = self._pooled(before - _BEFORE, np.minimum(before, last))
        return _log_ratio(then, since)

    def _pooled(self, lower: Ints, upper: Ints) -> Floats:
        low, high = np.maximum(lower, 0), np.maximum(upper, 0)
        sales, expected = (one[0, high] - one[0, low] for one in self._index_sums)
        fit = (lower >= 0) & (expected > 0)
        return np.where(fit, sales / np.where(fit, expected, 1.0), np.nan)

    def _index(self) -> tuple[Floats, Floats]:
        """Put all series together, each in its mean: (sales, expected), (days,) each."""
        mean = np.maximum(self._sum[:, -1] / np.maximum(self._count[:, -1], 1), 1e-9)
        return (self.sales / mean[:, None]).sum(axis=0), self._expected.sum(axis=0)


def _running(values: Any) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _held(values: Floats) -> Floats:
    """Hold a day to twice the most of the quarter before it: an error of the books moves no level.

    Where demand truly jumps, the day after counts in full. Missing days become 0.
    """
    found = np.where(np.isfinite(values), values, 0.0)
    known = np.cumsum(np.isfinite(values), axis=1)
    held = found.copy()
    for at in range(LEAST_DAYS, values.shape[1]):
        most = found[:, max(at - _QUARTER_DAYS, 0) : at].max(axis=1)
        fit = (known[:, at - 1] >= LEAST_DAYS) & (most > 0)
        held[:, at] = np.where(fit, np.minimum(found[:, at], 2 * most), found[:, at])
    return held


def _weekly(values: Floats) -> Floats:
    """Sum every seventh day up to each: (series, days)."""
    found = values.copy()
    for at in range(7, found.shape[1]):
        found[:, at] += found[:, at - 7]
    return found


def _fading(values: Floats, kept: float) -> Floats:
    found = values.copy()
    for at in range(1, found.shape[1]):
        found[:, at] += kept * found[:, at - 1]
    return found


def _lagged(sums: Floats, rows: Ints, last: Ints, width: int) -> Floats:
    """Take from weekly sums what lies in the `width` days up to and with `last`."""
    upper = np.where(last >= 0, sums[rows, np.maximum(last, 0)], 0.0)
    below = last - width
    return np.asarray(upper - np.where(below >= 0, sums[rows, np.maximum(below, 0)], 0.0))


def _log_ratio(over: Floats, under: Floats) -> Floats:
    small = 1e-3
    return np.asarray(np.clip(np.log((over + small) / (under + small)), -3.0, 3.0))

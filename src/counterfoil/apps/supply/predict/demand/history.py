"""Daily sales of series, with what is known ahead: what demand is forecast from.

A day is closed, missing or sold; each is told apart, for a closed day says nothing of demand, and a
missing one is not zero. This module refuses sales below zero, and to guess what was sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterfoil.errors import InputError, NotFound
from counterfoil.learn.forecast.features import Floats

__all__ = ["History", "checked", "history_of"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Sales of several series, day by day, and what is known ahead.

    names: of the series. first_day: days since 1970 of the first column. values: (series, days) in
    units; not a number where a day is missing or closed. closed: (series, days + ahead).
    covariates: names of what is known ahead; given: (1 or series, days + ahead, k), not a
    number where not known. whole: all sales are whole numbers.
    """

    names: tuple[str, ...]
    first_day: int
    values: Floats
    closed: Bools
    covariates: tuple[str, ...]
    given: Floats
    whole: bool

    @property
    def days(self) -> int:
        """How many days of sales there are."""
        return int(self.values.shape[1])

    @property
    def ahead(self) -> int:
        """For how many days after the last sales it is known what is given."""
        return int(self.closed.shape[1]) - self.days

    def date(self, at: int) -> str:
        """Give the date of a day, YYYY-MM-DD."""
        return str(date(1970, 1, 1) + timedelta(days=int(self.first_day) + int(at)))

    def until(self, days: int) -> History:
        """Take what was known after so many days; what is given stays known ahead."""
        return replace(self, values=self.values[:, :days])

    def only(self, series: str) -> History:
        """Take one series. Raises NotFound with code demand.series."""
        if series not in self.names:
            raise NotFound(
                "demand.series",
                f"expected one of {len(self.names)} series, found {series[:80]!a}",
                hint=f"The first is {self.names[0][:80]!a}.",
            )
        row = self.names.index(series)
        given = self.given if len(self.given) == 1 else self.given[row : row + 1]
        return replace(
            self,
            names=(series,),
            values=self.values[row : row + 1],
            closed=self.closed[row : row + 1],
            given=given,
        )

    def lengthened(self, days: int) -> History:
        """Lay out `days` days ahead where fewer are given.

        A day is closed as its weekday was on nine of the last ten occasions; covariates are not
        known.
        """
        more = days - self.ahead
        if more <= 0:
            return self
        held = self.closed.shape[1]
        fresh = np.zeros((len(self.names), more), dtype=bool)
        for at in range(more):
            same = self.closed[:, (held + at) % 7 : held : 7][:, -10:]
            if same.shape[1] >= 3:
                fresh[:, at] = same.mean(axis=1) >= 0.9
        given = np.full((len(self.given), more, len(self.covariates)), np.nan)
        return replace(
            self,
            closed=np.concatenate([self.closed, fresh], axis=1),
            given=np.concatenate([self.given, given], axis=1),
        )


def history_of(
    sales: Mapping[str, Any],
    first_day: str,
    *,
    closed: Any = None,
    covariates: Mapping[str, Any] | None = None,
) -> History:
    """Make a history of arrays. sales: name -> daily sales, all as long; None or nan is missing.

    first_day: YYYY-MM-DD. closed: truth by day, perhaps of days ahead, too. covariates: name ->
    number by day, of days ahead, too, the same for all series. Raises InputError with code
    demand.table or demand.negative.
    """
    try:
        values = np.array(
            [[np.nan if x is None else x for x in one] for one in sales.values()], float
        )
        start = date.fromisoformat(first_day).toordinal() - date(1970, 1, 1).toordinal()
        given = {name: np.asarray(one, float) for name, one in (covariates or {}).items()}
        shut = np.zeros(values.shape[1] if values.ndim == 2 else 0, bool)
        shut = shut if closed is None else np.asarray(closed, bool)
    except (TypeError, ValueError) as err:
        raise _wrong(str(err)) from err
    if values.ndim != 2 or not values.size:
        raise _wrong("series of different lengths, or none")
    lengths = [len(one) for one in given.values()] + ([len(shut)] if closed is not None else [])
    if any(length < values.shape[1] for length in lengths):
        raise _wrong("covariates or closed days that end before the sales")
    total = max([values.shape[1], *lengths])
    table = np.full((1, total, len(given)), np.nan)
    for at, one in enumerate(given.values()):
        table[0, : len(one), at] = one
    return checked(
        tuple(sales), start, values, _padded(shut, total, len(values)), tuple(given), table
    )


def checked(
    names: tuple[str, ...],
    first_day: int,
    values: Floats,
    closed: Bools,
    covariates: tuple[str, ...],
    given: Floats,
) -> History:
    """Make a history of its parts; what was sold on closed days does not count.

    Raises InputError with code demand.negative.
    """
    below = np.argwhere(values < 0)
    if len(below):
        row, at = below[0]
        day = date(1970, 1, 1) + timedelta(days=first_day + int(at))
        raise InputError(
            "demand.negative",
            f"expected sales of 0 and more, found {values[row, at]:g} of {names[row][:80]!a} on "
            f"{day}",
            hint="Take returns out of the sales, or leave the day empty.",
        )
    values = np.where(closed[:, : values.shape[1]] | ~np.isfinite(values), np.nan, values)
    there = values[np.isfinite(values)]
    whole = bool((there == np.round(there)).all())
    return History(names, first_day, values, closed, covariates, given, whole)


def _padded(closed: Bools, total: int, count: int) -> Bools:
    found = np.zeros((count, total), dtype=bool)
    found[:, : len(closed)] = closed
    return found


def _wrong(what: str) -> InputError:
    return InputError(
        "demand.table",
        f"expected daily sales of series as long as each other, found {what[:200]}",
        hint="Give each series a value for each day, None where a day is missing.",
    )

"""Weigh what is known beside the names: dates of birth and countries.

The amounts are log-odds that were set by judgement and not learned: no labelled pairs with dates
are at hand. They are small beside the names' own, but for dates that contradict each other. What
one side does not say changes nothing. This module refuses to guess a date from an age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.apps.finance.names.lists.countries import is_country

__all__ = ["Circumstance", "weigh_birth", "weigh_countries"]

_SAME_DAY: Final = 2.5
_SAME_YEAR: Final = 0.75
_SWAPPED: Final = 1.5
_NEAR: Final = -0.5
_OTHER_DAY: Final = -1.5
_OTHER_YEAR: Final = -4.0
_NEAR_YEARS: Final = 1
_SHARED: Final = 0.5
_APART: Final = -0.5
_DAY: Final = 10  # letters of YYYY-MM-DD


@dataclass(frozen=True, slots=True)
class Circumstance:
    """Something beside the names. odds: log-odds that it adds. words: what it is, for people."""

    name: str
    odds: float
    words: str


def weigh_birth(mine: tuple[str, ...], its: tuple[str, ...]) -> Circumstance | None:
    """Weigh dates of birth, of which each side may have several: the best pair counts.

    >>> weigh_birth(("1970-05-01",), ("1970",)).odds, weigh_birth((), ("1970",))
    (0.75, None)
    """
    if not mine or not its:
        return None
    odds, words, one, other = max(
        (*_dates(one, other), one, other) for one in mine for other in its
    )
    return Circumstance("birth", odds, f"{words}: {one} and {other}")


def weigh_countries(mine: tuple[str, ...], its: tuple[str, ...]) -> Circumstance | None:
    """Weigh countries: one in common, or none; a text that is no country sets nobody apart.

    >>> weigh_countries(("atlantis",), ("ve",)).odds, weigh_countries(("us",), ("ve",)).odds
    (0.0, -0.5)
    """
    if not mine or not its:
        return None
    common = sorted({*mine} & {*its})
    if common:
        return Circumstance("countries", _SHARED, f"countries in common: {', '.join(common)}")
    one, other = sorted(filter(is_country, mine)), sorted(filter(is_country, its))
    if not one or not other:
        unknown = ", ".join(sorted(its if one else mine))
        return Circumstance("countries", 0.0, f"not known as a country: {unknown}")
    said = f"no country in common: {', '.join(one)} and {', '.join(other)}"
    return Circumstance("countries", _APART, said)


def _dates(one: str, other: str) -> tuple[float, str]:
    if len(one) == len(other) == _DAY:
        if one == other:
            return _SAME_DAY, "born on the same day"
        if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
            return _SWAPPED, "born on the same day, were day and month swapped"
        if one[:4] == other[:4]:
            return _OTHER_DAY, "born in the same year, on other days"
    elif one[:4] == other[:4]:
        return _SAME_YEAR, "born in the same year"
    if abs(int(one[:4]) - int(other[:4])) <= _NEAR_YEARS:
        return _NEAR, "born a year apart"
    return _OTHER_YEAR, "born in other years"

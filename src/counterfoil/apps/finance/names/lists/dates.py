"""Read dates of birth as lists write them: exact, of a year, about a year, or a span of years.

A date comes out as YYYY, YYYY-MM or YYYY-MM-DD. This module refuses days that no calendar has, and
spans of more than ten years: those say too little.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["read_dates"]


def _words(text: str) -> list[str]:
    return text.split()


_MONTHS: Final = _words("""jan feb mar apr may jun jul aug sep oct nov dec""")
_DAY: Final = re.compile(r"(\d{1,2}) ([a-z]{3})[a-z]* (\d{4})")
_MONTH: Final = re.compile(r"([a-z]{3})[a-z]* (\d{4})")
_ISO: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[t ].*)?")
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SPAN: Final = re.compile(r"(\d{4})\s*(?:to|-|/|–)\s*(\d{4})")
_SPAN_MAX: Final = 10
_ABOUT: Final = re.compile(r"^(?:circa|approximately|about|ca?\.?|between)\s+")


def read_dates(text: str) -> tuple[str, ...]:
    """Read one statement about a date; none where it cannot be read.

    >>> read_dates("17 Nov 1964"), read_dates("circa 1951"), read_dates("1950 to 1952")
    (('1964-11-17',), ('1951',), ('1950', '1951', '1952'))
    """
    said = _ABOUT.sub("", text.strip().casefold())
    if found := _DAY.fullmatch(said):
        return _made(found[3], found[2], found[1])
    if found := _MONTH.fullmatch(said):
        return _made(found[2], found[1], "")
    if found := _SPAN.fullmatch(said):
        low, high = int(found[1]), int(found[2])
        within = 0 <= high - low <= _SPAN_MAX
        return tuple(str(year) for year in range(low, high + 1)) if within else ()
    if found := _SLASHED.fullmatch(said):  # American: month first
        return _valid(found[3], int(found[1]), int(found[2]))
    if found := _ISO.fullmatch(said):
        if found[2] is None:
            return (found[1],)
        return _valid(found[1], int(found[2]), int(found[3] or 0))
    return ()


def _made(year: str, month: str, day: str) -> tuple[str, ...]:
    if month not in _MONTHS:
        return ()
    return _valid(year, _MONTHS.index(month) + 1, int(day or 0))


def _valid(year: str, month: int, day: int) -> tuple[str, ...]:
    try:
        found = date(int(year), month, day or 1)
    except ValueError:
        return ()
    return (found.isoformat(),) if day else (f"{found:%Y-%m}",)

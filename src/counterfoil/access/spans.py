"""Read how long something lasts, as people write it: 90d, 12h, 30m.

This module refuses months, which are of several lengths, and spans of no time.
"""

from __future__ import annotations

import re
from typing import Final

from counterfoil.errors import InputError

__all__ = ["parse_span"]

_FORM: Final = re.compile(r"([0-9]{1,9})([smhdwy])", re.ASCII)
_MS: Final = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_LONGEST_MS: Final = 100 * _MS["y"]


def parse_span(text: str) -> int:
    """Turn a span into milliseconds: seconds, minutes, hours, days, weeks or years of 365 days.

    Raises InputError with code access.span.

    >>> parse_span("90d"), parse_span("1h")
    (7776000000, 3600000)
    """
    match = _FORM.fullmatch(text)
    span = 0 if match is None else int(match[1]) * _MS[match[2]]
    if not 0 < span <= _LONGEST_MS:
        raise InputError(
            "access.span",
            f"expected a span such as 90d, 12h or 30m, up to 100y, found {text[:40]!a}",
            hint="Units are s, m, h, d, w and y.",
        )
    return span

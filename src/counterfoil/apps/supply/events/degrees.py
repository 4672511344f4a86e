"""Limits of temperature as people write them: one form for commands, pages and labels.

This module refuses what reads as a number and is none that a thermometer shows, such as `1e3`.
"""

from __future__ import annotations

import re
from typing import Final

from counterfoil.errors import InputError

__all__ = ["celsius"]

_CELSIUS: Final = re.compile(r"-?\d{1,3}(?:\.\d{1,3})?", re.ASCII)


def celsius(text: str | None) -> float | None:
    """Read degrees C as a decimal; None for None. Raises InputError with code supply.limit."""
    if text is None:
        return None
    if _CELSIUS.fullmatch(text) is None:
        raise InputError(
            "supply.limit",
            f"expected degrees C as a decimal, found {text[:20]!a}",
            hint="Such as 7 or -18.5.",
        )
    return float(text)

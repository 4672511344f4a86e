"""What pages of this app are asked with: a time, limits of temperature, a thing.

This module refuses text that is none of these, with what was expected.
"""

from __future__ import annotations

from dataclasses import replace

from counterfoil.apps.supply.events.degrees import celsius
from counterfoil.apps.supply.events.doubts import Limits
from counterfoil.apps.supply.events.index import Index
from counterfoil.apps.supply.events.places import coordinates_of, names_of
from counterfoil.http.pages.page import Asked
from counterfoil.ops.supply.traces import moment_of

__all__ = ["as_of", "limits", "thing_asked"]


def as_of(asked: Asked) -> int | None:
    """Give the time that was asked for, Unix ms. Raises InputError with code supply.time."""
    return moment_of(asked.one("as_of").strip() or None)


def limits(asked: Asked, index: Index) -> Limits:
    """Give the limits that were asked for, and the places that are known.

    Raises InputError with code supply.limit.
    """
    low, high = (celsius(asked.one(name).strip() or None) for name in ("low", "high"))
    speed = asked.integer("speed", 0, most=100_000)
    made = Limits(low_c=low, high_c=high, places=coordinates_of(index), called=names_of(index))
    return replace(made, speed_kmh=float(speed)) if speed else made


def thing_asked(asked: Asked) -> str:
    """Give the thing that stands in the address; empty for none."""
    return str(asked.path.get("thing", "")) or asked.one("thing").strip()

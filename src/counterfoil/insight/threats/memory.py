"""Remember accounts within bounds: the one that was not seen for longest is forgotten first.

A chain has more accounts than a memory; an attack that is spread over more time than it takes to
forget is missed. This module refuses to grow without end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["remember"]

T = TypeVar("T")


def remember(held: dict[str, T], name: str, make: Callable[[], T], most: int) -> T:
    """Give what is known of a name, made where nothing is, and make it the last to be forgotten.

    most: names that are kept.
    """
    found = held.pop(name, None)
    if found is None:
        found = make()
    held[name] = found
    if len(held) > most:
        del held[next(iter(held))]
    return found

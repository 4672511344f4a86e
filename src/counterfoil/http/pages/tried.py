"""Ask for one part of a page, and go on without it where it cannot be had: the page says why.

A chain that does not answer, or an extra that is not installed, takes its own part of a page and
not the rest. This module refuses to swallow what nobody foresaw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from counterfoil.errors import CounterfoilError
from counterfoil.http.problems import problem_of

__all__ = ["listed", "tried"]

Part = TypeVar("Part")


def tried(ask: Callable[[], Part]) -> tuple[Part | None, dict[str, Any] | None]:
    """Give what was asked for, or None and the members of a problem document."""
    try:
        return ask(), None
    except CounterfoilError as err:
        return None, problem_of(err)


def listed(ask: Callable[[], Iterable[Part]]) -> tuple[list[Part], dict[str, Any] | None]:
    """Give all that was asked for, or nothing and the members of a problem document."""
    found, problem = tried(lambda: list(ask()))
    return found or [], problem

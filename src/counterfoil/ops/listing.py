"""How commands list: one thing after the other, as many as are asked for.

A list is an iterator, so that a shell prints each thing when it comes, and prints nothing where
there is none. What comes in pages is a page: an object with `next`. This module refuses to leave a
bound out in silence: a list without -n is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, TypeVar

from counterfoil.errors import InputError
from counterfoil.ports import Param

__all__ = ["Limit", "at_most"]

Limit = Annotated[int | None, Param("At most so many; else all.", "N", short="n")]
"""The parameter of lists that grow with the ledger."""

T = TypeVar("T")


def at_most(found: Iterable[T], limit: int | None) -> Iterator[T]:
    """Give the first things of a list. limit: how many, from 1; None for all.

    Raises InputError with code list.limit.

    >>> list(at_most("abc", 2))
    ['a', 'b']
    """
    if limit is not None and limit < 1:
        raise InputError(
            "list.limit",
            f"expected 1 or more, found {limit}",
            hint="Leave -n out for all.",
        )
    return islice(found, limit)

"""How a package brings in statements of its own: a URI, and the class of its predicate.

Registered through the entry point group `counterfoil.predicates`; those of `provenance` are, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # listing operations must not load what reads bytes
    from counterfoil.formats.predicates import Header

__all__ = ["PredicateType"]


@dataclass(frozen=True, slots=True)
class PredicateType:
    """A kind of statement.

    uri: its name, for ever; a change of meaning is a new URI. predicate: its shape, a `Header`
    with further fields, whose docstring's first line says what it is.
    """

    uri: str
    predicate: type[Header]

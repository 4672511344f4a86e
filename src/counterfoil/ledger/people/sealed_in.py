"""Find what a statement says of sealed data, whichever kind of statement it is.

This module refuses to judge a statement: the log accepted it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import name_of
from counterfoil.formats.sealed import Sealed, sealed_of
from counterfoil.formats.statement import Statement

__all__ = ["Groups", "meaning", "sealed_in", "statement_in"]

Groups = dict[str, list[Sealed]]
"""Field of a predicate -> the groups in it."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def sealed_in(data: bytes) -> Groups:
    """List the groups that an entry names; none for a batch signature.

    Raises InputError as `entry.parse` does.
    """
    return sealed_of(statement_in(data)[1])


def statement_in(data: bytes) -> tuple[str, dict[str, Any]]:
    """Take kind and predicate out of an entry; for a batch signature ("", nothing).

    Raises InputError as `entry.parse` does.
    """
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return "", {}
    kind = name_of(parsed.statement.predicate_type)
    return kind, _OBJECT.decode(parsed.statement.predicate)


def meaning(statement: Statement) -> tuple[object, ...]:
    """Take from a statement what it says, but when, and but salts: classes and names stay."""
    predicate = _OBJECT.decode(statement.predicate)
    predicate.pop("at_ms", None)
    predicate.pop("nonce", None)
    for name, groups in sealed_of(predicate).items():
        predicate[name] = [(group.data_class, group.names) for group in groups]
    return statement.predicate_type, predicate

"""Find what a statement says of sealed data, whichever kind of statement it is.

A group is known by its shape: the five fields of `Sealed`, as a field of the predicate or in an
array there. This module refuses to look deeper: a record's content is its author's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.sealed import Sealed
from counterfoil.formats.statement import Statement

__all__ = ["Groups", "meaning", "sealed_in", "sealed_of"]

Groups = dict[str, list[Sealed]]
"""Field of a predicate -> the groups in it."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_FIELDS: Final = frozenset(Sealed.__struct_fields__)


def sealed_in(data: bytes) -> Groups:
    """List the groups that an entry names; none for a batch signature.

    Raises InputError as `entry.parse` does.
    """
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return {}
    return sealed_of(_OBJECT.decode(parsed.statement.predicate))


def sealed_of(predicate: dict[str, Any]) -> Groups:
    """List the groups that a decoded predicate names, by field."""
    found: Groups = {}
    for name, value in predicate.items():
        items = value if isinstance(value, list) else [value]
        groups = [group for item in items if (group := _group(item)) is not None]
        if groups:
            found[name] = groups
    return found


def meaning(statement: Statement) -> tuple[object, ...]:
    """Take from a statement what it says, but when, and but salts: classes and names stay."""
    predicate = _OBJECT.decode(statement.predicate)
    predicate.pop("at_ms", None)
    predicate.pop("nonce", None)
    for name, groups in sealed_of(predicate).items():
        predicate[name] = [(group.data_class, group.names) for group in groups]
    return statement.predicate_type, predicate


def _group(item: Any) -> Sealed | None:
    if not isinstance(item, dict) or item.keys() != _FIELDS:
        return None
    try:
        return msgspec.convert(item, Sealed)
    except msgspec.ValidationError:
        return None

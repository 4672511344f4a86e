"""Decide whether two statements of one number say the same, and check what is to be recorded.

When a statement was made, and its nonce, are no part of what it says: a client that repeats a
record after a lost answer makes a new time and must get the first receipt.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats import json_text, predicates, statement
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.statement import Statement

__all__ = ["check_content", "says_the_same", "statement_says"]


def says_the_same(first: bytes, second: bytes) -> bool:
    """Tell whether two entries hold statements that say the same."""
    one, two = entries.parse(first), entries.parse(second)
    if not isinstance(one, StatementEntry) or not isinstance(two, StatementEntry):
        return first == second
    return _meaning(one.statement) == _meaning(two.statement)


def statement_says(entry: bytes, payload: bytes) -> bool:
    """Tell whether an entry holds a statement that says what `payload` says."""
    parsed = entries.parse(entry)
    if not isinstance(parsed, StatementEntry):
        return False
    if parsed.envelope.payload == payload:
        return True
    return _meaning(parsed.statement) == _meaning(statement.parse(payload))


def check_content(content: object) -> bytes:
    """Turn a record's content into compact JSON text.

    content: a mapping, or JSON text of an object as str or bytes.
    Raises InputError with code record.content or one of `json_text`.
    """
    if isinstance(content, (bytes, bytearray)):
        return json_text.normalise_object(bytes(content))
    if isinstance(content, str):
        return json_text.normalise_object(content.encode("utf-8", "surrogatepass"))
    if isinstance(content, Mapping):
        return json_text.format(dict(content))
    raise InputError(
        "record.content",
        f"expected a mapping or the JSON text of an object, found {type(content).__name__}",
        hint='Record an object such as {"amount_minor": 1250, "currency": "EUR"}.',
    )


def _meaning(said: Statement) -> tuple[object, ...]:
    predicate = predicates.parse_predicate(said)
    if predicate is None:
        return (said.subject, said.predicate_type, _foreign_meaning(said))
    timeless = msgspec.structs.replace(predicate, at_ms=None, nonce=None)
    return (said.subject, said.predicate_type, predicates.format_predicate(timeless))


def _foreign_meaning(said: Statement) -> object:
    """Read a predicate of somebody else; one that is numbered has a time of its own, too."""
    found: dict[str, object] = msgspec.json.decode(said.predicate)
    if predicates.parse_header(said) is not None:
        found = {**found, "at_ms": None, "nonce": None}
    return json_text.format(dict(sorted(found.items())))

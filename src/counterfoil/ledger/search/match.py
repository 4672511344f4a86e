"""Decide whether an entry's fields satisfy a query: the only judge of what is a hit.

The index narrows by terms that may collide; here values themselves are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from counterfoil.ledger.search.fields import EntryFields, Scalar
from counterfoil.ledger.search.numbers import decimal_of, is_number
from counterfoil.ledger.search.query import Comparison, Operator, Query, Value, Words
from counterfoil.ledger.search.terms import is_digest, is_worded, words

__all__ = ["asks_who_signed", "matches"]

_LITERALS: Final = {"true": True, "false": False, "null": None}


def matches(query: Query, entry: EntryFields) -> bool:
    """Tell whether all conditions hold."""
    return all(
        _words_hold(condition, entry)
        if isinstance(condition, Words)
        else _comparison_holds(condition, entry)
        for condition in query.conditions
    )


def asks_who_signed(query: Query) -> bool:
    """Tell whether a condition looks at who signed an entry, or when."""
    return any(
        is_digest(condition.text)  # a key id is one, so no other word is in it
        if isinstance(condition, Words) and condition.field is None
        else condition.in_header and condition.field in ("at_ms", "signed_by")
        for condition in query.conditions
    )


def _values(entry: EntryFields, field: str, in_header: bool) -> Iterator[Scalar]:
    return (v for name, v in (entry.header if in_header else entry.content) if name == field)


def _comparison_holds(condition: Comparison, entry: EntryFields) -> bool:
    values = _values(entry, condition.field, condition.in_header)
    wanted = condition.value
    if condition.operator == "=":
        return any(_equal(value, wanted) for value in values)
    if condition.operator == "!=":
        there = list(values)
        return bool(there) and not any(_equal(value, wanted) for value in there)
    return any(_ordered(value, condition.operator, wanted) for value in values)


def _equal(value: Scalar, wanted: Value) -> bool:
    if isinstance(value, str):
        if value == wanted.text:
            return True
        return wanted.number is not None and _number_of(value) == wanted.number
    if value is None or isinstance(value, bool):
        return wanted.literal and value is _LITERALS[wanted.text]
    return wanted.number is not None and decimal_of(value) == wanted.number


def _ordered(value: Scalar, operator: Operator, wanted: Value) -> bool:
    if wanted.number is not None:
        number = _number_of(value)
        return number is not None and _NUMBER_ORDER[operator](number, wanted.number)
    return isinstance(value, str) and _TEXT_ORDER[operator](value, wanted.text)


def _words_hold(condition: Words, entry: EntryFields) -> bool:
    if condition.field is not None:
        values = list(_values(entry, condition.field, condition.in_header))
    else:
        values = [value for _, value in entry.content]
        values += [value for name, value in entry.header if is_worded(name, entry.kind)]
    wanted, number = condition.words, condition.number
    for value in values:
        if number is not None and _number_of(value) == number:
            return True
        if isinstance(value, str) and not is_number(value) and _in_a_row(wanted, words(value)):
            return True
    return False


def _in_a_row(wanted: tuple[str, ...], found: list[str]) -> bool:
    count = len(wanted)
    return any(
        tuple(found[at : at + count]) == wanted
        for at, word in enumerate(found)
        if word == wanted[0]
    )


def _number_of(value: Scalar) -> Decimal | None:
    if isinstance(value, str):
        return decimal_of(value) if is_number(value) else None
    return None if value is None or isinstance(value, bool) else decimal_of(value)


_NUMBER_ORDER: Final[dict[Operator, Callable[[Decimal, Decimal], bool]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
_TEXT_ORDER: Final[dict[Operator, Callable[[str, str], bool]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}

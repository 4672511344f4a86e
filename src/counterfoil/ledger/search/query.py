r"""Read the query language: conditions, separated by spaces, that must all hold.

| condition | holds when |
|---|---|
| `field=value` | a value of the field is equal |
| `field!=value` | the entry has the field, and no value of it is equal |
| `field>value`, `>=`, `<`, `<=` | a value of the field is on that side |
| `field~words` | a text of the field has these words in a row, or a number of it is this one |
| `word`, `"some words"` | so does any text or number of the entry |

A field is a name of the header (`kind`, `issuer`, `source`, `number`, `at_ms`, `signed_by`,
`leaf`, `index`, ...; see `fields`) or a path in the content: `customer.country`, `items.sku` for
each item of an array, `content.source` where the header has that name. `"my field"=5` quotes one.

A value that is written like a number is one: 57.16 finds 57.16, 57.160 and the text "57.160".
true, false and null find these, and texts that say so. Everything else, and everything in double
quotes (`\"` and `\\` inside), is text: equal only when every character is. `<` compares texts by
code point, so dates as ISO 8601 writes them are in order. Words are compared without case.

This module refuses what it cannot read, with the place: a query is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, cast

from counterfoil.errors import InputError
from counterfoil.ledger.search.fields import HEADER_FIELDS, PATH_MAX
from counterfoil.ledger.search.numbers import decimal_of, is_number
from counterfoil.ledger.search.terms import words

__all__ = [
    "QUERY_MAX_CHARS",
    "Comparison",
    "Condition",
    "Operator",
    "Query",
    "Value",
    "Words",
    "parse",
]

QUERY_MAX_CHARS: Final = 4096
"""Longest query, characters."""

Operator = Literal["=", "!=", ">", ">=", "<", "<="]

_OPERATORS: Final = ("!=", ">=", "<=", "=", ">", "<", "~")
_NUMERIC: Final = frozenset({"index", "number", "at_ms"})
_LITERALS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with.

    text: as written, without quotes. number: what it is as a number, exactly. literal: True where
    it is true, false or null and not in quotes.
    """

    text: str
    number: Decimal | None = None
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on the values of one field; in_header: else of the content."""

    field: str
    in_header: bool
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Words:
    """A condition on words in a row, at least one; field: None for any.

    text: as written. number: what it is as a number, exactly.
    """

    field: str | None
    in_header: bool
    words: tuple[str, ...]
    text: str
    number: Decimal | None = None


Condition = Comparison | Words


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: all conditions must hold; none is all entries."""

    conditions: tuple[Condition, ...]


def parse(text: str) -> Query:
    """Parse a query.

    text: at most 4,096 characters. Raises InputError with code search.query, naming the place.

    >>> parse('kind=record amount>=100 "late fee"').conditions[2].words
    ('late', 'fee')
    """
    if len(text) > QUERY_MAX_CHARS:
        raise _bad(QUERY_MAX_CHARS, f"at most {QUERY_MAX_CHARS} characters", f"{len(text)}")
    parser = _Parser(text)
    conditions: list[Condition] = []
    while parser.skip_spaces():
        conditions.append(parser.condition())
    return Query(tuple(conditions))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def skip_spaces(self) -> bool:
        """Go to the next condition; False at the end."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def condition(self) -> Condition:
        start = self._at
        if self._operator():
            raise _bad(
                start,
                "a field before the operator",
                repr(self._text[start : start + 10]),
                "Write field=value without spaces; put text with = < > ~ in double quotes.",
            )
        left, quoted = self._part(stop_at_operator=True)
        operator = self._operator()
        if not operator:
            return _words(start, None, False, left)
        self._at += len(operator)
        field, in_header = _resolve(start, left, quoted)
        place = self._at
        if place == len(self._text) or self._text[place].isspace():
            raise _bad(
                place,
                f"a value after {left}{operator}",
                "none",
                'Write it without spaces; an empty text is "".',
            )
        right, quoted = self._part(stop_at_operator=False)
        if operator == "~":
            return _words(place, field, in_header, right)
        return _comparison(place, field, in_header, cast("Operator", operator), right, quoted)

    def _operator(self) -> str:
        return next((o for o in _OPERATORS if self._text.startswith(o, self._at)), "")

    def _part(self, *, stop_at_operator: bool) -> tuple[str, bool]:
        """Read quoted text, or up to a space; return it, and whether it was quoted."""
        text, start = self._text, self._at
        if text[start] == '"':
            return self._quoted(start), True
        while self._at < len(text) and not text[self._at].isspace():
            if stop_at_operator and self._operator():
                break
            self._at += 1
        return text[start : self._at], False

    def _quoted(self, start: int) -> str:
        text = self._text
        found: list[str] = []
        at = start + 1
        while at < len(text) and text[at] != '"':
            if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
                at += 1
            found.append(text[at])
            at += 1
        self._at = at + 1
        if at >= len(text):
            raise _bad(start, "a closing double quote", "the end", 'A quote in text is \\".')
        if self._at < len(text) and not text[self._at].isspace() and not self._operator():
            raise _bad(self._at, "a space after the closing quote", repr(text[self._at]))
        return "".join(found)


def _resolve(start: int, name: str, quoted: bool) -> tuple[str, bool]:
    """Tell which field a name means, and whether it is the header's."""
    if len(name) > PATH_MAX:
        raise _bad(start, f"a field of at most {PATH_MAX} characters", f"{len(name)}")
    if not quoted and (name in HEADER_FIELDS or name.startswith(("expect.", "subject."))):
        return name, True
    return name.removeprefix("content.") if not quoted else name, False


def _comparison(
    place: int, field: str, in_header: bool, operator: Operator, text: str, quoted: bool
) -> Comparison:
    number = decimal_of(text) if not quoted and is_number(text) else None
    if in_header and field in _NUMERIC and number is None:
        raise _bad(place, f"a number to compare {field} with", repr(text[:40]))
    if in_header and field == "leaf":
        text = text.lower()
    value = Value(text, number, not quoted and text in _LITERALS)
    return Comparison(field, in_header, operator, value)


def _words(place: int, field: str | None, in_header: bool, text: str) -> Words:
    found = tuple(words(text))
    if not found:
        raise _bad(place, "a word of letters or digits", repr(text[:40]))
    return Words(field, in_header, found, text, decimal_of(text) if is_number(text) else None)


def _bad(at: int, expected: str, found: str, hint: str = "") -> InputError:
    return InputError(
        "search.query",
        f"expected {expected} at character {at + 1} of the query, found {found}",
        hint=hint or 'For example: kind=record amount>=100 country=DE "late fee"',
    )

"""Turn the parameters of a query into conditions of a search: `?country=DE&amount>=100`.

Every field can be asked for by its name. This module refuses to know fields: the search does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["RESERVED", "query_of"]

RESERVED: Final = frozenset({"q", "limit", "after", "order"})
"""Parameters that are no fields; one of these names is asked for in `q`."""

_MARKS: Final = ("!", ">", "<")
_NEEDS_QUOTES: Final = re.compile(r'[\s"=<>~!]')
_BARE_VALUE: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null")


def query_of(parameters: Iterable[tuple[str, str]]) -> str:
    r"""Make one query of `q` and of every parameter that names a field.

    A name that ends with `!`, `>` or `<` compares as `!=`, `>=`, `<=`: that is how a URL reads
    `amount>=100`. `amount>100` and `amount<100` compare, too. See `ledger.search.query`.

    >>> query_of([("q", "late"), ("country", "DE"), ("amount>", "100"), ("my field", 'a "b"')])
    'late country="DE" amount>=100 "my field"="a \\"b\\""'
    """
    conditions: list[str] = []
    for name, value in parameters:
        if name == "q":
            conditions.append(value)
        elif name not in RESERVED:
            conditions.append(_condition(name, value))
    return " ".join(filter(None, conditions))


def _condition(name: str, value: str) -> str:
    for mark in (">", "<"):
        before, found, after = name.partition(mark)
        if found and after and not value:  # `amount>100`: a URL has no other place for it
            return f"{_name(before)}{mark}{_value(after)}"
    if name.endswith(_MARKS):
        return f"{_name(name[:-1])}{name[-1]}={_value(value)}"
    return f"{_name(name)}={_value(value)}"


def _name(name: str) -> str:
    return _quoted(name) if not name or _NEEDS_QUOTES.search(name) else name


def _value(value: str) -> str:
    return value if _BARE_VALUE.fullmatch(value) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

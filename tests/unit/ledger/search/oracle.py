"""What a search should find, told in the plainest way: every entry decoded, every value compared.

It shares no code with the search: values come from `RecordView`, and each kind of condition is
written out again from the description of the query language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterfoil.ledger import RecordView

__all__ = ["Asked", "expected", "leaves_of", "written"]

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Asked:
    """One condition: path None is a bare word; quoted: its value is written in quotes."""

    path: str | None
    operator: str
    value: str
    quoted: bool


def quote(text: str) -> str:
    """Write text in quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(conditions: list[Asked]) -> str:
    """Write conditions as a query."""
    parts = []
    for asked in conditions:
        value = quote(asked.value) if asked.quoted else asked.value
        path = "" if asked.path is None else quote(asked.path)
        parts.append(value if asked.path is None else f"{path}{asked.operator}{value}")
    return " ".join(parts)


def leaves_of(value: Any, path: str | None = None) -> Iterator[tuple[str, Any]]:
    """List the scalars of a content with their paths."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves_of(item, key if path is None else f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves_of(item, path)
    else:
        yield path or "", value


def number(value: Any) -> Decimal | None:
    """Read a value as a number."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return Decimal(value) if NUMBER.fullmatch(value) else None
    return Decimal(repr(value))


def words(text: str) -> list[str]:
    """Cut text into words."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())
    return re.findall(r"\w+", folded)


def equal(value: Any, asked: Asked) -> bool:
    """Compare as `=` does."""
    if value == asked.value and isinstance(value, str):
        return True
    if asked.quoted:
        return False
    if value is None or isinstance(value, bool):
        return {"true": True, "false": False, "null": None}.get(asked.value, 0) is value
    wanted = number(asked.value)
    return wanted is not None and number(value) == wanted


def ordered(value: Any, asked: Asked) -> bool:
    """Compare as `<`, `<=`, `>` and `>=` do."""
    wanted = None if asked.quoted else number(asked.value)
    if wanted is not None:
        found: Any = number(value)
        against: Any = wanted
    else:
        found, against = value if isinstance(value, str) else None, asked.value
    if found is None:
        return False
    return bool(
        {
            "<": lambda: found < against,
            "<=": lambda: found <= against,
            ">": lambda: found > against,
            ">=": lambda: found >= against,
        }[asked.operator]()
    )


def has_words(value: Any, asked: Asked) -> bool:
    """Compare as a bare word and `~` do."""
    wanted = words(asked.value)
    as_number = number(asked.value)
    if as_number is not None and number(value) == as_number:
        return True
    if not isinstance(value, str) or number(value) is not None:
        return False
    found = words(value)
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found)))


def holds(view: RecordView, asked: Asked) -> bool:
    """Tell whether a condition on the content holds."""
    leaves = list(leaves_of(view.content))
    if asked.path is None:
        header = [view.leaf, view.issuer, view.source, *view.signed_by]
        return any(has_words(value, asked) for value in [*header, *(v for _, v in leaves)])
    values = [value for path, value in leaves if path == asked.path]
    if asked.operator == "=":
        return any(equal(value, asked) for value in values)
    if asked.operator == "!=":
        return bool(values) and not any(equal(value, asked) for value in values)
    if asked.operator == "~":
        return any(has_words(value, asked) for value in values)
    return any(ordered(value, asked) for value in values)


def expected(views: list[RecordView], conditions: list[Asked]) -> list[int]:
    """List the indices of the entries that satisfy all conditions, ascending."""
    return [view.index for view in views if all(holds(view, asked) for asked in conditions)]

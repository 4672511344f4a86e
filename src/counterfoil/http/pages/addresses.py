"""Addresses of pages, and the searches that they stand for: click a value to filter by it.

The address is the whole state of a page, so whatever can be clicked is an address that differs in
one thing. This module refuses to search: the ledger does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

__all__ = ["VALUE_MAX", "changed", "condition", "quoted", "searched"]

VALUE_MAX: Final = 200
"""Longest text that can be clicked to filter by it, characters."""


def quoted(text: str) -> str:
    r"""Write text for a search, whatever is in it.

    >>> print(quoted('say "hi"'))
    "say \"hi\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def condition(field: str, value: Any, *, header: bool = False) -> str:
    """Write the condition that a field has a value; empty where that cannot be searched.

    field: of the content, its keys joined by dots; of the header where `header`.

    >>> condition("payee.name", "Ada"), condition("kind", "key", header=True)
    ('"payee.name"="Ada"', 'kind="key"')
    """
    name = field if header else quoted(field)
    if value is None or isinstance(value, bool):
        return f"{name}={str(value).lower().replace('none', 'null')}"
    if isinstance(value, (int, float)):
        return f"{name}={value}"
    if not isinstance(value, str) or len(value) > VALUE_MAX or "\x00" in value:
        return ""
    return f"{name}={quoted(value)}"


def changed(path: str, query: Mapping[str, Sequence[str]], **changes: Any) -> str:
    """Write an address that differs from the one that was asked for.

    changes: parameter -> its new value, values, or None to leave it out. A page of results that is
    asked for otherwise begins at its first: `after` goes unless it is given.
    """
    kept = {name: list(values) for name, values in query.items() if name not in changes}
    if "after" not in changes:
        kept.pop("after", None)
    for name, value in changes.items():
        if value is not None and value != "":
            kept[name] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    text = urlencode([(name, one) for name, values in kept.items() for one in values if one])
    return f"{path}?{text}" if text else path


def searched(*conditions: str) -> str:
    """Write the address of the records that satisfy conditions."""
    return changed("/records", {}, f=[one for one in conditions if one])

"""What a record says in one line: its most telling fields, each of which can be clicked.

This module refuses to interpret: it picks fields, and shows them as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from counterfoil.http.pages.addresses import condition, searched
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.search.fields import flatten
from counterfoil.ledger.unwrap import Signers

__all__ = ["TEXT_MAX", "decimal_of", "row_of", "shown", "telling", "timed"]

TEXT_MAX: Final = 120
"""Most characters of a value in a list."""

_FIELDS_MAX: Final = 3

_TELLING: Final = {
    "decision": ("outcome", "score", "purpose", "note"),
    "model": ("name", "version", "format"),
    "dataset": ("name", "version"),
    "evaluation": ("model.name", "data.name"),
    "check": ("check", "passed", "about.name"),
    "refusal": ("refused", "code"),
    "alert": ("title", "severity", "state"),
    "acknowledgement": ("verdict", "by.name", "note"),
    "watcher": ("name", "version", "watches"),
    "action": ("action", "target", "result"),
    "key": ("action", "role", "organisation"),
    "incident": ("title", "severity", "state"),
    "rule": ("name", "version"),
    "erasure": ("person", "basis"),
    "opening": ("actor", "purpose"),
    "governance": ("action", "scope", "why"),
    "decider": ("decider", "action"),
    "party": ("name",),
    "batch": ("count",),
    "block": ("rows",),
    "verdict": ("outcome", "scope"),
}
_DULL: Final = frozenset({"issuer", "source", "number", "at_ms", "nonce", "audience"})


def telling(view: RecordView) -> list[dict[str, Any]]:
    """Pick up to three fields: {field, value, href}; href filters by the value, or is empty."""
    flat = [(path, value) for path, value in flatten(view.content) if path is not None]
    known = dict(reversed(flat))
    chosen = [(name, known[name]) for name in _TELLING.get(view.kind, ()) if name in known]
    picked = chosen or list(_plain(flat))
    return [
        {"field": name, "value": shown(value), "href": searched(condition(name, value))}
        for name, value in picked[:_FIELDS_MAX]
    ]


def shown(value: Any, most: int = TEXT_MAX) -> str:
    """Write a value as text of a bounded length."""
    text = value if isinstance(value, str) else _word(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def timed(ledger: Ledger, views: Iterable[RecordView]) -> list[RecordView]:
    """Give members of batches, which tell no time themselves, the time of their signature."""
    signers = Signers(lambda first, end: ledger.entries(first, min(end, ledger.size)))
    return [
        replace(one, at_ms=signers.of(one.index).at_ms)
        if one.at_ms is None and not one.signed_by
        else one
        for one in views
    ]


def row_of(view: RecordView, columns: tuple[str, ...] = ()) -> dict[str, Any]:
    """Lay a record out as a flat row for tables: what is in a header, a line, and chosen fields.

    columns: fields of the content, keys joined by dots; what is there several times is joined.
    """
    picked = telling(view)
    found: dict[str, Any] = {
        "index": view.index,
        "kind": view.kind,
        "issuer": view.issuer,
        "source": view.source,
        "number": view.number,
        "at_ms": view.at_ms,
        "leaf": view.leaf,
        "says": ", ".join(f"{one['field']} {one['value']}" for one in picked),
    }
    if columns:
        flat = flatten(view.content)
        for name in columns:
            values = [value for path, value in flat if path == name]
            found[name] = values[0] if len(values) == 1 else "; ".join(map(shown, values)) or None
    return found


def _plain(flat: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in flat:
        long = isinstance(value, str) and len(value) > TEXT_MAX
        if value not in (None, "") and not long and name not in _DULL:
            yield name, value


def _word(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def decimal_of(text: Any) -> float | None:
    """Read decimal text of a statement; None for none, and for what JSON has no number for."""
    try:
        found = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if isfinite(found) else None

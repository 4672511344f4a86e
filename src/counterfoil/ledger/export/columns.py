"""Lay contents out in columns: one for every path that any record has.

Objects become columns, their keys joined by dots (a dot or backslash inside a key is written with
a backslash before it, so no two paths share a column). Arrays and empty objects stay JSON text in
one cell. A column whose values are all of one kind keeps it; integers and fractions together are
numbers; anything else mixed is text, in which what was no text stands as JSON. This module
refuses more columns than a table can be read with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.ledger.export.rows import ExportRow

__all__ = [
    "COLUMNS_MAX",
    "HEADER_COLUMNS",
    "ColumnKind",
    "Columns",
    "cells",
    "header_values",
    "kind_of_value",
]

COLUMNS_MAX: Final = 4096
"""Most columns of the content."""

HEADER_COLUMNS: Final = (
    "index",
    "leaf",
    "kind",
    "issuer",
    "source",
    "number",
    "at_ms",
    "signed_by",
)
"""Columns of every table, before those of the content."""

ColumnKind = Literal["boolean", "integer", "number", "text"]

_PREFIX: Final = "content."
_PERSONAL: Final = "personal."
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any]).decode
_KINDS: Final[dict[type, ColumnKind]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "text",
    dict: "text",
}


def cells(row: ExportRow) -> dict[str, Any]:
    """Lay the content of a row out as column -> value; arrays and empty objects as they are.

    A personal field has a column, too, which says `sealed` or `erased`.
    """
    found: dict[str, Any] = {}
    _lay_out(_OBJECT(row.content), _PREFIX, found)
    if row.personal:
        for group in row.personal:
            found |= {f"{_PERSONAL}{name}": group.state for name in group.names}
    return found


def _lay_out(value: dict[str, Any], prefix: str, found: dict[str, Any]) -> None:
    for key, item in value.items():
        name = key
        if "." in key or "\\" in key:
            name = key.replace("\\", "\\\\").replace(".", "\\.")
        if type(item) is dict and item:
            _lay_out(item, f"{prefix}{name}.", found)
        else:
            found[prefix + name] = item


class Columns:
    """The columns of the contents seen so far, in the order in which they came up."""

    def __init__(self) -> None:
        self._kinds: dict[str, ColumnKind | None] = {}

    def see(self, row: ExportRow) -> None:
        """Take up the columns of one more row. Raises InputError with code export.columns."""
        self.see_cells(cells(row), row.index)

    def see_cells(self, found: Mapping[str, Any], index: int) -> None:
        """Take up the columns of the cells of entry `index`; raises as `see`."""
        kinds = self._kinds
        for name, value in found.items():
            known = kinds.get(name)
            if known is None:
                kinds[name] = kind_of_value(value)
                if len(kinds) > COLUMNS_MAX:
                    raise InputError(
                        "export.columns",
                        f"expected at most {COLUMNS_MAX} columns, found more at entry {index}",
                        hint="Export NDJSON, which needs no columns, or fewer entries.",
                    )
            elif value is not None and _KINDS[type(value)] != known:
                kinds[name] = _both(known, _KINDS[type(value)])

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the content."""
        return tuple(self._kinds)

    @property
    def kinds(self) -> tuple[ColumnKind, ...]:
        """What each column of the content holds; text where there are only nulls."""
        return tuple(kind or "text" for kind in self._kinds.values())

    def values(self, row: ExportRow) -> list[Any]:
        """List the cells of a row in the columns' order, each of its column's kind or None."""
        return self.values_of(cells(row))

    def values_of(self, found: Mapping[str, Any]) -> list[Any]:
        """List cells as `values` does."""
        return [_cell(found.get(name), kind) for name, kind in self._kinds.items()]


def header_values(row: ExportRow) -> Sequence[Any]:
    """List the cells of HEADER_COLUMNS."""
    return (
        row.index,
        row.leaf,
        row.kind,
        row.issuer,
        row.source,
        row.number,
        row.at_ms,
        row.signed_by,
    )


def kind_of_value(value: Any) -> ColumnKind | None:
    """Tell which kind of column holds a value as it is; None for null, which any does."""
    return None if value is None else _KINDS[type(value)]


def _both(one: ColumnKind, other: ColumnKind) -> ColumnKind:
    return "number" if {one, other} == {"integer", "number"} else "text"


def _cell(value: Any, kind: ColumnKind | None) -> Any:
    if value is None or (kind != "text" and kind is not None):
        return value
    return value if type(value) is str else msgspec.json.encode(value).decode()

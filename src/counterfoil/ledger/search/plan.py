"""Narrow a query by what the index can answer: terms, zones, and bounds on the entry's index.

Whatever is narrowed, every hit is among what is left; `match` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from counterfoil.ledger.search.query import Comparison, Query, Words
from counterfoil.ledger.search.terms import (
    ZONE_TEXT_CHARS,
    ZONED_HEADER,
    field_code,
    field_term,
    is_digest,
    value_prefix,
    word_term,
)
from counterfoil.storage import SearchIndex, ZoneKind, quote_term
from counterfoil.units import TILE_WIDTH

__all__ = ["Plan", "candidates", "plan"]

_PAGE_FIRST, _PAGE_MAX = 128, 4096  # rows asked of the index at once
_WINDOW: Final = 4096  # blocks whose zones are read at once


@dataclass(frozen=True, slots=True)
class _ZoneCondition:
    kind: ZoneKind
    field: int
    low: float | str | None
    high: float | str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left of a query for the index.

    first, end: entries outside cannot match. expression: FTS5 over terms, empty for any.
    """

    first: int
    end: int
    expression: str
    zones: tuple[_ZoneCondition, ...]


def plan(query: Query, first: int, end: int) -> Plan:
    """Plan a search of entries [first, end)."""
    groups: list[str] = []
    zones: list[_ZoneCondition] = []
    for condition in query.conditions:
        if isinstance(condition, Words):
            groups.append(_words_group(condition))
        elif condition.in_header and condition.field == "index":
            low, high = _index_bounds(condition)
            first, end = max(first, low), min(end, high)
        elif condition.operator == "=":
            term = field_term(condition.field, condition.in_header, condition.value.text)
            groups.append(quote_term(term))
        elif condition.operator != "!=":
            zones += _zone(condition)
    return Plan(first, end, " AND ".join(dict.fromkeys(groups)), tuple(zones))


def candidates(
    index: SearchIndex | None, found: Plan, first: int, end: int, newest_first: bool
) -> Iterator[Sequence[int]]:
    """List the entries of [first, end) that may match: runs within one block, in order.

    index: None where nothing is indexed; then all may.
    """
    first, end = max(first, found.first), min(end, found.end)
    if first >= end:
        return
    zones = [_Zone(index, condition) for condition in found.zones] if index else []
    if index is None or not found.expression:
        for block in _steps(first // TILE_WIDTH, -(-end // TILE_WIDTH), newest_first):
            if all(zone.allows(block) for zone in zones):
                at = block * TILE_WIDTH
                yield _steps(max(first, at), min(end, at + TILE_WIDTH), newest_first)
        return
    limit = _PAGE_FIRST
    while first < end:
        rows = index.find(found.expression, first, end, newest_first=newest_first, limit=limit)
        run: list[int] = []
        for row in rows:
            if run and row // TILE_WIDTH != run[0] // TILE_WIDTH:
                yield run
                run = []
            if all(zone.allows(row // TILE_WIDTH) for zone in zones):
                run.append(row)
        if run:
            yield run
        if len(rows) < limit:
            return
        first, end = (first, rows[-1]) if newest_first else (rows[-1] + 1, end)
        limit = min(limit * 2, _PAGE_MAX)


def _steps(first: int, end: int, backwards: bool) -> range:
    return range(end - 1, first - 1, -1) if backwards else range(first, end)


class _Zone:
    """Answers for one condition which blocks may hold a value, a window of blocks at a time."""

    def __init__(self, index: SearchIndex, condition: _ZoneCondition) -> None:
        self._index, self._condition = index, condition
        self._window = -1
        self._blocks: set[int] = set()

    def allows(self, block: int) -> bool:
        window = block // _WINDOW
        if window != self._window:
            c, at = self._condition, window * _WINDOW
            self._blocks = self._index.blocks(c.kind, c.field, c.low, c.high, at, at + _WINDOW)
            self._window = window
        return block in self._blocks


def _words_group(condition: Words) -> str:
    """All words must stand somewhere; a number or a digest may be a whole value instead."""
    group = " AND ".join(quote_term(word_term(word)) for word in dict.fromkeys(condition.words))
    if condition.number is None and not is_digest(condition.text):
        return f"({group})"
    return f"(({group}) OR {quote_term(value_prefix(condition.text), prefix=True)})"


def _zone(condition: Comparison) -> list[_ZoneCondition]:
    if condition.in_header and condition.field not in ZONED_HEADER:
        return []
    number, text = condition.value.number, condition.value.text
    bound = float(number) if number is not None else text[:ZONE_TEXT_CHARS]
    kind: ZoneKind = "number" if number is not None else "text"
    low, high = (bound, None) if condition.operator in (">", ">=") else (None, bound)
    return [_ZoneCondition(kind, field_code(condition.field, condition.in_header), low, high)]


def _index_bounds(condition: Comparison) -> tuple[int, int]:
    """Tell the bounds [low, high) that a condition on `index` sets."""
    wanted = condition.value.number or Decimal(0)  # the parser refuses what is no number
    number = min(max(wanted, Decimal(-1)), Decimal(2**62))
    floor = int(number.to_integral_value(ROUND_FLOOR))
    ceiling = int(number.to_integral_value(ROUND_CEILING))
    return {
        "=": (ceiling, floor + 1),
        ">": (floor + 1, 2**63),
        ">=": (ceiling, 2**63),
        "<": (0, ceiling),
        "<=": (0, floor + 1),
    }.get(condition.operator, (0, 2**63))

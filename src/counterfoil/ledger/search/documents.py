"""Make what the index stores of a run of entries: each entry's terms, and the zones of all.

This is the inner loop of indexing, hence its plain and repeated steps. A zone is the lowest and
the highest value of a field in a block of 256 entries: it tells a range which blocks to skip.
This module refuses to keep more than 256 fields of a block: such a block is always read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final, TypeVar

from counterfoil.ledger.search.fields import ContentField, EntryFields, Field, Scalar
from counterfoil.ledger.search.numbers import is_number
from counterfoil.ledger.search.terms import (
    ZONE_TEXT_CHARS,
    ZONED_HEADER,
    field_code,
    field_suffix,
    is_worded,
    value_prefix,
    value_text,
    word_terms,
)
from counterfoil.storage import TERM_SEPARATOR, Zone
from counterfoil.units import TILE_WIDTH

__all__ = ["Documents"]

_FIELDS_MAX: Final = 256  # zones of one block
_SLOTS_MAX: Final = 4096
_CACHED_CHARS: Final = 48  # terms of longer texts are not remembered
_CACHED_TEXTS: Final = 1 << 14
_TERMS_FEW: Final = 256  # more may repeat

_K = TypeVar("_K")


class _Slot:
    """What is known of a field while its block is read, and the terms of its last text."""

    __slots__ = ("code", "last", "numbers", "suffix", "terms", "texts")

    def __init__(self, code: int) -> None:
        self.code, self.suffix = code, field_suffix(code)
        self.last: str | None = None
        self.terms: list[str] = []
        self.numbers: list[float] = []
        self.texts: list[str] = []


class Documents:
    """Collects the terms and zones of entries, which come in the log's order.

    entries: (index, terms joined for the index), as they came. wide_blocks: whose zones leave
    fields out. chars: length of all terms.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[int, str]] = []
        self.wide_blocks: list[int] = []
        self.chars = 0
        self._content: dict[str, _Slot] = {}
        self._header: dict[tuple[str, str], _Slot] = {}  # by name and kind
        self._block = 0
        self._zones: list[Zone] = []
        self._short_terms = lru_cache(_CACHED_TEXTS)(_text_terms)

    def add(self, entry: EntryFields) -> None:
        """Take up the next entry."""
        if entry.index // TILE_WIDTH != self._block:
            self._close_block()
            self._block = entry.index // TILE_WIDTH
        found: list[str] = []
        self._add_header(found, entry.header, entry.kind)
        self._add_content(found, entry.content)
        unique: Iterable[str] = found if len(found) < _TERMS_FEW else dict.fromkeys(found)
        joined = TERM_SEPARATOR.join(unique)
        self.chars += len(joined)
        self.entries.append((entry.index, joined))

    def zones(self) -> list[Zone]:
        """List the zones of all entries so far."""
        self._close_block()
        return self._zones

    def _add_header(self, found: list[str], header: list[Field], kind: str) -> None:
        slots = self._header
        for name, value in header:
            if name == "index":  # it is the row's own number
                continue
            slot = slots.get((name, kind)) or self._slot(slots, (name, kind), name, in_header=True)
            if type(value) is not str:
                found.append(value_text(value) + slot.suffix)
            elif value == slot.last:
                found += slot.terms
            else:
                text, words = _text_terms(value)
                slot.last = value
                slot.terms = [text + slot.suffix, *(words if is_worded(name, kind) else ())]
                found += slot.terms
            if name in ZONED_HEADER:
                _note(slot, value)

    def _add_content(self, found: list[str], content: list[ContentField]) -> None:
        slots = self._content
        for path, value in content:
            if path is None:
                found += (value_prefix(value), *(word_terms(value) if type(value) is str else ()))
                continue
            slot = slots.get(path) or self._slot(slots, path, path, in_header=False)
            if type(value) is int:
                found.append(f"{value}{slot.suffix}")
                slot.numbers.append(value)
            elif type(value) is str:
                text, words = self._terms(value)
                found.append(text + slot.suffix)
                found += words
                _note(slot, value)
            elif type(value) is float:
                text = value_text(value) if value.is_integer() else repr(value)
                found.append(text + slot.suffix)
                slot.numbers.append(value)
            else:
                found.append(value_text(value) + slot.suffix)

    def _terms(self, text: str) -> tuple[str, tuple[str, ...]]:
        return self._short_terms(text) if len(text) < _CACHED_CHARS else _text_terms(text)

    def _slot(self, slots: dict[_K, _Slot], key: _K, field: str, *, in_header: bool) -> _Slot:
        if len(slots) >= _SLOTS_MAX:
            self._close_block()  # two zones of one block and field are joined by the index
            slots.clear()
        slot = slots[key] = _Slot(field_code(field, in_header))
        return slot

    def _close_block(self) -> None:
        """Turn what was noted into zones."""
        block = self._block
        slots = chain(self._header.values(), self._content.values())
        used = [slot for slot in slots if slot.numbers or slot.texts]
        if len(used) > _FIELDS_MAX:
            self.wide_blocks.append(block)
        for slot in used[:_FIELDS_MAX]:
            if slot.numbers:
                low, high = float(min(slot.numbers)), float(max(slot.numbers))
                self._zones.append(("number", slot.code, block, low, high))
            if slot.texts:
                self._zones.append(("text", slot.code, block, min(slot.texts), max(slot.texts)))
        for slot in used:
            slot.numbers.clear()
            slot.texts.clear()


def _note(slot: _Slot, value: Scalar) -> None:
    """Note a value for its zones: text that is a number stands in both."""
    if isinstance(value, str):
        slot.texts.append(value[:ZONE_TEXT_CHARS])
        if is_number(value):
            slot.numbers.append(float(value))
    elif value is not None and type(value) is not bool:
        slot.numbers.append(value)


def _text_terms(text: str) -> tuple[str, tuple[str, ...]]:
    """Make the beginning of the term of a text, and the terms of its words."""
    return value_text(text), word_terms(text)

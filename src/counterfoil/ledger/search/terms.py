"""Turn fields into what the index keeps: terms for equality and words, zones for ranges.

A term is the folded value and a short code of its field, so that one prefix finds a value in any
field. Terms only narrow: folding, cutting and hashing may bring two values together, and whoever
searches compares the entries' own values. This module refuses to decide a match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeVar

from counterfoil.ledger.search.fields import EntryFields, Scalar
from counterfoil.ledger.search.numbers import is_number, number_key
from counterfoil.storage.search_index import TERM_SEPARATOR, Zone
from counterfoil.units import TILE_WIDTH

__all__ = [
    "ZONED_HEADER",
    "ZONE_TEXT_CHARS",
    "ZoneMap",
    "document",
    "field_code",
    "field_term",
    "is_digest",
    "is_worded",
    "value_prefix",
    "word_term",
    "words",
]

_WORDED_HEADER: Final = frozenset(
    {
        "leaf",
        "issuer",
        "source",
        "signed_by",
        "on_behalf_of",
        "audience",
        "nonce",
        "corrects",
        "supersedes",
    }
)
ZONED_HEADER: Final = frozenset({"number", "at_ms"})
"""Header fields that zones are kept of; all content fields have zones."""

ZONE_TEXT_CHARS: Final = 32
"""Zones compare this much of a text, characters."""

_VALUE_CHARS: Final = 32  # longer values are hashed
_DIGEST_CHARS: Final = 12
_ZONED_MAX: Final = 256  # fields of one block with zones; more make the block wide
_END: Final = "\x1f"  # ends the value in a term
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_WORD: Final = re.compile(r"\w+")
_CACHED_CHARS: Final = 64  # words of longer texts are not remembered

_Key = tuple[int, int]  # (field, block)
_T = TypeVar("_T", float, str)


def fold(text: str) -> str:
    """Make text that differs in case or Unicode form only the same."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())


def is_worded(name: str, kind: str) -> bool:
    """Tell whether a bare word looks at a header field of an entry of this kind.

    Not at `kind`, `index`, `number` and `at_ms`, nor at the subject's name in records and blocks:
    every entry has them, and who looks for the word "record" looks for it in what was recorded.
    """
    if name == "subject.name":
        return kind not in ("record", "block")
    return name in _WORDED_HEADER or name.startswith(("expect.", "subject."))


def is_digest(text: str) -> bool:
    """Tell whether text is 64 hexadecimal digits: uniform, so that its beginning is enough."""
    return len(text) == 64 and _DIGEST.fullmatch(text) is not None


def words(text: str) -> list[str]:
    """Cut text into folded words: runs of letters, digits and underscores of any script."""
    return _WORD.findall(fold(text))


@lru_cache(1 << 14)
def field_code(field: str, in_header: bool) -> int:
    """Number a field, 0 to 2^20 - 1; two fields may share a number."""
    digest = blake2b(f"{'h' if in_header else 'c'}{field}".encode(), digest_size=3).digest()
    return int.from_bytes(digest, "big") & 0xFFFFF


@lru_cache(1 << 14)
def _suffix(field: str, in_header: bool) -> str:
    code, letters = field_code(field, in_header), "0123456789abcdefghijklmnopqrstuv"
    return _END + "".join(letters[code >> shift & 31] for shift in (15, 10, 5, 0))


def value_prefix(value: Scalar) -> str:
    """Make the beginning of the terms of a value, whatever its field."""
    return _value_text(value) + _END


def field_term(field: str, in_header: bool, value: Scalar) -> str:
    """Make the term of a value in a field."""
    return _value_text(value) + _suffix(field, in_header)


def word_term(word: str) -> str:
    """Make the term of a folded word in any text."""
    return _cut(word) + _END


def document(entry: EntryFields, zones: ZoneMap) -> str:
    """Make the terms of an entry, joined for the index, and note its values in `zones`."""
    found: list[str] = []
    for name, value in entry.header:
        if name == "index":  # it is the row's own number
            continue
        found.append(field_term(name, True, value))
        if isinstance(value, str) and is_worded(name, entry.kind):
            found += _word_terms(value)
        if name in ZONED_HEADER:
            zones.add(entry.index, field_code(name, True), value)
    for path, value in entry.content:
        if path is not None:
            found.append(_value_text(value) + _suffix(path, False))
            zones.add(entry.index, field_code(path, False), value)
        else:
            found.append(value_prefix(value))
        if isinstance(value, str):
            found += _word_terms(value)
    return TERM_SEPARATOR.join(found if len(found) < 256 else dict.fromkeys(found))


def _word_terms(text: str) -> tuple[str, ...]:
    """Make the terms of the words of a text; numbers and digests are found by their prefix."""
    return _short_word_terms(text) if len(text) <= _CACHED_CHARS else _all_word_terms(text)


def _all_word_terms(text: str) -> tuple[str, ...]:
    if is_number(text) or is_digest(text):
        return ()
    return tuple(map(word_term, dict.fromkeys(words(text))))


_short_word_terms: Final = lru_cache(1 << 14)(_all_word_terms)


def _value_text(value: Scalar) -> str:
    if isinstance(value, str):
        return _cut(number_key(value) if is_number(value) else fold(value))
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else number_key(value)


def _cut(folded: str) -> str:
    # What is printable holds neither a separator nor NUL.
    if len(folded) <= _VALUE_CHARS and folded.isprintable():
        return folded
    if is_digest(folded):
        return folded[:_DIGEST_CHARS]
    return blake2b(folded.encode(), digest_size=8).hexdigest()


class ZoneMap:
    """The lowest and highest values of each field in each block of 256 entries.

    Text that is written like a number stands in both the zone of numbers and that of texts.
    """

    def __init__(self) -> None:
        self._numbers: dict[_Key, tuple[float, float]] = {}
        self._texts: dict[_Key, tuple[str, str]] = {}
        self._fields: dict[int, int] = {}  # block -> zones
        self.wide_blocks: set[int] = set()

    def add(self, index: int, field: int, value: Scalar) -> None:
        """Note the value of a field of the entry at `index`."""
        key = (field, index // TILE_WIDTH)
        if isinstance(value, str):
            self._note(self._texts, key, value[:ZONE_TEXT_CHARS])
            if is_number(value):
                self._note(self._numbers, key, float(value))
        elif value is not None and type(value) is not bool:
            self._note(self._numbers, key, value)

    def zones(self) -> Iterator[Zone]:
        """List what was noted."""
        for (field, block), numbers in self._numbers.items():
            yield "number", field, block, *numbers
        for (field, block), texts in self._texts.items():
            yield "text", field, block, *texts

    def _note(self, table: dict[_Key, tuple[_T, _T]], key: _Key, value: _T) -> None:
        known = table.get(key)
        if known is not None:
            if value < known[0]:
                table[key] = value, known[1]
            elif value > known[1]:
                table[key] = known[0], value
            return
        block = key[1]
        count = self._fields.get(block, 0)
        if count < _ZONED_MAX:
            self._fields[block] = count + 1
            table[key] = value, value
        else:
            self.wide_blocks.add(block)

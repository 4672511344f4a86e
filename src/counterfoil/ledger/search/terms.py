"""Turn values into the terms that the index keeps and the search asks for.

A term is the folded value and a short code of its field, so that one prefix finds a value in any
field. Terms only narrow: folding, cutting and hashing may bring two values together, and whoever
searches compares the entries' own values. This module refuses to decide a match.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from typing import Final

from counterfoil.ledger.search.fields import Scalar
from counterfoil.ledger.search.numbers import is_number, number_key

__all__ = [
    "ZONED_HEADER",
    "ZONE_TEXT_CHARS",
    "field_code",
    "field_suffix",
    "field_term",
    "is_digest",
    "is_worded",
    "value_prefix",
    "word_term",
    "word_terms",
    "words",
]

ZONED_HEADER: Final = frozenset({"number", "at_ms"})
"""Header fields that zones are kept of; all content fields have zones."""

ZONE_TEXT_CHARS: Final = 32
"""Zones compare this much of a text, characters."""

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
_VALUE_CHARS: Final = 32  # longer values are hashed
_DIGEST_CHARS: Final = 12
_END: Final = "\x1f"  # ends the value in a term
_WORD_END: Final = "\x1d"  # ends a word, so that the prefix of a value finds no words
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuv"
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_WORD: Final = re.compile(r"\w+")


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
    return _WORD.findall(_fold(text))


def field_code(field: str, in_header: bool) -> int:
    """Give a field a number, 0 to 2^20 - 1; two fields may share it."""
    digest = blake2b(f"{'h' if in_header else 'c'}{field}".encode(), digest_size=3).digest()
    return int.from_bytes(digest, "big") & 0xFFFFF


def field_suffix(code: int) -> str:
    """Make the end of the terms of a field from its number."""
    return _END + "".join(_LETTERS[code >> shift & 31] for shift in (15, 10, 5, 0))


def field_term(field: str, in_header: bool, value: Scalar) -> str:
    """Make the term of a value in a field."""
    return value_text(value) + field_suffix(field_code(field, in_header))


def value_prefix(value: Scalar) -> str:
    """Make the beginning of the terms of a value, whatever its field."""
    return value_text(value) + _END


def word_term(word: str) -> str:
    """Make the term of a folded word in any text."""
    return (
        word if len(word) <= _VALUE_CHARS else _cut(word)
    ) + _WORD_END  # no word holds a separator


def word_terms(text: str) -> tuple[str, ...]:
    """Make the terms of the words of a text; numbers and digests are found by their prefix."""
    if is_digest(text) or is_number(text):
        return ()
    return tuple(map(word_term, dict.fromkeys(words(text))))


def value_text(value: Scalar) -> str:
    """Write a value so that equal values have the same text, and others seldom do."""
    if isinstance(value, str):
        if is_digest(value):
            return value[:_DIGEST_CHARS].lower()
        return _cut(number_key(value) if is_number(value) else _fold(value))
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    return number_key(value)


def _fold(text: str) -> str:
    """Make text the same that differs in case or Unicode form only."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())


def _cut(folded: str) -> str:
    # What is printable holds neither a separator nor NUL.
    if len(folded) <= _VALUE_CHARS and folded.isprintable():
        return folded
    return blake2b(folded.encode(), digest_size=8).hexdigest()

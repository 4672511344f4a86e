"""Take a name apart: words with what each is, legal forms and numbers apart.

A person's name keeps titles and particles as words of little weight; an organisation's loses its
legal form to a class and its numbers to a list, since those must agree and not merely look alike.
This module refuses to decide which word is the family name: orders differ between cultures.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from math import log2
from typing import Final, Literal

from counterfoil.apps.finance.names.forms import FORM_WORDS_MAX, LEGAL_FORMS
from counterfoil.apps.finance.names.numbers import fold_numbers
from counterfoil.apps.finance.names.romanise import romanise
from counterfoil.apps.finance.names.text import NAME_MAX, Script, clean, script_of
from counterfoil.apps.finance.names.variants import VARIANTS
from counterfoil.apps.finance.names.words import (
    ABBREVIATIONS,
    ARTICLES,
    FILIAL,
    GENERIC,
    HONOURS,
    LITTLE,
    PARTICLES,
    SPELLINGS,
    TITLES,
    VESSEL_PREFIXES,
)

__all__ = ["ABJAD", "SYLLABIC", "Kind", "Name", "Part", "parse"]

Kind = Literal["person", "organisation", "vessel"]
"""What bears a name, as far as its words are read differently."""

SYLLABIC: Final[frozenset[Script]] = frozenset({"han", "kana", "hangul"})
"""Scripts in which one character is a syllable: a letter there weighs as three."""

ABJAD: Final[frozenset[Script]] = frozenset({"arabic", "hebrew"})
"""Scripts that leave most vowels unwritten."""

_WEIGHTS: Final = {"title": 0.25, "particle": 0.15, "generic": 0.5, "initial": 0.5, "common": 0.5}
_COMMON: Final = frozenset({"abdul", "muhammad"})  # names that mostly stand before another
_PARTS_MAX: Final = 24
_INITIALS_MAX: Final = 3  # letters of a person's that may stand for words
_ACRONYM_MAX: Final = 6  # and of an organisation's
_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z][A-Za-z])")
_QUOTES: Final = re.compile(r"['`’‘ʼʻʹ´]")
_DOTTED: Final = re.compile(r"\b(?:[a-z]\.){2,}(?:[a-z]\b)?|\b(?:[a-z]\.)+[a-z]\b")
_MARKS: Final = re.compile(r"[\W_]+")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_PATRONYMIC: Final = re.compile(
    r"[a-z]{3,}(?:ovich|evich|ovitch|evitch|ovna|evna|ivna|ovych|evych)$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A word of a name.

    text: in small Latin letters (of a syllabic script: as written). role: what it is. weight: how
    much of the name it is, above 0. first: its first letters, as read and as written. initials: it
    may be the first letters of other words.
    """

    text: str
    role: str
    weight: float
    first: str
    initials: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A name that was taken apart.

    shown: cleaned. written: its words in small letters and sorted, and nothing folded. kind: how
    it was read. script: that it came in. parts: its words, forms and numbers apart. native: its
    words as written, of a syllabic script. forms: classes of its legal forms. numbers: in it, in
    order. comma: the family name came first, by a comma. cut: it was
    longer than `NAME_MAX`. weight: of all parts.
    joined: its words without spaces.
    """

    shown: str
    written: tuple[str, ...]
    kind: Kind
    script: Script
    parts: tuple[Part, ...]
    native: tuple[Part, ...]
    forms: frozenset[str]
    numbers: tuple[int, ...]
    comma: bool
    cut: bool
    weight: float
    joined: str


@lru_cache(maxsize=1 << 16)
def parse(text: str, kind: Kind) -> Name:
    """Take a name apart; see `Name`. Any text is taken, an empty one gives no parts.

    >>> name = parse("OOO Acme Trading 2", "organisation")
    >>> [part.text for part in name.parts], sorted(name.forms), name.numbers
    (['acme', 'trading'], ['limited'], (2,))
    """
    shown = clean(text)
    script = script_of(shown)
    comma = kind == "person" and shown.count(",") == 1 and not shown.endswith(",")
    ordered = " ".join(reversed(shown.split(","))) if comma else shown
    native: tuple[Part, ...] = ()
    if script in SYLLABIC:
        words = "".join(one if one.isalnum() else " " for one in ordered).casefold().split()
        native = tuple(
            Part(word, "name", _weight("name", 3 * len(word)), word[0]) for word in words
        )
    plain = romanise(_CAMEL.sub(" ", ordered), script)
    words, forms, numbers = _words(plain, kind)
    titles = sum(1 for _ in takewhile(TITLES.__contains__, words))
    parts = tuple(
        _part(word, kind, at, leads=at < titles) for at, word in enumerate(words[:_PARTS_MAX])
    )
    if kind == "person" and len(parts) > 1:
        parts = _with_names(parts)
    cut = len(words) > _PARTS_MAX or len(unicodedata.normalize("NFKC", text[:2000])) > NAME_MAX
    written = tuple(sorted(_MARKS.sub(" ", shown.casefold()).split()))
    return Name(
        shown=shown,
        written=written,
        kind=kind,
        script=script,
        parts=parts,
        native=native,
        forms=frozenset(forms),
        numbers=tuple(numbers),
        comma=comma,
        cut=cut,
        weight=sum(part.weight for part in parts),
        joined="".join(part.text for part in parts),
    )


def _words(plain: str, kind: Kind) -> tuple[list[str], set[str], list[int]]:
    if kind == "person":
        text = _QUOTES.sub("", plain)
        return _join_servant(_drop_forms(_OTHER.sub(" ", text).split())), set(), []
    text = _QUOTES.sub("", plain).replace("&", " and ").replace("+", " and ")
    words = _OTHER.sub(" ", _DOTTED.sub(lambda found: found[0].replace(".", ""), text)).split()
    if kind == "vessel" and len(words) > 1 and words[0] in VESSEL_PREFIXES:
        del words[0]
    left, forms = _take_forms(words) if kind == "organisation" else (words, set())
    left, numbers = fold_numbers(_join_letters(left))
    left = [_long_word(word) for word in left]
    return left, forms, numbers


def _take_forms(words: list[str]) -> tuple[list[str], set[str]]:
    """Take legal forms out, the longest first; one that is the whole name stays."""
    left: list[str] = []
    forms: set[str] = set()
    at = 0
    while at < len(words):
        for count in range(min(FORM_WORDS_MAX, len(words) - at), 0, -1):
            found = LEGAL_FORMS.get(tuple(words[at : at + count]))
            if found is not None:
                forms.add(found)
                at += count
                break
        else:
            left.append(words[at])
            at += 1
    if not any(word not in LITTLE for word in left):
        return words, set()
    return left, forms


def _drop_forms(words: list[str]) -> list[str]:
    """Take a legal form from the end of a person's name: somebody's business, or a slip."""
    while len(words) > 2 and words[-1] in ("llc", "ltd", "gmbh", "inc", "sa", "ag", "na"):
        words = words[:-1]
    return words


def _join_letters(words: list[str]) -> list[str]:
    """Join single letters that follow each other: a b c is abc."""
    found: list[str] = []
    run = ""
    for word in [*words, "  "]:
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        if run:
            found.append(run)
            run = ""
        found.append(word)
    return found[:-1]


def _join_servant(words: list[str]) -> list[str]:
    """Read `abd al` and `abdel` as `abdul`."""
    found: list[str] = []
    for at, word in enumerate(words):
        if word in ARTICLES and at and VARIANTS.get(words[at - 1]) == "abdul":
            continue
        found.append(word)
    return found


def _long_word(word: str) -> str:
    word = ABBREVIATIONS.get(word, word)
    for ending, other in SPELLINGS[:2]:
        if word.endswith(ending):
            return word[: -len(ending)] + other
    return word


def _part(word: str, kind: Kind, at: int, *, leads: bool) -> Part:
    if kind != "person":
        role = _thing_role(word)
        initials = role == "name" and 1 < len(word) <= _ACRONYM_MAX
        return Part(word, role, _weight(role, len(word)), word[0], initials)
    role, read = _person_role(word, at, leads=leads), VARIANTS.get(word, word)
    initials = 1 < len(word) <= _INITIALS_MAX and not {*word} & {*"aeiouy"}
    return Part(read, role, _weight(role, len(read)), word[0] + read[0], initials)


def _with_names(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Take titles for names where there would be one name alone: Agha is somebody's name."""
    if sum(part.role in ("name", "patronymic") for part in parts) > 1:
        return parts
    return tuple(
        replace(part, role="name", weight=_weight("name", len(part.text)))
        if part.role == "title"
        else part
        for part in parts
    )


def _person_role(word: str, at: int, *, leads: bool) -> str:
    if len(word) == 1:
        return "initial"
    if word in ARTICLES or word in FILIAL or (word in PARTICLES and at):
        return "particle"
    if word in HONOURS or (leads and word in TITLES):
        return "title"
    if VARIANTS.get(word) in _COMMON:
        return "common"
    return "patronymic" if _PATRONYMIC.search(word) and at else "name"


def _thing_role(word: str) -> str:
    if word in LITTLE:
        return "particle"
    return "generic" if word in GENERIC else "name"


def _weight(role: str, letters: int) -> float:
    return _WEIGHTS.get(role, 0.7 if role == "patronymic" else 1.0) * log2(1 + min(letters, 12))

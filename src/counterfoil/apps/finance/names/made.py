"""Make names that mean the same and names that do not, out of names that exist.

For training, for tests and for benchmarks: slips of the keyboard, other transliterations, words
left out, moved or joined, other legal forms; and beside them what must not match: another given or
family name, another father, another number. This module refuses labels that depend on taste: what
it calls the same was made from the same name, what it calls another has a word that was put in.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from counterfoil.apps.finance.names.parsing import Kind

__all__ = ["OTHERS", "SAMES", "MadePair", "make_pairs"]


def _words(text: str) -> list[str]:
    return text.split()


@dataclass(frozen=True, slots=True)
class MadePair:
    """Two names. same: one was made from the other. how: in which way."""

    one: str
    other: str
    kind: Kind
    same: bool
    how: str


_SPELLINGS: Final = (
    ("kh", "h"), ("ou", "u"), ("u", "ou"), ("y", "i"), ("i", "y"), ("v", "w"), ("w", "v"),
    ("q", "k"), ("k", "q"), ("ph", "f"), ("ss", "s"), ("s", "ss"), ("m", "mm"), ("mm", "m"),
    ("sh", "ch"), ("ee", "i"), ("ck", "k"), ("x", "ks"), ("zh", "j"), ("dj", "j"), ("c", "k"),
)  # fmt: skip
_FORMS: Final = (
    ("LLC", "Limited Liability Company"), ("LTD", "Limited"), ("INC", "Incorporated"),
    ("CO", "Company"), ("GMBH", "Gesellschaft mit beschränkter Haftung"), ("CORP", "Corporation"),
    ("JSC", "Joint Stock Company"), ("OAO", "Open Joint Stock Company"), ("OOO", "LLC"),
    ("S.A.", "Sociedad Anonima"), ("PLC", "Public Limited Company"),
)  # fmt: skip
_CYRILLIC: Final = dict(
    pair.split("=")
    for pair in _words(
        """shch=щ zh=ж kh=х ts=ц ch=ч sh=ш yu=ю ya=я yo=ё a=а b=б v=в g=г d=д e=е z=з
    i=и j=дж k=к l=л
    m=м n=н o=о p=п r=р s=с t=т u=у f=ф h=х y=й w=в q=к x=кс c=к"""
    )
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_LONG: Final = 4


def make_pairs(names: Sequence[tuple[str, Kind]], random: Random, count: int) -> list[MadePair]:
    """Make pairs, half the same and half not, each from a name drawn from `names`.

    names: (name, kind), persons as `given family`. random: seeded by whoever calls. count: of
    pairs, at least 0. Names that a way does not fit are drawn anew.
    """
    found: list[MadePair] = []
    ways = list(SAMES.items()), list(OTHERS.items())
    while len(found) < count:
        same = len(found) % 2 == 0
        name, kind = random.choice(names)
        how, make = random.choice(ways[0 if same else 1])
        other, its = random.choice(names)
        if its != kind:
            continue
        made = make(name.split(), other.split(), kind, random)
        if made is not None and made.casefold() != name.casefold():
            found.append(MadePair(name, made, kind, same, how))
        elif made is not None and same:
            found.append(MadePair(name, made, kind, True, "case"))
    return found


_Words = list[str]
_Way = Callable[[_Words, _Words, Kind, Random], str | None]


def _slip(words: _Words, _: _Words, _kind: Kind, random: Random) -> str | None:
    long = [at for at, word in enumerate(words) if len(word) >= _LONG and word.isalpha()]
    if not long:
        return None
    at = random.choice(long)
    word = words[at]
    place = random.randrange(1, len(word) - 1)
    letter = random.choice(_LETTERS)
    slips = (
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    )
    return " ".join([*words[:at], random.choice(slips), *words[at + 1 :]])


def _spelling(words: _Words, _: _Words, kind: Kind, random: Random) -> str | None:
    if kind != "person":
        return None
    name = " ".join(words).lower()
    fits = [(old, new) for old, new in _SPELLINGS if old in name[1:]]
    if not fits:
        return None
    old, new = random.choice(fits)
    at = name.index(old, 1)
    return (name[:at] + new + name[at + len(old) :]).title()


def _no_middle(words: _Words, _: _Words, kind: Kind, _random: Random) -> str | None:
    return f"{words[0]} {words[-1]}" if kind == "person" and len(words) == 3 else None


def _initial(words: _Words, _: _Words, kind: Kind, _random: Random) -> str | None:
    if kind != "person" or len(words) < 2 or not words[0].isalpha():
        return None
    return f"{words[0][0]}. {' '.join(words[1:])}"


def _comma(words: _Words, _: _Words, kind: Kind, _random: Random) -> str | None:
    if kind != "person" or len(words) < 2:
        return None
    return f"{words[-1].upper()}, {' '.join(words[:-1])}"


def _joined(words: _Words, _: _Words, kind: Kind, random: Random) -> str | None:
    if len(words) < (2 if kind == "person" else 3):
        return None
    at = random.randrange(len(words) - 1) if kind == "person" else 0  # forms come last
    return " ".join([*words[:at], words[at] + words[at + 1].lower(), *words[at + 2 :]])


def _title(words: _Words, _: _Words, kind: Kind, random: Random) -> str | None:
    titles = ("Mr.", "Dr.", "President", "General")
    return " ".join([random.choice(titles), *words]) if kind == "person" else None


def _form(words: _Words, _: _Words, kind: Kind, random: Random) -> str | None:
    if kind != "organisation" or len(words) < 2:
        return None
    last = words[-1].upper().strip(".,")
    for short, long in _FORMS:
        if last == short.strip("."):
            return " ".join([*words[:-1], random.choice([long, short.lower()])])
    return None


def _cyrillic(words: _Words, _: _Words, kind: Kind, _random: Random) -> str | None:
    name = " ".join(words).lower()
    if kind != "person" or not name.replace(" ", "").replace("-", "").isascii():
        return None
    for latin, letter in _CYRILLIC.items():
        name = name.replace(latin, letter)
    return name.title()


def _case(words: _Words, _: _Words, _kind: Kind, random: Random) -> str | None:
    return random.choice([str.upper, str.lower, str.title])(" ".join(words))


def _other_last(words: _Words, others: _Words, kind: Kind, _random: Random) -> str | None:
    if kind != "person" or len(words) < 2 or others[-1].casefold() == words[-1].casefold():
        return None
    return " ".join([*words[:-1], others[-1]])


def _other_first(words: _Words, others: _Words, kind: Kind, _random: Random) -> str | None:
    if kind != "person" or len(words) < 2 or others[0].casefold() == words[0].casefold():
        return None
    return " ".join([others[0], *words[1:]])


def _other_word(words: _Words, others: _Words, kind: Kind, _random: Random) -> str | None:
    if kind == "person" or len(words) < 2 or words[0].casefold() == others[0].casefold():
        return None
    return " ".join([others[0], *words[1:]])


def _other(words: _Words, others: _Words, _kind: Kind, _random: Random) -> str | None:
    return " ".join(others) if not {*words} & {*others} else None


SAMES: Final[dict[str, _Way]] = {
    "slip": _slip,
    "spelling": _spelling,
    "no middle name": _no_middle,
    "initial": _initial,
    "comma": _comma,
    "joined": _joined,
    "title": _title,
    "legal form": _form,
    "cyrillic": _cyrillic,
    "case": _case,
}
"""Way -> how a name is written otherwise; None where it does not fit."""

OTHERS: Final[dict[str, _Way]] = {
    "another family name": _other_last,
    "another given name": _other_first,
    "another first word": _other_word,
    "another name": _other,
}
"""Way -> how another's name is made, which may look alike; None where it does not fit."""

"""Find which words of two names belong together: the same, alike, joined, or cut to an initial.

The best pairs are taken first (greedy assignment): names are short, and what a reader would pair is
what is most alike. This module refuses to say whether the names match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.apps.finance.names.parsing import Part
from counterfoil.apps.finance.names.sounds import edits, sound_edits
from counterfoil.apps.finance.names.variants import SISTERS

__all__ = ["Aligned", "Alignment", "How", "align"]

How = Literal["same", "alike", "sister", "initial", "acronym", "joined"]

_ALIKE: Final = 0.5  # from here on two words may be one, badly spelled
_JOINED: Final = 0.75
_RUN: Final = 3  # words that may have been written as one
_ACRONYM: Final = 3  # words from which on their first letters are an acronym
_LETTERS: Final = 6  # words that may have been cut to their first letters


@dataclass(frozen=True, slots=True)
class Aligned:
    """Words that belong together.

    one, other: as text, words that were joined without spaces. how: why. weights: of either.
    edits, sounds: letters and sounds apart. at, to: first place of each.
    """

    one: str
    other: str
    how: How
    weights: tuple[float, float]
    edits: int
    sounds: int
    at: int
    to: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """What belongs together, and what each name has alone, in its order."""

    pairs: tuple[Aligned, ...]
    only_one: tuple[Part, ...]
    only_other: tuple[Part, ...]


def align(one: Sequence[Part], other: Sequence[Part]) -> Alignment:
    """Pair the words of two names; each word is in at most one pair."""
    left, right = dict(enumerate(one)), dict(enumerate(other))
    pairs: list[Aligned] = []
    for at, part in enumerate(one):
        same = [to for to, its in right.items() if its.text == part.text]
        if same:
            to = min(same, key=lambda place: abs(place - at))
            weights = part.weight, right[to].weight
            pairs.append(Aligned(part.text, part.text, "same", weights, 0, 0, at, to))
            del left[at], right[to]
    if left and right:
        found = _alike(left, right)
        found += _runs(left, right, flip=False) + _runs(right, left, flip=True)
        found.sort(key=lambda one: (-one[0], one[1], one[2]))
        for _, ats, tos, pair in found:
            if all(at in left for at in ats) and all(to in right for to in tos):
                pairs.append(pair)
                for at in ats:
                    del left[at]
                for to in tos:
                    del right[to]
    pairs.sort(key=lambda pair: pair.at)
    return Alignment(tuple(pairs), tuple(left.values()), tuple(right.values()))


_Found = tuple[float, tuple[int, ...], tuple[int, ...], Aligned]


def _alike(left: dict[int, Part], right: dict[int, Part]) -> list[_Found]:
    found: list[_Found] = []
    for at, mine in left.items():
        for to, its in right.items():
            how: How = "alike"
            apart, heard = edits(mine.text, its.text), sound_edits(mine.text, its.text)
            longest = max(len(mine.text), len(its.text))
            alike = 1 - (apart + heard) / (2 * longest)
            if "initial" in (mine.role, its.role):
                if not {*mine.first} & {*its.first}:
                    continue
                how, alike, apart, heard = "initial", 0.7, 0, 0
            elif SISTERS.get(mine.text, frozenset()) & SISTERS.get(its.text, frozenset()):
                how, alike, apart, heard = "sister", 0.9, min(apart, 2), min(heard, 2)
            if alike >= _ALIKE:
                weights = mine.weight, its.weight
                pair = Aligned(mine.text, its.text, how, weights, apart, heard, at, to)
                found.append((alike, (at,), (to,), pair))
    return found


def _runs(many: dict[int, Part], single: dict[int, Part], *, flip: bool) -> list[_Found]:
    """Pair words that follow each other with one that has them joined, or their first letters."""
    found: list[_Found] = []
    if len(many) < 2:
        return found
    for to, its in single.items():
        size = len(its.text)
        most = min(_LETTERS, size) if its.initials else _RUN
        for start in many:
            parts, length = [many[start]], len(many[start].text)
            while len(parts) < most and (part := many.get(start + len(parts))) is not None:
                parts.append(part)
                length += len(part.text)
                if 3 * length > 4 * size and not its.initials:
                    break
                if size != len(parts) and not 3 * length <= 4 * size <= 5 * length:
                    continue
                pair = _run(parts, its)
                if pair is None:
                    continue
                alike, how, apart, heard, text = pair
                weight = sum(part.weight for part in parts)
                places = tuple(range(start, start + len(parts)))
                if flip:
                    made = Aligned(
                        its.text, text, how, (its.weight, weight), apart, heard, to, start
                    )
                    found.append((alike, (to,), places, made))
                else:
                    made = Aligned(
                        text, its.text, how, (weight, its.weight), apart, heard, start, to
                    )
                    found.append((alike, places, (to,), made))
    return found


def _run(parts: list[Part], its: Part) -> tuple[float, How, int, int, str] | None:
    if (
        its.initials
        and len(its.text) == len(parts)
        and all(letter in part.first for letter, part in zip(its.text, parts, strict=True))
    ):
        how: How = "acronym" if len(parts) >= _ACRONYM else "initial"
        return 0.8, how, 0, 0, " ".join(part.text for part in parts)
    text = "".join(part.text for part in parts)
    if len(parts) > _RUN or abs(len(text) - len(its.text)) * 4 > len(text):
        return None
    apart, heard = edits(text, its.text), sound_edits(text, its.text)
    alike = 1 - (apart + heard) / (2 * max(len(text), len(its.text)))
    return (alike, "joined", apart, heard, text) if alike >= _JOINED else None

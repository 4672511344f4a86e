"""Look up the words of a list that a word may be: the same, few letters apart, or of one sound.

Words that are one or two edits apart become equal once each has lost one or two letters: those
shortened words are kept, and looked up. Marked words, which stand for something else than a word,
are found as they are. This module refuses words more than two letters apart that also sound
otherwise.
Source: symmetric deletion (Garbe 2012; Bocek, Hunt & Stiller 2007).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Final

from rapidfuzz.distance import OSA

from counterfoil.apps.finance.names.sounds import sound_of

__all__ = ["Vocabulary"]

_PREFIX: Final = 7  # letters of a word that are shortened; the rest is compared afterwards
_APART: Final = 2  # edits between words that may be one
_TWO_FROM: Final = 5  # letters from which on a word may have two edits
_KEPT_MAX: Final = 200_000  # looked-up words that are remembered


class Vocabulary:
    """The words that a list's names are found by. Safe for threads.

    places: word -> its number.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take words in; a word may come many times."""
        self.places: dict[str, int] = {}
        for word in words:
            self.places.setdefault(word, len(self.places))
        self._short: defaultdict[str, list[str]] = defaultdict(list)
        self._sounds: defaultdict[str, list[int]] = defaultdict(list)
        for word, place in self.places.items():
            if word[0].isalnum():
                self._sounds[sound_of(word)].append(place)
                for short in _shortened(word, _APART):
                    self._short[short].append(word)
            elif word[0] == "+":
                for short in _shortened(word[1:], 1):
                    self._short[short].append(word)
        self._known: dict[str, tuple[int, ...]] = {}

    def near(self, word: str) -> tuple[int, ...]:
        """Tell the places of the words that a word may be.

        Of words joined, marked `+`, also the single words that are the same.
        """
        known = self._known.get(word)
        if known is not None:
            return known
        found: set[int] = set()
        if word in self.places:
            found.add(self.places[word])
        if word[0].isalnum():
            found.update(self._sounds.get(sound_of(word), ()))
            found.update(self._alike(word))
        elif word[0] == "+":
            found.update(self._sounds.get(sound_of(word[1:]), ()))
            found.update(self._alike(word[1:]))
        if len(self._known) > _KEPT_MAX:
            self._known = {}
        places = tuple(sorted(found))
        self._known[word] = places
        return places

    def _alike(self, word: str) -> Iterable[int]:
        seen = {other for short in _shortened(word, _APART) for other in self._short.get(short, ())}
        for other in seen:
            bare = other[1:] if other[0] == "+" else other
            limit = _edits(max(len(word), len(bare)))
            if OSA.distance(word, bare, score_cutoff=limit) <= limit:
                yield self.places[other]


def _edits(letters: int) -> int:
    return 0 if letters < 2 else 1 if letters < _TWO_FROM else _APART


def _shortened(word: str, most: int) -> set[str]:
    """List what is left of a word's beginning when it loses as many letters as it may."""
    start = word[:_PREFIX]
    found = {start}
    for lost in range(1, min(most, _edits(len(word) + 1)) + 1):
        if len(start) > lost:
            found.update(map("".join, combinations(start, len(start) - lost)))
    return found

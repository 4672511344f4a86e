"""Find the few names of a list that a query may be, without comparing it with all of them.

A listed name is found by its words. For each word of a query the index looks up the listed words
that may be the same: few letters or sounds apart, a short form, its first letter, its consonants
where vowels are unwritten, words joined or parted. A name of which enough weight is found so, from
the side of the shorter of the two, is a candidate. This module refuses to score: it may only leave
out, and `bench/names.py` says how much it leaves out that it should not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix

from counterfoil.apps.finance.names.parsing import ABJAD, SYLLABIC, Kind, Name, Part, parse
from counterfoil.apps.finance.names.romanise import consonants
from counterfoil.apps.finance.names.variants import SISTERS
from counterfoil.apps.finance.names.vocabulary import Vocabulary

__all__ = ["BLOCK", "NameIndex", "words_of_name"]

BLOCK: Final = 512
"""Queries whose candidates are found at once."""

_COVERED: Final = 0.6  # of the one name's weight that has to be found in the other
_COVERED_BOTH: Final = 0.2  # and of the other's
_OWN: Final = ABJAD | SYLLABIC
_RATIOS: Final = ((fuzz.token_set_ratio, 60.0), (fuzz.partial_token_sort_ratio, 80.0))
_SPARE: Final = 3  # letters that the shorter name has and the longer has not


def words_of_name(name: Name) -> dict[str, float]:
    """List the words that a name is found by, each with how much of the name it is.

    Marked ones, such as `+ab` for words joined, stand for what parts of the name may look like.
    """
    parts = _weighty(name)
    found = {part.text: part.weight for part in parts}
    for run in (parts, name.parts) if len(parts) < len(name.parts) else (parts,):
        for one, other in pairwise(run):
            found[f"+{one.text}{other.text}"] = one.weight + other.weight
    for one, particle, other in zip(name.parts, name.parts[1:], name.parts[2:], strict=False):
        if particle.role == "particle":
            weight = one.weight + particle.weight + other.weight
            found[f"+{one.text}{particle.text}{other.text}"] = weight
    if len(parts) > 2:
        found["+" + "".join(part.text for part in parts)] = _weight(parts)
        if len(parts) <= 6:
            found["+" + "".join(part.text[0] for part in parts)] = _weight(parts)
    for part in parts:
        for group in SISTERS.get(part.text, ()):
            found[f"={group}"] = part.weight
    for part in name.native:
        for character in part.text:
            found[f"#{character}"] = part.weight / len(part.text)
    return found


def _listed(name: Name) -> dict[str, float]:
    """List the words that a listed name is found by, with those that only some queries ask for.

    `^a` begins with a letter, `~bm` has these consonants, `@bm` is of a script without vowels.
    """
    found = words_of_name(name)
    for part in _weighty(name):
        found["^" + part.text[0]] = max(part.weight, found.get("^" + part.text[0], 0.0))
        heard = consonants(part.text)
        if heard:
            found[f"~{heard}"] = part.weight
            if name.script in ABJAD:
                found[f"@{heard}"] = part.weight
    return found


def _asked(name: Name, *, unvowelled: bool) -> dict[str, float]:
    """List what to look up for a query. unvowelled: some listed names are without vowels."""
    found = words_of_name(name)
    for part in _weighty(name):
        if len(part.text) == 1:
            found[f"^{part.text}"] = part.weight
        if name.script in ABJAD:
            found[f"~{consonants(part.text)}"] = part.weight
        elif unvowelled:
            found[f"@{consonants(part.text)}"] = part.weight
    return found


class NameIndex:
    """An index of names, each known by its place. Safe for threads."""

    def __init__(self, names: Sequence[tuple[str, Kind]]) -> None:
        """Index (name, kind) pairs."""
        read = [parse(text, kind) for text, kind in names]
        rows = [_listed(name) for name in read]
        self._vocabulary = Vocabulary(word for row in rows for word in row)
        places = self._vocabulary.places
        weighed = [{places[word]: weight for word, weight in row.items()} for row in rows]
        matrix = _matrix(weighed, len(places))
        self._weights = matrix.T.tocsr()
        matrix.data = np.ones_like(matrix.data)
        self._is_there = matrix.T.tocsr()
        self._totals = np.array([_total(name) for name in read])
        self._texts = [_spaced(name) for name in read]
        self._persons = np.array([name.kind == "person" for name in read], bool)
        self._unvowelled = any(name.script in ABJAD for name in read)
        self._own = np.array([name.script in _OWN for name in read], bool)
        self._letters = _letters([_text(name) for name in read])

    def candidates(self, queries: Sequence[Sequence[Name]]) -> Iterator[list[int]]:
        """Yield for each query the places of the names that it may be, in order.

        queries: each as it is read, once for each kind that it may be.
        """
        for start in range(0, len(queries), BLOCK):
            yield from self._block(queries[start : start + BLOCK])

    def _block(self, queries: Sequence[Sequence[Name]]) -> Iterator[list[int]]:
        flat = [name for query in queries for name in query]
        asked = [_asked(name, unvowelled=self._unvowelled) for name in flat]
        owners = [owner for owner, query in enumerate(queries) for _ in query]
        near = self._vocabulary.near
        rows: list[dict[int, float]] = []
        for row in asked:
            found: dict[int, float] = {}
            for word, weight in row.items():
                for place in near(word):
                    found[place] = max(weight, found.get(place, 0.0))
            rows.append(found)
        size = len(self._vocabulary.places)
        vectors = _matrix(rows, size)
        mine = (vectors @ self._is_there).tocsr()
        vectors.data = np.ones_like(vectors.data)
        its = (vectors @ self._weights).tocsr()
        totals = np.array([_total(name) for name in flat])
        at = np.repeat(np.arange(len(flat)), np.diff(mine.indptr))
        places = mine.indices
        one = np.minimum(1.0, mine.data / totals[at])
        other = np.minimum(1.0, its.data / self._totals[places])
        persons = np.array([name.kind == "person" for name in flat], bool)
        enough = np.flatnonzero(
            (persons[at] == self._persons[places])
            & (np.where(totals[at] <= self._totals[places], one, other) >= _COVERED)
            & (np.minimum(one, other) >= _COVERED_BOTH)
        )
        letters = _letters([_text(name) for name in flat])
        enough = enough[_spare(letters[at[enough]], self._letters[places[enough]]) <= _SPARE]
        enough = enough[self._alike(flat, at[enough], places[enough])]
        owner_of = np.array(owners)[at[enough]]
        chosen = set(zip(owner_of.tolist(), places[enough].tolist(), strict=True))
        kept: list[list[int]] = [[] for _ in queries]
        for owner, place in sorted(chosen):
            kept[owner].append(place)
        yield from kept

    def _alike(self, asked: Sequence[Name], at: Any, places: Any) -> Any:
        """Tell which pairs a fast measure of strings finds alike; scripts of their own all are."""
        texts = [_spaced(name) for name in asked]
        own = np.array([name.script in _OWN for name in asked], bool)
        kept = own[at] | self._own[places]
        for scorer, least in _RATIOS:
            left = np.flatnonzero(~kept)
            mine = [texts[one] for one in at[left].tolist()]
            its = [self._texts[place] for place in places[left].tolist()]
            if mine:
                found = process.cpdist(
                    mine, its, scorer=scorer, score_cutoff=least, dtype=np.float32
                )
                kept[left] = found > 0
        return kept


def _weighty(name: Name) -> list[Part]:
    return [part for part in name.parts if part.role != "particle"] or list(name.parts)


def _total(name: Name) -> float:
    """Weigh the words that have to be found: initials may stand for anything."""
    parts = _weighty(name)
    long = [part for part in parts if len(part.text) > 1] or parts
    return max(_weight(long), 1e-9)


def _weight(parts: Sequence[Part]) -> float:
    return sum(part.weight for part in parts)


def _matrix(rows: Sequence[dict[int, float]], width: int) -> Any:
    starts = np.cumsum([0, *map(len, rows)])
    places = np.fromiter((place for row in rows for place in sorted(row)), int, starts[-1])
    values = np.fromiter((row[place] for row in rows for place in sorted(row)), float, starts[-1])
    return csr_matrix((values, places, starts), shape=(len(rows), width))


def _spaced(name: Name) -> str:
    return " ".join(part.text for part in name.parts if part.role != "particle")


def _text(name: Name) -> str:
    return "".join(part.text for part in name.parts)


def _letters(texts: list[str]) -> Any:
    """Count the letters of each text; (n, 26) int8, digits and other marks left out."""
    found = np.zeros((len(texts), 26), np.int8)
    for row, text in zip(found, texts, strict=True):
        codes = np.frombuffer(text.encode("ascii", "ignore"), np.uint8) - ord("a")
        row += np.bincount(codes[codes < 26], minlength=26).astype(np.int8)
    return found


def _spare(mine: Any, its: Any) -> Any:
    """Count the letters that the one text has and the other has not, of the side with fewer."""
    apart = mine - its
    return np.minimum(np.maximum(apart, 0).sum(axis=1), np.maximum(-apart, 0).sum(axis=1))

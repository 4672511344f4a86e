"""Search the documents: every heading and every defined term is a place that can be found.

An inverted index in memory with the BM25 score, made from the Markdown when first asked: for some
hundred pages that is quick, and there is nothing to keep in step. All words must occur, or, where
no place has all of them, some. A word also finds longer ones that begin with it, for less. This
module refuses to render.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from counterfoil.http.documentation.anchors import Anchors, slug_of, term_anchor
from counterfoil.http.documentation.article import Hit

__all__ = ["SearchIndex", "places_of"]

QUERY_MAX: Final = 200
"""Characters of a query that are read."""
WORDS_MAX: Final = 8
HITS_MAX: Final = 30
LONGER_MAX: Final = 50
"""Longer words that one word finds."""

_WORD: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_PART: Final = re.compile(r"[._-]")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,}|:{3,})")
_HEADING: Final = re.compile(r"(#{1,6}) +(.+?)\s*")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKUP: Final = re.compile(
    r"(?s:<!--.*?-->)|\{[a-z]+\}(?=`)|^[ |:-]+$|^: |^:[a-z]+:.*$|\\(?=[\W_])|[`*|]", re.MULTILINE
)

_SATURATION: Final = 1.2
_LENGTH: Final = 0.75
_PAGE_TITLE: Final = 2
_PLACE_TITLE: Final = 4
_LONGER: Final = 0.4
_LISTS: Final = ("changelog", "reference/errors")
_IN_LISTS: Final = 0.6
"""What lists have many short places that hold common words; pages that explain come first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a page, from a heading or defined term to the next one. text: without markup."""

    name: str
    title: str
    heading: str
    anchor: str
    text: str


class SearchIndex:
    """The places of all documents, by word."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        """Read the pages. pages: name -> Markdown."""
        self._places = [place for name, text in pages.items() for place in places_of(name, text)]
        counted = [_count(place) for place in self._places]
        self._lengths = [sum(count.values()) for count in counted]
        self._mean = sum(self._lengths) / max(1, len(self._lengths))
        self._found: dict[str, dict[int, int]] = {}
        for number, count in enumerate(counted):
            for word, times in count.items():
                self._found.setdefault(word, {})[number] = times
        self._vocabulary = sorted(self._found)

    def search(self, query: str) -> tuple[Hit, ...]:
        """Find places, the best first; nothing for a query without a word."""
        words = list(dict.fromkeys(_WORD.findall(query[:QUERY_MAX].lower())))[:WORDS_MAX]
        scores = [self._scores(word) for word in words]
        if not scores:
            return ()
        everywhere = set(scores[0]).intersection(*scores[1:])
        wanted = everywhere or set().union(*scores)
        total = {
            number: self._weight(number) * sum(one.get(number, 0.0) for one in scores)
            for number in wanted
        }
        best = sorted(total, key=lambda number: (-total[number], number))[:HITS_MAX]
        return tuple(self._hit(number, words, total[number]) for number in best)

    def _weight(self, number: int) -> float:
        return _IN_LISTS if self._places[number].name in _LISTS else 1.0

    def _scores(self, word: str) -> dict[int, float]:
        scores: dict[int, float] = {}
        for one, weight in self._longer(word):
            found = self._found[one]
            rare = math.log(1 + (len(self._places) - len(found) + 0.5) / (len(found) + 0.5))
            for number, times in found.items():
                length = 1 - _LENGTH + _LENGTH * self._lengths[number] / self._mean
                score = weight * rare * times * (_SATURATION + 1) / (times + _SATURATION * length)
                scores[number] = max(scores.get(number, 0.0), score)
        return scores

    def _longer(self, word: str) -> Iterator[tuple[str, float]]:
        start = bisect_left(self._vocabulary, word)
        for one in self._vocabulary[start : start + LONGER_MAX]:
            if not one.startswith(word):
                return
            if one == word or len(word) > 1:
                yield one, 1.0 if one == word else _LONGER

    def _hit(self, number: int, words: Iterable[str], score: float) -> Hit:
        place = self._places[number]
        excerpt = tuple(_excerpt(place.text, words))
        return Hit(place.name, place.title, place.heading, place.anchor, excerpt, score)


def places_of(name: str, text: str) -> Iterator[Place]:
    """Split a page into its places; the first is its title."""
    anchors = Anchors()
    title = heading = name
    anchor = ""
    gathered: list[str] = []
    begun = False
    for line, place in _lines(text):
        if place is None:
            gathered.append(line)
            continue
        if begun:
            yield Place(name, title, heading, anchor, _plain("\n".join(gathered)))
        level, heading, wanted = place
        title = heading if level == 1 else title
        anchor, gathered, begun = anchors.add(wanted), [], True
    yield Place(name, title, heading, anchor, _plain("\n".join(gathered)))


def _lines(text: str) -> Iterator[tuple[str, tuple[int, str, str] | None]]:
    """Give each line outside of fences' marks, and what begins there: (level, heading, anchor)."""
    lines = text.splitlines()
    fence, glossary = "", False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        mark = _FENCE.match(line)
        if mark is None:
            yield line, None if fence else _begun(line, following, glossary=glossary)
        elif fence:
            fence = "" if line.strip().startswith(fence) else fence
        elif glossary:
            glossary = False
        else:
            glossary = "{glossary}" in line
            fence = "" if glossary else mark[1]


def _begun(line: str, following: str, *, glossary: bool) -> tuple[int, str, str] | None:
    if found := _HEADING.fullmatch(line):
        shown = _plain(found[2])
        return len(found[1]), shown, slug_of(shown)
    defined = following.startswith("  " if glossary else ": ")
    if line[:1].strip() and not line.startswith(":") and defined:
        return 7, _plain(line), term_anchor(line)
    return None


def _count(place: Place) -> Counter[str]:
    count: Counter[str] = Counter(_words(place.text))
    count.update({word: _PLACE_TITLE * n for word, n in Counter(_words(place.heading)).items()})
    if place.heading != place.title:
        count.update({word: _PAGE_TITLE * n for word, n in Counter(_words(place.title)).items()})
    return count


def _words(text: str) -> Iterator[str]:
    """Give the words of a text, and the parts of those that are joined, as in `log.expect`."""
    for word in _WORD.findall(text.lower()):
        yield word
        parts = _PART.split(word)
        yield from parts if len(parts) > 1 else ()


def _plain(text: str) -> str:
    return _MARKUP.sub("", _LINK.sub(r"\1", text)).strip()


def _excerpt(text: str, words: Iterable[str], width: int = 240) -> Iterator[tuple[str, bool]]:
    """Cut what surrounds the first of the words, and mark all of them."""
    flat = " ".join(text.split())
    wanted = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    first = wanted.search(flat)
    start = max(0, first.start() - width // 3) if first else 0
    start = flat.rfind(" ", 0, start) + 1
    cut = flat[start : start + width]
    cut = cut if start + width >= len(flat) else cut.rsplit(" ", 1)[0] + " …"
    at = 0
    for match in wanted.finditer(cut):
        if match.start() > at:
            yield cut[at : match.start()], False
        yield match[0], True
        at = match.end()
    if at < len(cut):
        yield cut[at:], False

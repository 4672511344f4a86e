"""Screen names against a list: who on it a name may be, how probably, and why.

Each query is compared with the entries that the index finds; of each entry the best of its names
counts. Dates of birth and countries, where both sides have them, move the score by fixed amounts.
This module refuses to clear anybody: no hit means that no listed name is near enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import inf, log
from typing import Any, Final

from counterfoil.apps.finance.names.circumstances import Circumstance, weigh_birth, weigh_countries
from counterfoil.apps.finance.names.features import Compared, finish, rough
from counterfoil.apps.finance.names.index import BLOCK, NameIndex
from counterfoil.apps.finance.names.lists import ListEntry, ListVersion, SanctionsList
from counterfoil.apps.finance.names.matcher import Matcher, kinds_of, load_matcher, probability
from counterfoil.apps.finance.names.parsing import Kind, Name, parse
from counterfoil.apps.finance.names.wording import words_of

__all__ = ["HITS_MAX", "HIT_FROM", "Hit", "Query", "Screened", "Screener"]

HIT_FROM: Final = 0.8
"""Score from which on an entry is a hit where nothing else is asked for."""

HITS_MAX: Final = 20
"""Most hits of a query that are told."""

_NARROWING: Final = frozenset(
    (
        "person",
        "individual",
        "vessel",
        "ship",
        "airplane",
        "aircraft",
        "vehicle",
        "legalentity",
        "company",
        "organization",
        "organisation",
        "publicbody",
        "entity",
        "business",
    )
)
_WEAK: Final = -1.0  # log-odds of an alias that the list itself calls weak


@dataclass(frozen=True, slots=True)
class Query:
    """Who is asked for. schema: as of `Matcher.match`; born: as `ListEntry`; countries: codes."""

    name: str
    schema: str = ""
    born: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a query may be.

    score: 0 to below 1. entry: whole. version: of the list that it is on. name: of its names, the
    one that is nearest. why: in words. base, contributions: log-odds, as of `Matched`, with
    `birth`, `countries` and `weak_alias`.
    """

    score: float
    entry: ListEntry
    version: ListVersion
    name: str
    why: tuple[str, ...]
    base: float
    contributions: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line prints."""
        return {
            "score": self.score,
            "id": self.entry.id,
            "list": self.version.digest,
            "listed": self.entry.name,
            "name": self.name,
            "kind": self.entry.kind,
            "born": list(self.entry.born),
            "countries": list(self.entry.countries),
            "programmes": list(self.entry.programmes),
            "why": list(self.why),
            "base": self.base,
            "contributions": self.contributions,
        }


@dataclass(frozen=True, slots=True)
class Screened:
    """What screening found. hits: the most probable first. more: hits that are not told.

    empty: the name had nothing to compare.
    """

    query: Query
    hits: tuple[Hit, ...]
    more: int = 0
    empty: bool = False

    @property
    def outcome(self) -> str:
        """Say it in a word: `hit`, `clear`, or `no-name` where there was nothing to compare."""
        return "no-name" if self.empty else "hit" if self.hits else "clear"


@dataclass(slots=True)
class _Best:
    odds: float
    place: int
    read: Name
    its: Name
    compared: Compared
    circumstances: list[Circumstance] = field(default_factory=list)


class Screener:
    """Lists, made ready. Safe for threads.

    lists: as given. hit_from: score from which on an entry is a hit.
    """

    def __init__(
        self,
        lists: Sequence[SanctionsList],
        matcher: Matcher | None = None,
        *,
        hit_from: float = HIT_FROM,
    ) -> None:
        """Index lists; matcher: else the one that this package brings."""
        self.lists = tuple(lists)
        self.hit_from = hit_from
        self._odds_from = log(hit_from / (1 - hit_from)) if hit_from < 1 else inf
        self.matcher = matcher or load_matcher()
        self._names: list[tuple[str, ListEntry, int]] = []
        for number, listed in enumerate(self.lists):
            for entry in listed.entries:
                self._names += [(name, entry, number) for name in entry.names]
        self._read = [parse(name, entry.kind) for name, entry, _ in self._names]
        self._index = NameIndex([(name, entry.kind) for name, entry, _ in self._names])

    def screen(self, queries: Iterable[Query]) -> Iterator[Screened]:
        """Screen queries, in order, as they come, `BLOCK` at a time."""
        waiting = iter(queries)
        while some := list(islice(waiting, BLOCK)):
            found = self._index.candidates([_read(query) for query in some])
            for query, places in zip(some, found, strict=True):
                yield self._screened(query, places)

    def compare_all(self, query: Query) -> Screened:
        """Screen a query against every name, without the index: slow, to judge the index by."""
        return self._screened(query, range(len(self._names)))

    def _screened(self, query: Query, places: Sequence[int]) -> Screened:
        if not any(name.parts for name in _read(query)):
            return Screened(query, (), empty=True)
        best: dict[tuple[int, str], _Best] = {}
        for place in places:
            found = self._compared(query, place)
            if found is None:
                continue
            _, entry, number = self._names[place]
            known = best.get((number, entry.id))
            if known is None or found.odds > known.odds:
                best[number, entry.id] = found
        ranked = sorted(best.values(), key=lambda one: (-one.odds, one.place))
        over = [one for one in ranked if probability(one.odds) >= self.hit_from]
        hits = tuple(map(self._hit, over[:HITS_MAX]))
        return Screened(query, hits, more=len(over) - len(hits))

    def _compared(self, query: Query, place: int) -> _Best | None:
        name, entry, _ = self._names[place]
        its = self._read[place]
        if not _may_be(query, entry.kind):
            return None
        mine = parse(query.name, entry.kind)
        if not mine.parts or not its.parts:
            return None
        found = [
            weigh_birth(query.born, entry.born),
            weigh_countries(query.countries, entry.countries),
        ]
        if name in entry.weak:
            found.append(Circumstance("weak_alias", _WEAK, "the list calls this alias weak"))
        said = [one for one in found if one is not None]
        more = sum(one.odds for one in said)
        begun = rough(mine, its)
        if self.matcher.most(begun) + more < self._odds_from:
            return None
        compared = finish(begun)
        return _Best(self.matcher.odds(compared) + more, place, mine, its, compared, said)

    def _hit(self, best: _Best) -> Hit:
        name, entry, number = self._names[best.place]
        more = {one.name: one.odds for one in best.circumstances}
        return Hit(
            score=probability(best.odds),
            entry=entry,
            version=self.lists[number].version,
            name=name,
            why=(
                *words_of(best.read, best.its, best.compared),
                *(one.words for one in best.circumstances),
            ),
            base=round(self.matcher.bias, 4),
            contributions={**self.matcher.contributions(best.compared), **more},
        )


def _read(query: Query) -> list[Name]:
    """Read a name as a person's and as an organisation's, or as its schema says."""
    return [parse(query.name, kind) for kind in kinds_of(_schema(query))]


def _may_be(query: Query, kind: Kind) -> bool:
    """Tell whether a query may be an entry of this kind; without a schema it may be of any."""
    schema = _schema(query)
    return not schema or kind in kinds_of(schema)


def _schema(query: Query) -> str:
    """Give the schema in small letters; one that is not known narrows nothing down."""
    said = query.schema.strip().casefold()
    return said if said in _NARROWING else ""

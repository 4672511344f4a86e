"""Features of a rating to come, from the ratings before it: whom others trust, and who says so.

Ratings are read in the order of their times, and a row of features is made before its rating is
learned. Fairness, goodness and the flow of trust are computed anew now and then from all ratings
so far. This module refuses to know an account by its number: only what was said counts.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from math import isfinite, log1p
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.insight.accounts.fairness import fairness_goodness, flow_of_trust
from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["GRAPH_FEATURES", "PLAIN_FEATURES", "Ratings", "read_ratings", "trust_features"]

PLAIN_FEATURES: Final = (
    "target_got",
    "target_mean",
    "target_negative",
    "target_age_days",
    "target_idle_days",
    "source_given",
    "source_mean",
    "source_negative",
    "source_age_days",
    "source_idle_days",
)
"""What each side did by itself."""

GRAPH_FEATURES: Final = (
    "back_rating",
    "goodness",
    "source_goodness",
    "fairness",
    "expected",
    "target_trust",
    "source_trust",
    "friends",
    "friends_mean",
    "friends_worst",
    "target_given_mean",
    "source_got_mean",
)
"""What the graph says: the rating back, fairness, goodness, flow of trust, ratings by friends."""

_EVERY: Final = 500  # ratings after which the graph is computed anew
_SEEDS: Final = 20  # oldest accounts that trust flows from
_DAY_S: Final = 86_400.0
_COLUMNS: Final = ("source", "target", "rating", "time")
_FRIENDS: Final = 400  # of a source that are asked


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings by time, the oldest first.

    source, target: (n,) numbers of accounts, 0 to accounts - 1. rating: (n,), -1 to 1. time: (n,)
    Unix s.
    """

    source: Ints
    target: Ints
    rating: Floats
    time: Floats
    accounts: int


def read_ratings(file: Path) -> Ratings:
    """Read a CSV file (.gz, too) with the columns source, target, rating and time.

    Ratings are divided by the largest one's size. Rows of one time keep their order. Raises
    NotFound with code file.missing, InputError with code accounts.ratings.
    """
    np = need("numpy")
    try:
        data = file.read_bytes()
    except OSError as err:
        raise NotFound(
            "file.missing",
            f"expected a file of ratings, found none at {str(file)[:80]!a}",
            hint="Give a CSV file with the columns source, target, rating and time.",
        ) from err
    try:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        found = [
            (row["source"], row["target"], float(row["rating"]), float(row["time"])) for row in rows
        ]
    except (csv.Error, KeyError, TypeError, ValueError, EOFError, OSError) as err:
        names = ", ".join(_COLUMNS)
        raise _wrong(f"the columns {names}, of names and numbers, but: {err!a:.120}") from err
    if not found or not all(isfinite(one[2]) and isfinite(one[3]) for one in found):
        raise _wrong(f"ratings with finite numbers, found {len(found)} rows")
    found.sort(key=lambda one: one[3])
    ordered = dict.fromkeys(name for one in found for name in one[:2])
    places = {name: at for at, name in enumerate(ordered)}
    rating = np.array([one[2] for one in found])
    return Ratings(
        np.array([places[one[0]] for one in found]),
        np.array([places[one[1]] for one in found]),
        rating / max(float(np.abs(rating).max()), 1e-9),
        np.array([one[3] for one in found]),
        len(places),
    )


def trust_features(ratings: Ratings) -> Floats:
    """Make the features of each rating from those before it alone.

    Returns (n, len(PLAIN_FEATURES) + len(GRAPH_FEATURES)) float64, NaN where nothing is known.
    """
    np = need("numpy")
    found: Floats = np.full((len(ratings.time), len(PLAIN_FEATURES) + len(GRAPH_FEATURES)), np.nan)
    memory = _Memory(ratings.accounts)
    graph = _Graph(ratings)
    for at in range(len(ratings.time)):
        graph.refresh(at)
        source, target = int(ratings.source[at]), int(ratings.target[at])
        now = float(ratings.time[at])
        found[at] = [*memory.plain(source, target, now), *memory.graph(source, target, graph)]
        memory.learn(source, target, float(ratings.rating[at]), now)
    return found


class _Side:
    """What an account did on one side: gave, or got."""

    __slots__ = ("count", "first", "last", "negative", "total")

    def __init__(self) -> None:
        self.count, self.total, self.negative = 0, 0.0, 0
        self.first = self.last = 0.0

    def add(self, rating: float, now: float) -> None:
        self.first = now if not self.count else self.first
        self.count, self.total, self.last = self.count + 1, self.total + rating, now
        self.negative += rating < 0

    def features(self, now: float) -> list[float]:
        if not self.count:
            return [0.0, float("nan"), float("nan"), float("nan"), float("nan")]
        age, idle = (now - self.first) / _DAY_S, (now - self.last) / _DAY_S
        return [log1p(self.count), self.mean, self.negative / self.count, age, idle]

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else float("nan")


class _Memory:
    """Who rated whom so far."""

    def __init__(self, accounts: int) -> None:
        self._given = [_Side() for _ in range(accounts)]
        self._got = [_Side() for _ in range(accounts)]
        self._said: list[dict[int, float]] = [{} for _ in range(accounts)]
        self._heard: list[dict[int, float]] = [{} for _ in range(accounts)]

    def learn(self, source: int, target: int, rating: float, now: float) -> None:
        self._given[source].add(rating, now)
        self._got[target].add(rating, now)
        self._said[source][target] = rating
        self._heard[target][source] = rating

    def plain(self, source: int, target: int, now: float) -> list[float]:
        return self._got[target].features(now) + self._given[source].features(now)

    def graph(self, source: int, target: int, graph: _Graph) -> list[float]:
        heard = self._heard[target]
        trusted = [one for one, rating in self._said[source].items() if rating > 0]
        friends = [heard[one] for one in trusted[-_FRIENDS:] if one in heard]
        count = len(friends)
        return [
            self._said[target].get(source, float("nan")),
            float(graph.goodness[target]),
            float(graph.goodness[source]),
            float(graph.fairness[source]),
            float(graph.fairness[source] * graph.goodness[target]),
            float(graph.trust[target]),
            float(graph.trust[source]),
            float(count),
            sum(friends) / count if count else float("nan"),
            min(friends, default=float("nan")),
            self._given[target].mean,
            self._got[source].mean,
        ]


class _Graph:
    """Fairness, goodness and flow of trust, as of the last time they were computed."""

    def __init__(self, ratings: Ratings) -> None:
        np = need("numpy")
        self._ratings = ratings
        both = np.column_stack([ratings.source, ratings.target]).ravel()
        _, first = np.unique(both, return_index=True)
        self._seeds = both[np.sort(first)[:_SEEDS]]  # the oldest accounts, known from the start
        self.fairness = np.ones(ratings.accounts)
        self.goodness = np.zeros(ratings.accounts)
        self.trust = np.zeros(ratings.accounts)

    def refresh(self, at: int) -> None:
        """Compute all anew from the first `at` ratings, now and then."""
        if at == 0 or at % _EVERY:
            return
        one = self._ratings
        part = one.source[:at], one.target[:at], one.rating[:at]
        self.fairness, self.goodness = fairness_goodness(*part, one.accounts)
        self.trust = flow_of_trust(*part, self._seeds, one.accounts)


def _wrong(what: str) -> InputError:
    return InputError(
        "accounts.ratings",
        f"expected {what}",
        hint="One rating a line; times are Unix seconds.",
    )

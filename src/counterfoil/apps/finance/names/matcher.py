"""Score two names: how probable it is that a reviewer would take them for one, and why.

The score is the logistic function of a sum, one term for each feature; the terms are the
explanation, and nothing else goes into the score. It never reaches 1: two equal names score by how
much they say. The probability is that of the labelled pairs that the weights were learned on, of
which about half match; it is no probability that two people are one. This module refuses weights
whose features are not those of `features`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.names.features import NAMES, Compared, Rough, compare, least_of
from counterfoil.apps.finance.names.parsing import Kind, Name, parse
from counterfoil.apps.finance.names.wording import say_empty, words_of
from counterfoil.errors import InputError

__all__ = [
    "FORMAT",
    "MATCH_FROM",
    "Matched",
    "Matcher",
    "kinds_of",
    "load_matcher",
    "probability",
    "read_weights",
]

FORMAT: Final = "counterfoil-names/1"
"""Of a file of weights."""

MATCH_FROM: Final = 0.5
"""Score from which on two names are called a match where nothing else is asked for."""

_KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "person": ("person",),
    "individual": ("person",),
    "vessel": ("vessel",),
    "ship": ("vessel",),
    "airplane": ("vessel",),
    "aircraft": ("vessel",),
    "vehicle": ("vessel",),
    "legalentity": ("organisation", "person"),
    "": ("organisation", "person"),
    "thing": ("organisation", "person"),
    "any": ("organisation", "person"),
}


@dataclass(frozen=True, slots=True)
class Matched:
    """What two names are to each other.

    score: 0 to below 1. match: from the threshold on. kind: as which the names were read.
    contributions: feature -> log-odds that it added; they and `base` sum to the score's log-odds.
    why: in words, the weightiest first.
    """

    score: float
    match: bool
    kind: Kind
    base: float
    contributions: dict[str, float]
    why: tuple[str, ...]


class _Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    bias: float
    weights: dict[str, float]
    trained: dict[str, Any]


class Matcher:
    """A matcher of names, with fixed weights. Safe for threads."""

    def __init__(self, weights: dict[str, float], bias: float, trained: dict[str, Any]) -> None:
        """Make one; weights: log-odds per unit, for exactly the features of `features`.

        trained: what the weights were learned on, for people. Raises InputError with code
        names.weights.
        """
        values = (*weights.values(), bias)
        if set(weights) != set(NAMES) or not all(map(math.isfinite, values)):
            raise InputError(
                "names.weights",
                f"expected weights of the {len(NAMES)} features of names, found others",
                hint="Make them anew: ./dev python -m tools.train_names.",
            )
        self.weights = weights
        self.bias = bias
        self.trained = trained
        self._row = tuple(weights[name] for name in NAMES)

    def match(
        self, one: str, other: str, schema: str = "", *, match_from: float = MATCH_FROM
    ) -> Matched:
        """Compare two names; schema: what bears them, such as Person, Company or Vessel.

        Of a schema that may be either (LegalEntity, none) the better reading counts. A name
        without any letter or digit matches nothing.

        >>> found = load_matcher().match("Владимир Путин", "PUTIN, Vladimir", "Person")
        >>> found.match, found.score < 1
        (True, True)
        """
        best: tuple[float, Kind, Name, Name, Compared] | None = None
        kinds = kinds_of(schema)
        for kind in kinds:
            mine, its = parse(one, kind), parse(other, kind)
            if not mine.parts or not its.parts:
                continue
            compared = compare(mine, its)
            odds = self.odds(compared)
            if best is None or odds > best[0]:
                best = odds, kind, mine, its, compared
        if best is None:
            return Matched(0.0, False, kinds[0], 0.0, {}, (say_empty(one, other),))
        odds, kind, mine, its, compared = best
        score = probability(odds)
        return Matched(
            score=score,
            match=score >= match_from,
            kind=kind,
            base=round(self.bias, 4),
            contributions=self.contributions(compared),
            why=words_of(mine, its, compared),
        )

    def odds(self, compared: Compared) -> float:
        """Sum the log-odds of a comparison."""
        return self.bias + math.fsum(map(float.__mul__, self._row, compared.values))

    def most(self, found: Rough) -> float:
        """Tell the log-odds that two names can have at most, by what is known early."""
        return self.bias + sum(
            self.weights[name] * value for name, value in least_of(found).items() if value
        )

    def contributions(self, compared: Compared) -> dict[str, float]:
        """List what each feature adds, log-odds; those that add nothing are left out."""
        added = zip(NAMES, self._row, compared.values, strict=True)
        return {name: round(weight * value, 4) for name, weight, value in added if weight * value}


def probability(odds: float) -> float:
    """Turn log-odds into a probability below 1, with 6 places."""
    if odds < 0:
        low = math.exp(odds)
        return round(low / (1 + low), 6)
    return min(round(1 / (1 + math.exp(-odds)), 6), 0.999999)


def kinds_of(schema: str) -> tuple[Kind, ...]:
    """Tell how names of a schema are read; what is no person and no ship is an organisation."""
    return _KINDS.get(schema.strip().casefold(), ("organisation",))


@lru_cache(maxsize=1)
def load_matcher() -> Matcher:
    """Load the matcher that this package brings."""
    return read_weights((files(__package__) / "weights.json").read_bytes())


def read_weights(data: bytes) -> Matcher:
    """Read weights as `tools.train_names` writes them. Raises InputError, code names.weights."""
    try:
        found = msgspec.json.decode(data, type=_Weights)
    except (msgspec.ValidationError, msgspec.DecodeError) as err:
        raise InputError(
            "names.weights",
            f"expected a file of weights, but: {err}",
            hint="Make one: ./dev python -m tools.train_names.",
        ) from err
    if found.format != FORMAT:
        raise InputError(
            "names.weights",
            f"expected weights of format {FORMAT}, found {found.format[:40]!a}",
            hint="Use weights that this version wrote.",
        )
    return Matcher(found.weights, found.bias, found.trained)

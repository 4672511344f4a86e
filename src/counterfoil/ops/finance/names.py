"""Match pairs of names: how probable it is that they are one, and why.

What scores is `apps.finance.names`. This module refuses to leave out a pair: there is one answer
for each row, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from counterfoil.errors import InputError
from counterfoil.ops.finance.name_files import name_rows
from counterfoil.ports import Channel, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.names import Matched, Matcher

__all__ = ["MatchedPair", "match", "parse_score"]

_TOLD: Final = 1000
_COLUMNS: Final = ("name1", "name2")


@dataclass(frozen=True, slots=True)
class MatchedPair:
    """A pair of names, and what they are to each other. row: counted from 1, the heading apart."""

    row: int
    name1: str
    name2: str
    schema: str
    matched: Matched

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found = self.matched
        return {
            "row": self.row,
            "name1": self.name1,
            "name2": self.name2,
            "schema": self.schema,
            "score": found.score,
            "match": found.match,
            "why": list(found.why),
            "kind": found.kind,
            "base": found.base,
            "contributions": found.contributions,
        }


def match(
    pairs: Annotated[
        Path,
        Param(
            "CSV file with columns name1, name2 and schema (.gz, too), or -.", "PAIRS", holds="file"
        ),
    ],
    *,
    threshold: Annotated[
        str | None, Param("Score from which on a pair is a match; 0.5 if left out.", "SCORE")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[MatchedPair]:
    """Score pairs of names: whether each is a match, how probably, and why.

    One answer for each row, in order. Without a schema both readings are tried, as a person and as
    an organisation. Raises NotFound with code file.missing, InputError with code names.columns,
    names.csv or names.threshold.
    """
    from counterfoil.apps.finance.names import MATCH_FROM, load_matcher

    match_from = MATCH_FROM if threshold is None else parse_score(threshold)
    return _matched(name_rows(pairs, channel, _COLUMNS), load_matcher(), match_from, progress)


def parse_score(text: str) -> float:
    """Read a score, above 0 and up to 1. Raises InputError with code names.threshold."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found <= 1:
        raise InputError(
            "names.threshold",
            f"expected a score above 0 and up to 1 as threshold, found {text[:40]!a}",
            hint="For example --threshold 0.5.",
        )
    return found


def _matched(
    rows: Iterator[Mapping[str, str]], matcher: Matcher, match_from: float, progress: Progress
) -> Iterator[MatchedPair]:
    for number, row in enumerate(rows, 1):
        one, other, schema = row["name1"], row["name2"], row.get("schema", "")
        found = matcher.match(one, other, schema, match_from=match_from)
        if number % _TOLD == 0:
            progress(number, None, "pairs")
        yield MatchedPair(number, one, other, schema, found)

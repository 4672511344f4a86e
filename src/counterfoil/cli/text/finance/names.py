"""Text of `ops.finance.names`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain
from counterfoil.ops.finance.names import MatchedPair

__all__ = ["match"]


def match(rows: Iterable[MatchedPair], paint: Paint) -> Iterator[str]:
    """Show each pair, its score and why."""
    yield from or_nothing(_match(rows, paint), "no pairs")


def _match(rows: Iterable[MatchedPair], paint: Paint) -> Iterator[str]:
    for one in rows:
        found = one.matched
        word = paint.good("match   ") if found.match else "no match"
        yield f"{word}  {found.score:.4f}  {plain(one.name1)} | {plain(one.name2)}"
        for why in found.why:
            yield f"                  {paint.quiet(plain(why))}"

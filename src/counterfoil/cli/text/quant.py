"""Text of `ops.quant`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.quant.backtest import Backtest
from counterfoil.apps.quant.book import Committed, Revealed
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.quant_records import figure_text
from counterfoil.cli.text.words import facts, number, or_nothing, plain, time_of
from counterfoil.ops.quant import Trained

__all__ = ["backtest", "commit", "reveal", "train"]


def train(done: Trained, paint: Paint) -> Iterator[str]:
    """Tell where the model stands."""
    yield (
        f"{paint.good('recorded as entry')} {paint.strong(str(done.index))}: {plain(done.name)}, "
        f"learned from {number(done.examples)} examples"
    )
    yield from facts([("digest", done.digest), ("prices", f"entry {done.prices}")], paint)


def commit(done: Committed, paint: Paint) -> Iterator[str]:
    """Tell the forecast's place, and whether it will count."""
    yield (
        f"{paint.good('committed')} forecast {paint.strong(str(done.number))} of "
        f"{plain(done.strategy)}, entry {done.index}"
    )
    begins = time_of(done.starts_ms)
    if done.late and not done.counts:
        yield paint.bad("  too late") + (
            f": it began {begins}, before it was committed; it can never count, and counts as "
            "missed"
        )
    elif done.bound is None:
        yield paint.bad("  nobody but you says when") + (
            ": it counts only once a witness of somebody else cosigns, or an anchor stands, before "
            f"{begins}"
        )
    elif done.counts:
        by = plain(", ".join(done.bound.by))
        yield f"  there by {time_of(done.bound.time_ms)}, says {by}; it begins {begins}"
    else:
        yield paint.bad("  too late") + (
            f": there by {time_of(done.bound.time_ms)}, but it began {begins}; it counts as missed"
        )


def reveal(done: Iterable[Revealed], paint: Paint) -> Iterator[str]:
    """Tell what is revealed, one a line."""
    return or_nothing(
        (
            f"{paint.good('revealed')} forecast {one.number} of {plain(one.strategy)}, entry "
            f"{one.index}, {len(one.decisions)} decisions"
            for one in done
        ),
        "nothing to reveal",
    )


def backtest(found: Backtest, paint: Paint) -> Iterator[str]:
    """Show strategies side by side."""
    yield (
        f"{found.steps} steps of {found.every} days of trade, {found.first} to {found.last}, "
        f"{found.targets} things, cost {found.cost_bps} of 10,000"
    )
    for one in found.strategies:
        yield (
            f"  {paint.strong(one.strategy.ljust(12))}  Sharpe {figure_text(one.sharpe)}, "
            f"{one.growth_a_year:+.1%} a year, worst fall {one.drawdown:.0%}, "
            f"IC {figure_text(one.information_coefficient, 3)}"
        )
    for line in found.says:
        yield plain(line)

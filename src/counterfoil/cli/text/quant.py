"""Text of `ops.quant`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from counterfoil.apps.quant.backtest import Backtest
from counterfoil.apps.quant.book import Committed, Revealed
from counterfoil.apps.quant.figures import Figure
from counterfoil.apps.quant.judge import Judged, Report
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, or_nothing, plain, time_of
from counterfoil.ops.quant import BundleFile, Trained, VerifiedRecord

__all__ = ["backtest", "bundle", "commit", "report", "reveal", "train", "verify"]


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
    if done.bound is None:
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


def report(found: Report, paint: Paint) -> Iterator[str]:
    """Show every strategy beside naive forecasts, and what the figures do not say."""
    yield (
        f"{number(found.forecasts)} forecasts of {found.tried} strategies by "
        f"{paint.strong(plain(found.issuer))}"
    )
    for one in found.strategies:
        yield from _strategy(one, paint)
    for line in found.says:
        yield plain(line)


def bundle(done: BundleFile, paint: Paint) -> Iterator[str]:
    """Say what was written."""
    yield (
        f"wrote {paint.strong(plain(done.file))} ({number(done.bytes)} bytes): "
        f"{number(done.forecasts)} forecasts of {done.strategies} strategies"
    )


def verify(found: VerifiedRecord, paint: Paint) -> Iterator[str]:
    """Say what is proven."""
    yield (
        f"{paint.good('whole')}: {number(found.forecasts)} forecasts by "
        f"{paint.strong(plain(found.issuer))}; {found.counted} revealed and in time, "
        f"{found.missed} missed, {found.pending} pending"
    )
    yield from facts(
        [
            ("log", found.origin),
            ("size", number(found.size)),
            ("strategies", ", ".join(found.strategies)),
        ],
        paint,
    )
    if found.report is not None:
        yield from report(found.report, paint)


def backtest(found: Backtest, paint: Paint) -> Iterator[str]:
    """Show strategies side by side."""
    yield (
        f"{found.steps} steps of {found.every} days of trade, {found.first} to {found.last}, "
        f"{found.targets} things, cost {found.cost_bps} of 10,000"
    )
    for one in found.strategies:
        yield (
            f"  {paint.strong(one.strategy.ljust(12))}  Sharpe {_figure(one.sharpe)}, "
            f"{one.growth_a_year:+.1%} a year, worst fall {one.drawdown:.0%}, "
            f"IC {_figure(one.information_coefficient, 3)}"
        )
    for line in found.says:
        yield plain(line)


def _strategy(one: Judged, paint: Paint) -> Iterator[str]:
    yield (
        f"{paint.strong(plain(one.strategy))}  {one.committed} committed, {one.counted} counted, "
        f"{one.missed} missed, {one.pending} pending"
    )
    yield from _figures(one.figures, paint)
    yield from (paint.quiet(line) for line in _figures(one.naive, paint))
    if one.deflated is not None:
        yield f"  that there is skill: {one.deflated:.0%}, all strategies considered"
    for left in one.left:
        yield f"  {left.state} {left.number}: {plain(left.why)}"


def _figures(found: Mapping[str, Figure], paint: Paint) -> Iterator[str]:
    shown = [(name.replace("_", " "), _figure(one, 3)) for name, one in found.items()]
    if shown:
        yield from facts(shown, paint)


def _figure(one: Figure | None, digits: int = 2) -> str:
    if one is None:
        return "none"
    if one.low is None or one.high is None:
        return f"{one.value:.{digits}f} (too few for an interval)"
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"

"""Text of `ops.quant_records`, and how a figure with its interval is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from counterfoil.apps.quant.figures import Figure
from counterfoil.apps.quant.judge import Judged, Report
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, plain
from counterfoil.ops.quant_records import BundleFile, VerifiedRecord

__all__ = ["bundle", "figure_text", "report", "verify"]


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
    shown = [(name.replace("_", " "), figure_text(one, 3)) for name, one in found.items()]
    if shown:
        yield from facts(shown, paint)


def figure_text(one: Figure | None, digits: int = 2) -> str:
    """Write a figure with its interval, if it has one."""
    if one is None:
        return "none"
    if one.low is None or one.high is None:
        return f"{one.value:.{digits}f} (too few for an interval)"
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"

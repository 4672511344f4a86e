"""Text of `ops.finance.fraud`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain
from counterfoil.ops.finance.fraud import ScoredFile, TrainedModel

__all__ = ["score", "shown_figures", "train"]


def train(done: TrainedModel, paint: Paint) -> Iterator[str]:
    """Tell what was learned, and how good it is on later payments."""
    yield (
        f"{paint.good('learned')}  {number(done.rows)} payments, {number(done.frauds)} of them "
        f"fraud, {done.features} features, {done.trees} trees"
    )
    yield from facts(
        [
            *((role, name) for role, name in done.columns.items()),
            *shown_figures(done.figures),
            ("review costs", f"{done.costs['review']:.4g}"),
            ("digest", brief(done.digest)),
            ("entry", done.index),
            ("model", done.out),
        ],
        paint,
    )
    for note in done.notes:
        yield paint.quiet(plain(note))


def score(done: ScoredFile, paint: Paint) -> Iterator[str]:
    """Tell how many payments would be held, and how good that is where labels are known."""
    yield (
        f"{paint.good('scored')}  {number(done.rows)} payments, {number(done.held)} to hold"
        + (f", {number(done.bad)} rows that are none" if done.bad else "")
    )
    yield from facts([*shown_figures(done.figures), ("scores", done.out)], paint)
    for note in done.notes:
        yield paint.quiet(plain(note))


def shown_figures(figures: Mapping[str, float]) -> list[tuple[str, str]]:
    """Write figures on labelled payments for people."""
    if not figures:
        return []
    return [
        ("judged on", f"{figures['payments']:,.0f}, {figures['frauds']:,.0f} of them fraud"),
        ("average precision", f"{figures['average_precision']:.3f}"),
        ("card precision at 100", f"{figures['card_precision_100']:.3f}"),
        ("held", f"{figures['held']:,.0f}, {figures['held_frauds']:,.0f} of them fraud"),
        ("cost", f"{figures['cost']:,.0f}; had nobody looked {figures['cost_of_nothing']:,.0f}"),
        ("mean score", f"{figures['mean_score']:.4f}; frauds {figures['fraud_share']:.4f}"),
    ]

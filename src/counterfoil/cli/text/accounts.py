"""Text of `ops.accounts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.accounts import (
    DescribedAccounts,
    EvaluatedAccounts,
    ForeseenDistrust,
    ScoredAccount,
    TrainedAccounts,
)

if TYPE_CHECKING:
    from counterfoil.insight.accounts import Judged

__all__ = ["describe", "evaluate", "score", "train", "trust"]


def describe(done: DescribedAccounts, paint: Paint) -> Iterator[str]:
    """Show how many accounts were described, and where."""
    yield f"{number(done.accounts)} accounts in {paint.strong(plain(done.out))}"
    for note in done.notes:
        yield paint.quiet(plain(note))


def train(done: TrainedAccounts, paint: Paint) -> Iterator[str]:
    """Show what was learned from, and where the model is."""
    yield (
        f"{paint.good('learned')}  {number(done.rows)} accounts, {number(done.fraud)} of them "
        f"fraud, in {number(done.groups)} groups; {number(done.skipped)} skipped"
    )
    yield f"model    {plain(done.out)}: {done.features} features, {number(done.trees)} trees"
    yield f"sha256   {done.digest}"
    for note in done.notes:
        yield paint.quiet(plain(note))


def evaluate(done: EvaluatedAccounts, paint: Paint) -> Iterator[str]:
    """Show the figures of each model in a table."""
    judged = done.judged
    yield (
        f"{number(judged.rows)} accounts, {number(judged.fraud)} of them fraud, in "
        f"{number(judged.groups)} groups; {number(judged.skipped)} skipped; {judged.folds} folds, "
        f"{judged.repeats} times"
    )
    yield from _table(judged.models, paint)


def trust(done: ForeseenDistrust, paint: Paint) -> Iterator[str]:
    """Show the figures of each model in a table."""
    judged = done.judged
    yield (
        f"{number(judged.ratings)} ratings; {number(judged.judged)} late ones judged, "
        f"{number(judged.distrust)} of them negative"
    )
    yield from _table(judged.models, paint)


def _table(models: Mapping[str, Judged], paint: Paint) -> Iterator[str]:
    heads = ("", "average precision", "95 %", "our gain", "95 %")
    yield paint.quiet("{:18}{:>18}{:>18}{:>10}{:>20}".format(*heads))
    for name, one in models.items():
        band, gain = f"{one.low:.4f} to {one.high:.4f}", ""
        if one.gain or one.gain_low or one.gain_high:
            gain = f"{one.gain:+10.4f}{f'{one.gain_low:+.4f} to {one.gain_high:+.4f}':>20}"
        score = paint.strong(f"{one.average_precision:18.4f}")
        yield f"{name:18}{score}{band:>18}{gain}".rstrip()


def score(rows: Iterable[ScoredAccount], paint: Paint) -> Iterator[str]:
    """Show each account's score, and how many there were."""
    seen = 0
    for row in rows:
        seen += 1
        yield (
            f"{paint.strong(f'{row.row:>8}')}  {plain(row.address):42}  {row.score:.4f}  "
            f"{paint.quiet(plain(row.note))}"
        ).rstrip()
    yield f"{number(seen)} accounts"

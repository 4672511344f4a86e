"""Text of `ops.finance.rules`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, or_nothing, plain, time_of
from counterfoil.ops.documents import DocumentFile

if TYPE_CHECKING:
    from counterfoil.apps.finance.rules import CaseResult, Trail
    from counterfoil.apps.finance.rules.recorded import RecordedRules
    from counterfoil.apps.finance.rules.replaying import Replayed

__all__ = ["add", "default", "listing", "replay", "run", "test"]


def test(rows: Iterable[CaseResult], paint: Paint) -> Iterator[str]:
    """Show each case, and why one fails."""
    for one in rows:
        word = paint.good("passed") if one.passed else paint.bad("failed")
        name = one.case or one.note
        yield f"{word}  {plain(one.rule):32}  {plain(name)}"
        if not one.passed and one.case:
            yield f"        expected {plain(one.expected)}, found {plain(one.found)} ({one.result})"
            for condition, held in one.conditions.items():
                yield f"        {'no value' if held is None else held!s:8} {plain(condition)}"


def default(done: DocumentFile, paint: Paint) -> Iterator[str]:
    """Show where the rules were written."""
    yield f"{paint.good('written')}  {plain(done.file)}, {number(done.bytes)} bytes"


def add(done: RecordedRules, paint: Paint) -> Iterator[str]:
    """Show what was recorded."""
    said = done.said
    yield (
        f"{paint.good('recorded')}  {plain(f'{said.name}:{said.version}')} as entry {done.index}: "
        f"{len(said.rules)} rules, {said.cases} cases passed"
    )
    yield f"sha256    {said.digest}"


def listing(rows: Iterable[RecordedRules], paint: Paint) -> Iterator[str]:
    """Show recorded rules, one a line."""
    lines = (
        f"{one.index:>8}  {paint.strong(plain(f'{one.said.name}:{one.said.version}'))}  "
        f"{len(one.said.rules)} rules  {paint.quiet(one.said.digest)}"
        for one in rows
    )
    yield from or_nothing(lines, "no rules are recorded")


def run(rows: Iterable[Trail], paint: Paint) -> Iterator[str]:
    """Show each payment, and which rules it meets and why."""
    seen = 0
    for trail in rows:
        seen += 1
        payment = trail.payment
        yield (
            f"{paint.strong(trail.outcome):8}  {plain(payment.id)}  {time_of(payment.at_ms)}  "
            f"{number(payment.amount_minor)} {payment.currency} (minor)"
        )
        for one in trail.reasons:
            why = one.trouble if one.result == "undecided" else one.rule.reason
            yield paint.quiet(f"          {plain(one.rule.name)} {one.result}: {plain(why)}")
    yield f"{number(seen)} payments told of"


def replay(done: Replayed, paint: Paint) -> Iterator[str]:
    """Show whether the decision comes out the same."""
    word = paint.good("the same") if done.same else paint.bad("different")
    yield f"{word}  entry {done.index} by {plain(done.rules)}: {done.recorded}, {done.recomputed}"
    for name in done.different:
        yield f"          {plain(name)}"

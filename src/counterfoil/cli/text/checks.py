"""Text of `ops.checks`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain, time_of
from counterfoil.ledger import RecordView
from counterfoil.ops.checks import Checked, Suggested

__all__ = [
    "drift",
    "fairness",
    "leakage",
    "listing",
    "poisoning",
    "quality",
    "suggest",
]

_ROWS_SHOWN = 10
_PASSED_SHOWN = 30


def quality(done: Checked, paint: Paint) -> Iterator[str]:
    """Say whether it passed, what failed and where, and what else was measured."""
    report = done.report
    verdict = paint.good("passed") if report.passed else paint.bad("failed")
    yield f"{report.check} of {plain(done.file)}: {verdict}, {number(report.rows)} rows"
    shown = [item for item in report.items if not item.passed]
    good = [item for item in report.items if item.passed and (item.gating or item.found)]
    good += [item for item in report.items if item.passed and not (item.gating or item.found)]
    shown += good[:_PASSED_SHOWN]
    for item in shown:
        mark = paint.bad("FAILED") if not item.passed else paint.good("ok") + "    "
        yield f"  {mark if item.gating else '      '}  {plain(item.name)}{_measured(item)}"
        if item.found and (not item.passed or not item.gating):
            yield f"          {plain(item.found)}"
        if item.where and not item.passed:
            rows = ", ".join(map(str, item.where[:_ROWS_SHOWN]))
            more = f" of {number(item.count)}" if item.count > _ROWS_SHOWN else ""
            yield f"          rows {rows}{more}"
    if len(good) > _PASSED_SHOWN:
        yield paint.quiet(f"  and {len(good) - _PASSED_SHOWN} more within limits (--json: all)")
    if report.note:
        yield paint.quiet(report.note)
    yield from facts([("suite", report.suite and brief(report.suite))], paint)
    if done.index is not None:
        yield f"recorded as entry {paint.strong(str(done.index))}"


leakage = drift = poisoning = fairness = quality


def suggest(done: Suggested, paint: Paint) -> Iterator[str]:
    """Say what was written."""
    yield f"wrote a suite with rules for {done.columns} columns to {plain(done.file)}"
    yield from facts([("digest", done.digest)], paint)


def listing(found: Iterable[RecordView], paint: Paint) -> Iterator[str]:
    """Show checks, one a line."""
    none = True
    for view in found:
        none = False
        said = view.content
        verdict = paint.good("passed") if said.get("passed") is True else paint.bad("failed")
        about = said.get("about", {})
        name = str(about.get("name") or brief(str(about.get("digest") or about.get("leaf"))))
        yield (
            f"{paint.strong(f'{view.index:>8}')}  {time_of(view.at_ms)}  "
            f"{plain(str(said.get('check')))}  {verdict}  {plain(name)}"
        )
    if none:
        yield "no check"


def _measured(item: Any) -> str:
    if item.value is None:
        return ""
    text = f"  {item.value:.4g}"
    if item.low is not None and item.high is not None:
        text += f" ({item.low:.4g} to {item.high:.4g})"
    if item.at_most is not None:
        text += f", at most {item.at_most:.4g}"
    if item.at_least is not None:
        text += f", at least {item.at_least:.4g}"
    return text

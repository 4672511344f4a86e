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
_PASSED_SHOWN = 12


def quality(done: Checked, paint: Paint) -> Iterator[str]:
    """Say whether it passed, what failed and where, and what else was measured."""
    report = done.report
    verdict = paint.good("passed") if report.passed else paint.bad("failed")
    yield f"{report.check} of {plain(done.file)}: {verdict}, {number(report.rows)} rows"
    good = sorted((item for item in report.items if item.passed), key=_rank)
    told: set[str] = set()
    for item in [*(item for item in report.items if not item.passed), *good[:_PASSED_SHOWN]]:
        yield from _item(item, told, paint)
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


def _rank(item: Any) -> int:
    """Order what passed: what decides, then what says something, then bare figures."""
    return 0 if item.gating else 1 if item.found else 2


def _item(item: Any, told: set[str], paint: Paint) -> Iterator[str]:
    """Show one item; what it found only where no item before it found the same."""
    mark = paint.bad("FAILED") if not item.passed else paint.good("ok") + "    "
    line = f"  {mark if item.gating else '      '}  {plain(item.name)}{_measured(item)}"
    found = plain(item.found) if item.found and item.found not in told else ""
    if item.passed:
        yield line if item.gating or not found else f"{line}  {paint.quiet(found)}"
        if not item.gating:
            told.add(item.found)
        return
    told.add(item.found)
    yield line
    if found:
        yield f"          {found}"
    if item.where:
        rows = ", ".join(map(str, item.where[:_ROWS_SHOWN]))
        more = f" of {number(item.count)}" if item.count > _ROWS_SHOWN else ""
        yield f"          rows {rows}{more}"


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

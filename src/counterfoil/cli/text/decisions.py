"""Text of `ops.decisions`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.records import add as recorded
from counterfoil.cli.text.words import brief, content_line, facts, number, plain, time_of
from counterfoil.ledger import Recorded
from counterfoil.ledger.decisions import DecisionPage, FoundDecision
from counterfoil.ops.decisions import Decided

__all__ = ["act", "add", "get", "listing", "override"]


def add(done: Decided, paint: Paint) -> Iterator[str]:
    """Tell what was decided, and where it stands."""
    stands = paint.good("recorded as entry")
    yield f"{plain(done.outcome)}: {stands} {paint.strong(str(done.index))}"
    yield from facts([("score", done.score), ("leaf", done.leaf)], paint)


def get(found: FoundDecision, paint: Paint) -> Iterator[str]:
    """Show a decision whole, and what followed."""
    said, decision = found.said, found.decision
    yield f"decision {paint.strong(str(found.index))}: {paint.strong(plain(decision.outcome))}"
    accountable, runtime, explanation = (
        decision.accountable,
        decision.runtime,
        decision.explanation,
    )
    named = decision.model.name or brief(decision.model.digest or decision.model.leaf or "")
    sealed = decision.sealed
    yield from facts(
        [
            ("by", "a person" if decision.by == "person" else None),
            ("model", named),
            ("score", decision.score),
            ("threshold", decision.threshold),
            ("purpose", decision.purpose),
            ("answers", _who(accountable.name, accountable.role) if accountable else None),
            ("person", sealed.person if sealed else None),
            ("sealed", ", ".join(sealed.names) if sealed else None),
            ("inputs", content_line(said["inputs"]) if "inputs" in said else None),
            ("explained", explanation.method if explanation else None),
            ("computed", f"{runtime.library} {runtime.version}" if runtime else None),
            ("latency", None if decision.latency_us is None else f"{decision.latency_us} µs"),
            ("note", decision.note),
            ("at", time_of(found.at_ms)),
            ("leaf", found.leaf),
        ],
        paint,
    )
    for action in found.actions:
        to = action.content.get("target")
        ended = action.content.get("result")
        words = [str(action.content.get("action")), f"to {to}" if to else "", str(ended or "")]
        yield f"  {paint.quiet(f'action {action.index}')}  {plain(' '.join(filter(None, words)))}"
    if found.replaced_by is not None:
        yield paint.strong(f"replaced by decision {found.replaced_by}")


def listing(page: DecisionPage, paint: Paint) -> Iterator[str]:
    """Show decisions, one a line, and how many there are of each outcome."""
    outcomes = [plain(one.decision.outcome) for one in page.hits]
    width = max(map(len, outcomes), default=0)
    for one, outcome in zip(page.hits, outcomes, strict=True):
        decision = one.decision
        score = "" if decision.score is None else f"{float(decision.score):.4f}"
        by = "a person" if decision.by == "person" else decision.model.name or ""
        yield (
            f"{paint.strong(f'{one.index:>8}')}  {paint.quiet(time_of(one.at_ms))}  "
            f"{score:>8}  {outcome:{width}}  {paint.quiet(plain(by))}"
        ).rstrip()
    if not page.hits:
        yield "no decision"
        return
    counts = ", ".join(f"{number(count)} {plain(name)}" for name, count in page.outcomes.items())
    yield paint.quiet(f"{number(page.total)} in all: {counts}")
    if page.next is not None:
        yield paint.quiet(f"more with --after {page.next}")
    if page.notice:
        yield paint.quiet(page.notice)


def act(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the action stands."""
    yield from recorded(done, paint)


def override(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the person's decision stands."""
    yield from recorded(done, paint)


def _who(name: str, role: str | None) -> str:
    return name if role is None else f"{name}, {role}"

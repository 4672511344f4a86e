"""Text of `ops.replays`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import content_line, facts, plain
from counterfoil.ops.replays import Explained, Replayed
from counterfoil.provenance.statements.decisions import Runtime

__all__ = ["explain", "replay"]

_BAR: Final = 24
_DIFFERENCES_SHOWN: Final = 10


def replay(done: Replayed, paint: Paint) -> Iterator[str]:
    """Say whether the decision came out the same."""
    found = done.replay
    yield f"decision {paint.strong(str(found.index))}: {_verdict(found.verdict, paint)}"
    if found.verdict == "impossible":
        yield f"  missing: {plain(found.missing)} [{found.why}]"
        return
    build = {True: "the same build", False: "another build", None: "not recorded"}
    bound = "the same bits" if found.exact else f"{found.tolerance:g} of the larger of 1 and it"
    follows = {True: "follows from score and threshold", False: "does not follow from the score"}
    yield from facts(
        [
            ("recorded", found.recorded),
            ("recomputed", found.recomputed),
            ("difference", found.difference),
            ("demanded", bound),
            ("computed by", _runtime(found.runtime)),
            ("now by", f"{_runtime(found.runtime_now)} ({build[found.same_build]})"),
            ("outcome", plain(found.outcome)),
            ("", None if found.outcome_follows is None else follows[found.outcome_follows]),
        ],
        paint,
    )


def explain(done: Explained, paint: Paint) -> Iterator[str]:
    """Draw what each input added to the score, the largest first."""
    found = done.explanations
    if found.verdict == "impossible":
        yield f"decision {paint.strong(str(found.index))}: {_verdict(found.verdict, paint)}"
        yield f"  missing: {plain(found.missing)} [{found.why}]"
        return
    said = {
        "identical": "recomputed, equal to the recorded explanation",
        "within-tolerance": f"recomputed, within {found.tolerance:g} of the recorded explanation",
        "different": "differs from the recorded explanation",
        "not-recorded": "explained now; none was recorded",
    }[found.verdict]
    good = found.verdict != "different"
    yield (
        f"decision {paint.strong(str(found.index))}: "
        f"{paint.good(said) if good else paint.bad(said)}"
    )
    yield from facts(
        [
            ("score", found.score),
            ("method", f"{found.method}{'' if found.exact else ' (with sampling error)'}"),
            ("base", f"{found.base:+.4f} {found.unit}" if found.base is not None else None),
            ("sum", f"{found.total:+.4f} {found.unit}" if found.total is not None else None),
            ("sealed", "the recorded one matches its leaf in the log" if found.sealed else None),
        ],
        paint,
    )
    shares, inputs = found.contributions or {}, found.inputs or {}
    widest = max(map(abs, shares.values()), default=0.0) or 1.0
    width = max(map(len, map(plain, shares)), default=0)
    for name, share in shares.items():
        bar = ("+" if share > 0 else "-") * max(share != 0, round(_BAR * abs(share) / widest))
        value = paint.quiet(content_line(inputs.get(name)))
        yield f"  {plain(name).ljust(width)}  {share:>+9.4f}  {bar.ljust(_BAR)}  {value}"
    for one in found.differences[:_DIFFERENCES_SHOWN]:
        yield f"  {plain(one.name)}: recorded {one.recorded}, recomputed {one.recomputed}"


def _verdict(verdict: str, paint: Paint) -> str:
    words = {
        "identical": "identical to the bit",
        "within-tolerance": "the same within the tolerance",
        "different": "different",
        "impossible": "cannot be computed again",
    }
    good = verdict in ("identical", "within-tolerance")
    return paint.good(words[verdict]) if good else paint.bad(words[verdict])


def _runtime(runtime: Runtime | None) -> str:
    if runtime is None:
        return "not recorded"
    return " ".join(filter(None, (runtime.library, runtime.version, runtime.machine)))

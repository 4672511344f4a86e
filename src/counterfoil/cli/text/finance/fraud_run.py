"""Text of `ops.finance.fraud_run`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.finance.fraud_run import DecidedPayment, Stopped

__all__ = ["run"]


def run(found: Iterable[DecidedPayment | Stopped], paint: Paint) -> Iterator[str]:
    """Show each decision as it becomes durable, and how the stream ended."""
    for one in found:
        if isinstance(one, DecidedPayment):
            yield _decided(one, paint)
        elif one.event == "serving":
            yield f"{paint.good('serving')}  {one.url}/payments"
        else:
            yield (
                f"{paint.good('ended')}  {number(one.decided)} payments decided, "
                f"{number(one.held)} held"
                + (f", {number(one.recovered)} of a crash recorded now" if one.recovered else "")
            )


def _decided(one: DecidedPayment, paint: Paint) -> str:
    if one.error:
        return f"{paint.bad('no payment')}  {plain(one.error)}"
    if one.score is None:
        return f"{one.outcome}  {plain(one.id)}"
    word = paint.bad("hold") if one.outcome == "hold" else paint.quiet("pay ")
    why = ", ".join(f"{plain(name)} {share:+.2f}" for name, share in one.reasons.items())
    again = "  decided before" if one.again else ""
    return f"{word}  {plain(one.id)}  {one.score:.4f}  entry {one.index}{again}  {why}".rstrip()

"""Text of `ops.finance.messages`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import plain
from counterfoil.ops.finance.messages import DecidedMessage

__all__ = ["message"]


def message(done: DecidedMessage, paint: Paint) -> Iterator[str]:
    """Show what becomes of each transfer, and why."""
    yield f"{plain(done.id)}  {done.definition}  {paint.quiet(done.digest)}"
    for fault in done.faults:
        yield paint.bad(plain(fault))
    for one in done.transfers:
        name = one.tx_id or one.end_to_end_id
        entry = "" if one.entry is None else f"  entry {one.entry}"
        codes = f" {','.join(one.reasons)}" if one.reasons else ""
        yield f"{paint.strong(one.status)}{codes}  {plain(name)}  {one.outcome}{entry}"
        for why in one.why:
            yield paint.quiet(f"      {plain(why)}")
    yield f"status   {plain(done.file)}"

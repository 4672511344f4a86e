"""Text of `ops.supply.traces`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.apps.supply.events.trace import Recall, Trace
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import plain, time_of

__all__ = ["recall_thing", "trace_thing"]


def trace_thing(found: Trace, paint: Paint) -> Iterator[str]:
    """Show the links level by level, then the thing's own steps."""
    yield f"{paint.strong(plain(found.thing))} {found.direction}: {len(found.links)} links"
    back = found.direction == "back"
    for one in found.links:
        near, far = (one.product, one.source) if back else (one.source, one.product)
        words = {"made-of": "made of" if back else "made into", "lot": "lot", "held": "held"}
        yield (
            f"{'  ' * one.level}{plain(near)} {paint.quiet(words[one.how])} {plain(far)}  "
            f"{paint.quiet(f'{time_of(one.at_ms)}, entry {one.index}')}"
        )
    for step in found.steps:
        where = step.place or step.point
        yield (
            f"{time_of(step.at_ms)}  {plain(step.step)}  {plain(where)}  "
            f"{paint.quiet(f'entry {step.index}')}"
        )


def recall_thing(found: Recall, paint: Paint) -> Iterator[str]:
    """List what is affected, and where it is."""
    yield (
        f"{paint.strong(str(len(found.affected)))} things, the first included; "
        f"{len(found.evidence)} entries prove it"
    )
    for one in found.affected:
        state = one.gone or plain(one.holder or one.place) or "nobody says where"
        within = f" in {plain(one.within)}" if one.within else ""
        proof = "" if one.index is None else f"entry {one.index}"
        yield f"{one.level}  {plain(one.thing)}  {state}{within}  {paint.quiet(proof)}"

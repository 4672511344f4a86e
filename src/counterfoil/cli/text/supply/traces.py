"""Text of `ops.supply.traces`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from counterfoil.apps.supply.events.trace import Recall, Trace
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import counted, plain, time_of

__all__ = ["recall_thing", "trace_thing"]


def trace_thing(found: Trace, paint: Paint) -> Iterator[str]:
    """Show the links level by level, then the thing's own steps."""
    named = _names(found.called, paint)
    links = counted(len(found.links), "link")
    yield f"{paint.strong(named(found.thing))} {found.direction}: {links}"
    back = found.direction == "back"
    for one in found.links:
        near, far = (one.product, one.source) if back else (one.source, one.product)
        words = {"made-of": "made of" if back else "made into", "lot": "lot", "held": "held"}
        yield (
            f"{'  ' * one.level}{named(near)} {paint.quiet(words[one.how])} {named(far)}  "
            f"{paint.quiet(f'{time_of(one.at_ms)}, entry {one.index}')}"
        )
    for step in found.steps:
        where = step.place or step.point
        yield (
            f"{time_of(step.at_ms)}  {plain(step.step)}  {named(where)}  "
            f"{paint.quiet(f'entry {step.index}')}"
        )


def recall_thing(found: Recall, paint: Paint) -> Iterator[str]:
    """List what is affected, and where it is."""
    named = _names(found.called, paint)
    yield (
        f"{paint.strong(counted(len(found.affected), 'thing'))}, the first included; "
        f"proven by {counted(len(found.evidence), 'entry', 'entries')}"
    )
    for one in found.affected:
        state = one.gone or named(one.holder or one.place) or "nobody says where"
        within = f" in {named(one.within)}" if one.within else ""
        proof = "" if one.index is None else f"entry {one.index}"
        yield f"{one.level}  {named(one.thing)}  {state}{within}  {paint.quiet(proof)}"


def _names(called: Mapping[str, str], paint: Paint) -> Callable[[str], str]:
    """Make what writes a name, with what people call it before it."""

    def named(name: str) -> str:
        words = called.get(name)
        return f"{plain(words)} {paint.quiet(f'({plain(name)})')}" if words else plain(name)

    return named

"""Text of `ops.mirrors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.receipts import get as receipt
from counterfoil.cli.text.words import brief, number, plain, time_of
from counterfoil.network.mirror import MirrorEvent
from counterfoil.ops.mirrors import MirrorStarted

__all__ = ["receipt", "run"]


def run(told: Iterable[MirrorEvent | MirrorStarted], paint: Paint) -> Iterator[str]:
    """Show rounds, one a line; what is wrong on a line of its own."""
    for event in told:
        if isinstance(event, MirrorStarted):
            yield f"{paint.good('serving')} at {paint.strong(event.url)}"
            continue
        yield _line(event, paint)
        if event.message:
            yield f"  {plain(event.message)} {paint.quiet(f'[{event.code}]')}"
        if event.evidence:
            yield f"  check it: counterfoil evidence verify {quote(event.evidence)}"


def _line(event: MirrorEvent, paint: Paint) -> str:
    good = event.event in ("copied", "cosigned", "unchanged", "checked")
    word = (paint.good if good else paint.bad)(event.event)
    facts = [f"{number(event.size)} entries, root {brief(event.root)}"] if event.origin else []
    if event.entries:
        facts.append(f"{number(event.entries)} new in {event.seconds:,.1f} s")
    if event.payloads:
        facts.append(f"{number(event.payloads)} payloads")
    if event.mended:
        facts.append(f"{number(event.mended)} tiles mended")
    if event.missing:
        facts.append(f"{number(event.missing)} payloads not there")
    if event.grade:
        facts.append(event.grade)
    return f"{time_of(event.at_ms)}  {word}  {'; '.join(facts)}".rstrip()

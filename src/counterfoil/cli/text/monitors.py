"""Text of `ops.monitors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from shlex import quote

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain, time_of
from counterfoil.network.monitor_state import MonitorEvent
from counterfoil.ops.monitors import Convicted

__all__ = ["make", "run", "verify"]

_BAD = frozenset({"forked", "older", "refused", "unproven"})
_GOOD = frozenset({"grew", "witnessed", "reachable"})


def run(told: Iterable[MonitorEvent], paint: Paint) -> Iterator[str]:
    """Show events, one a line; evidence on a line of its own."""
    for event in told:
        yield _line(event, paint)
        if event.message:
            yield f"  {plain(event.message)}"
        if event.evidence:
            yield f"  check it: counterfoil evidence verify {quote(event.evidence)}"


def verify(proven: Convicted, paint: Paint) -> Iterator[str]:
    """Tell what was proven, and about whom."""
    yield f"{paint.bad('proven:')} {paint.strong(plain(proven.origin))} signed two histories"
    trusted = {
        None: "not asked: --policy tells whether it is one of yours",
        True: "named in your policy",
        False: "not in your policy: it may be anybody's",
    }[proven.in_policy]
    yield from facts(
        [
            ("key", proven.vkey),
            ("the key is", trusted),
            ("first", f"{number(proven.first_size)} entries, root {proven.first_root}"),
            ("second", f"{number(proven.second_size)} entries, root {proven.second_root}"),
            ("differs at", None if proven.index is None else f"entry {proven.index}"),
            ("shown by", proven.way),
        ],
        paint,
    )


def make(proven: Convicted, paint: Paint) -> Iterator[str]:
    """Tell what was proven."""
    yield from verify(proven, paint)


def _line(event: MonitorEvent, paint: Paint) -> str:
    name = event.event
    word = paint.bad(name) if name in _BAD else paint.good(name) if name in _GOOD else name
    said = []
    if event.index is not None:
        said.append(f"entry {event.index}")
    if event.key:
        said.append(f"key {brief(event.key)}")
    said += [text for text in (event.kind, event.role, event.organisation) if text]
    if event.count:
        said.append(f"over {number(event.count)} statements")
    if event.signature and event.signature != "holds":
        said.append(paint.bad(f"its signature: {event.signature}"))
    if event.size is not None:
        said.append(f"{number(event.size)} entries")
    if event.root:
        said.append(f"root {brief(event.root)}")
    if event.source:
        said.append(f"by {plain(event.source)}")
    return f"{time_of(event.at_ms)}  {word}  {', '.join(said)}".rstrip()

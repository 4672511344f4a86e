"""Text of `ops.watchers`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain, time_of
from counterfoil.ops.watchers import Listed, Reached, Summary
from counterfoil.watch import Tested, Told

__all__ = ["backtest", "listing", "run"]


def run(told: Iterable[Told | Reached], paint: Paint) -> Iterator[str]:
    """Show alerts as they are recorded, each with its reason."""
    for one in told:
        if isinstance(one, Reached):
            word = paint.bad(one.event) if one.event == "unreachable" else paint.good(one.event)
            yield f"{word} {plain(one.watches)} {plain(one.message)}".rstrip()
            continue
        place = paint.strong(f"{one.index:>8}")
        yield from _alert(place, one.watcher, one.said, paint)
        if one.duplicate:
            yield paint.quiet("          told before")


def backtest(told: Iterable[Tested | Summary], paint: Paint) -> Iterator[str]:
    """Show what would have been said, and how often a week."""
    for one in told:
        if isinstance(one, Summary):
            rate = "" if one.per_week is None else f", {one.per_week:.2f} a week"
            yield (
                f"{paint.strong(one.watcher)}: {number(one.alerts)} alerts in "
                f"{number(one.events)} events and {one.weeks:.1f} weeks{rate}"
            )
        else:
            yield from _alert(f"{one.place:>8}", one.watcher, one.said, paint)


def listing(found: Iterable[Listed], paint: Paint) -> Iterator[str]:
    """Show watchers with their settings, and where each stands."""
    for one in found:
        yield f"{paint.strong(one.name)}  {plain(one.summary)}"
        settings = ", ".join(f"{name}={value}" for name, value in one.settings.items())
        yield paint.quiet(
            f"  version {one.version}, reads {one.reads}; {settings or 'no settings'}"
        )
        for state in one.states:
            yield (
                f"  {number(state['events'])} events of {plain(state['watches'])}, "
                f"{number(state['alerts'])} alerts, {number(state['open'])} going on"
            )


def _alert(place: str, watcher: str, said: dict[str, Any], paint: Paint) -> Iterator[str]:
    over = said.get("state") == "closed"
    severity = str(said.get("severity", "medium"))
    word = paint.quiet("closed") if over else paint.bad(severity)
    title = plain(str(said.get("title")))
    yield f"{place}  {time_of(said.get('first_ms'))}  {word}  {paint.strong(watcher)}  {title}"
    if over:
        yield f"          {number(said.get('count', 1))} in all, until {time_of(said['last_ms'])}"
    elif said.get("why"):
        yield paint.quiet(f"          {plain(said['why'])}")

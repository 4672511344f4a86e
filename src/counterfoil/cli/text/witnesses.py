"""Text of `ops.witnesses`; keys are printed byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, or_nothing, plain, time_of
from counterfoil.ops.witnesses import Running, WitnessView

__all__ = ["add", "listing", "run"]


def run(told: Iterable[Running], paint: Paint) -> Iterator[str]:
    """Tell where the witness answers, under which key, and whom it follows."""
    for one in told:
        yield f"{paint.good('witness')} {plain(one.name)} answers at {paint.strong(one.url)}"
        yield from facts([("key", vkey) for vkey in one.vkeys], paint)
        if one.logs:
            yield from facts([("follows", origin) for origin in one.logs], paint)
        else:
            no = "no log is followed yet: add a line `log VKEY` to the file that --logs names"
            yield f"  {paint.bad(no)}"


def add(done: WitnessView, paint: Paint) -> Iterator[str]:
    """Tell who was added, and from when on it counts."""
    yield f"{paint.good('added')} {plain(done.name)}, from the ledger's next start on"


def listing(found: Iterable[WitnessView], paint: Paint) -> Iterator[str]:
    """Show witnesses, one a line."""
    yield from or_nothing(_witnesses(found, paint), "no witness")


def _witnesses(found: Iterable[WitnessView], paint: Paint) -> Iterator[str]:
    for one in found:
        if one.size is None:
            seen = paint.quiet("has not cosigned what is published")
        else:
            seen = f"cosigned {number(one.size)} entries at {time_of(one.at_ms)}"
        where = "this user's own" if one.own else plain(one.url or "no address")
        yield f"{paint.strong(plain(one.name))}  {where}  {seen}"

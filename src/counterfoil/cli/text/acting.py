"""Text of `ops.acting`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.act import Acted
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, or_nothing, plain, time_of
from counterfoil.ledger import Recorded
from counterfoil.ops.acting import Settled

__all__ = ["check", "follow", "get", "listing", "settle", "submit"]


def submit(found: Acted, paint: Paint) -> Iterator[str]:
    """Tell how far it is."""
    if found.phase == "done":
        yield f"{paint.good('acted')}: {_call(found)}, recorded as entry {found.action}"
    else:
        yield f"{found.phase}: {_call(found)}; `counterfoil act settle` goes on"
    yield from _facts(found, paint)


def check(found: Acted, paint: Paint) -> Iterator[str]:
    """Tell that it would pass, or how far it is already."""
    if found.phase == "recorded":
        yield f"{paint.good('would pass')}: {_call(found)}; nothing was sent"
    else:
        yield f"{found.phase}: {_call(found)}"
    yield from _facts(found, paint)


def settle(found: Iterable[Settled], paint: Paint) -> Iterator[str]:
    """Tell how far each is, one a line."""
    yield from or_nothing((_line(one.acted, one.trouble, paint) for one in found), "nothing waits")


def follow(found: Iterable[Recorded], paint: Paint) -> Iterator[str]:
    """Tell which actions were recorded."""
    lines = (
        f"{paint.quiet('known') if one.duplicate else paint.good('recorded')} action "
        f"{brief(one.leaf)} as entry {one.index}"
        for one in found
    )
    yield from or_nothing(lines, "no contract used a verdict since")


def listing(found: Iterable[Acted], paint: Paint) -> Iterator[str]:
    """Show what was asked of contracts, one a line."""
    lines = (_line(one, one.trouble, paint) for one in found)
    yield from or_nothing(lines, "nothing was asked of a contract: `counterfoil act submit` does")


def get(found: Acted, paint: Paint) -> Iterator[str]:
    """Show all there is to know."""
    yield f"{paint.strong(f'number {found.number}')}: {_call(found)}, {_phase(found, paint)}"
    yield from _facts(found, paint)


def _line(one: Acted, trouble: tuple[str, str] | None, paint: Paint) -> str:
    line = f"{one.number:>5}  {_phase(one, paint)}  {_brief(one)}"
    return line if trouble is None else f"{line}  {paint.bad(plain(trouble[1]))} [{trouble[0]}]"


def _phase(one: Acted, paint: Paint) -> str:
    word = one.phase.ljust(8)
    return {"done": paint.good, "dropped": paint.bad}.get(one.phase, paint.quiet)(word)


def _call(one: Acted) -> str:
    name = one.function.partition("(")[0]
    said = ", ".join(str(argument) for argument in one.arguments)
    return plain(f"{name}({said}) of {one.consumer}")


def _brief(one: Acted) -> str:
    """Say it in a line of a list: `act get` has the rest."""
    name = one.function.partition("(")[0]
    said = ", ".join(
        f"{len(value)} values" if isinstance(value, list | tuple) else brief(str(value))
        for value in one.arguments
    )
    return plain(f"{name}({said}) of {one.consumer}")


def _facts(one: Acted, paint: Paint) -> Iterator[str]:
    block = None if one.block is None else f"{number(one.block)} on chain {one.chain_id}"
    when = None if one.time_s is None else time_of(one.time_s * 1000)
    yield from facts(
        [
            ("decision", brief(one.decision)),
            ("verdict", None if one.verdict is None else f"entry {one.verdict}, {brief(one.leaf)}"),
            ("decider", one.decider),
            ("scope", one.scope),
            ("amount", one.amount),
            ("usable until", time_of(one.expiry_s * 1000)),
            ("transaction", one.transaction),
            ("block", block if when is None else f"{block} at {when}"),
            ("action", None if one.action is None else f"entry {one.action}"),
            ("in the way", None if one.trouble is None else f"{one.trouble[1]} [{one.trouble[0]}]"),
        ],
        paint,
    )

"""Text of `ops.governing`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.act import Approval, Governed
from counterfoil.act.deciders import FoundDecider
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, or_nothing, plain, time_of
from counterfoil.ledger import Recorded

__all__ = ["approvals", "approve", "decider", "deciders", "halt", "resume", "revoke"]

_DONE = {"approve": "approved", "revoke": "revoked", "halt": "halted", "resume": "resumed"}


def decider(found: Recorded, paint: Paint) -> Iterator[str]:
    """Tell that a key is on record."""
    word = paint.quiet("known") if found.duplicate else paint.good("recorded")
    yield f"{word} {found.source.removeprefix('decider:')} as entry {found.index}"


def deciders(found: Iterable[FoundDecider], paint: Paint) -> Iterator[str]:
    """Show keys, one a line."""
    lines = (
        f"{one.name:20}  {one.address}  entry {one.index}  {_state(one, paint)}" for one in found
    )
    yield from or_nothing(lines, "no decider: `counterfoil act decider NAME` makes one")


def approve(found: Governed, paint: Paint) -> Iterator[str]:
    """Tell what governance did."""
    yield from _governed(found, paint)


def revoke(found: Governed, paint: Paint) -> Iterator[str]:
    """Tell what governance did."""
    yield from _governed(found, paint)


def halt(found: Governed, paint: Paint) -> Iterator[str]:
    """Tell what governance did."""
    yield from _governed(found, paint)


def resume(found: Governed, paint: Paint) -> Iterator[str]:
    """Tell what governance did."""
    yield from _governed(found, paint)


def approvals(found: Iterable[Approval], paint: Paint) -> Iterator[str]:
    """Show who may speak for what."""
    none = True
    for one in found:
        none = False
        word = paint.good(one.state) if one.state == "holds" else paint.bad(one.state)
        yield f"{paint.strong(plain(one.name or one.decider))} for {plain(one.scope)}: {word}"
        revoked, halted = one.revoked_from_s, one.halted_until_s
        yield from facts(
            [
                ("approval", one.id),
                ("decider", one.decider),
                (one.maker_kind, brief(one.maker)),
                ("decisions since", time_of(one.since_s * 1000)),
                ("anchored until", time_of(one.until_s * 1000)),
                ("a verdict", f"at most {number(int(one.cap))}"),
                (
                    "a period",
                    f"of {number(one.period_s)} s: at most {number(one.period_count)} verdicts, "
                    f"{number(int(one.period_cap))} in all",
                ),
                ("revoked from", None if revoked is None else time_of(revoked * 1000)),
                ("halted until", None if halted is None else time_of(halted * 1000)),
                ("evidence", brief(one.evidence)),
            ],
            paint,
        )
    if none:
        yield "no approval: `counterfoil act approve DECIDER` gives one"


def _state(one: FoundDecider, paint: Paint) -> str:
    if one.revoked:
        return paint.bad("let go of")
    return paint.good("key is here") if one.held else paint.quiet("key is elsewhere")


def _governed(found: Governed, paint: Paint) -> Iterator[str]:
    about = "all approvals" if found.approval is None else f"approval {found.approval}"
    if found.phase == "done":
        yield f"{paint.good(_DONE[found.action])} {about}"
    else:
        yield f"{found.phase}: to {found.action} {about}; `counterfoil act settle` goes on"
    place = None if found.block is None else number(found.block)
    entry = None if found.statement is None else f"entry {found.statement}"
    yield from facts(
        [("transaction", found.transaction or "none yet"), ("block", place), ("recorded", entry)],
        paint,
    )

"""Text of `ops.network`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.documents import written
from counterfoil.cli.text.words import brief, facts, plain
from counterfoil.ledger import Recorded
from counterfoil.ops.network import NetworkView, Voiced

__all__ = [
    "accuse",
    "agree",
    "card",
    "found",
    "freeze",
    "invite",
    "join",
    "retire",
    "show",
    "update",
]

card = found = invite = retire = written


def join(done: Voiced, paint: Paint) -> Iterator[str]:
    """Tell what was recorded, and what is missing."""
    yield f"{paint.good('recorded')} charter {brief(done.charter)} of {len(done.members)} members"
    yield "The members go by it once more than half of them have recorded it, too."


def agree(done: Voiced, paint: Paint) -> Iterator[str]:
    """Tell to what this log agreed."""
    yield f"{paint.good('agreed')} to charter {brief(done.charter)}:"
    yield from facts([("member", plain(name)) for name in done.members], paint)


def show(found: NetworkView, paint: Paint) -> Iterator[str]:
    """Show the charter in force, its rule, and the members, one a line."""
    yield f"{paint.strong('charter')} {brief(found.charter)}, {found.changes} changes before it"
    yield f"a change needs {found.needed} of {len(found.members)} members"
    yield f"a checkpoint needs its log's own witness and {found.quorum} of the others"
    for member in found.members:
        state = paint.good("goes on")
        if member.convicted:
            state = paint.bad("signed two histories")
        elif member.ended is not None:
            state = paint.quiet(f"ended with {member.ended} entries")
        agreed = "" if member.agrees_to is None else f"  agrees to {brief(member.agrees_to)}"
        own = "  (this ledger)" if member.own else ""
        yield f"{paint.strong(plain(member.organisation))}{own}  {state}{agreed}"
        yield f"  {plain(member.origin)}  {plain(member.log_url or 'no address')}"


def update(done: NetworkView, paint: Paint) -> Iterator[str]:
    """Show what is in force now."""
    yield from show(done, paint)


def freeze(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the end was stated."""
    yield f"{paint.good('recorded')} the end of a log, in entry {done.index}"


def accuse(done: Recorded, paint: Paint) -> Iterator[str]:
    """Tell where the evidence stands."""
    yield f"{paint.good('recorded')} the evidence, in entry {done.index}"

"""Text of `ops.member`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain
from counterfoil.ops.member import MemberStarted, PeerEvent

__all__ = ["run"]


def run(told: Iterable[MemberStarted | PeerEvent], paint: Paint) -> Iterator[str]:
    """Show where a member serves, then what its mirrors see."""
    for event in told:
        if isinstance(event, MemberStarted):
            yield f"{paint.good('serving')} the log at {paint.strong(event.url)}"
            yield f"  witness at {event.witness_url}"
            yield f"  its key: {event.vkey}"
            yield f"  peers: {', '.join(map(plain, event.peers)) or 'none'}"
            continue
        seen = event.mirror
        good = seen.event in ("copied", "cosigned", "unchanged")
        word = (paint.good if good else paint.bad)(seen.event)
        yield f"{plain(event.peer)}: {word}  {number(seen.size)} entries  {plain(seen.message)}"

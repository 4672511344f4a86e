"""Text of `ops.up`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import number, plain, time_of
from counterfoil.ops.node.logs import Logged
from counterfoil.ops.up import NodeStarted, NodeStopped, ServiceChanged

__all__ = ["up"]


def up(
    told: Iterable[NodeStarted | ServiceChanged | Logged | NodeStopped], paint: Paint
) -> Iterator[str]:
    """Show where the node is, the operator's key once, and then each change of its parts."""
    for one in told:
        if isinstance(one, NodeStarted):
            yield from _started(one, paint)
        elif isinstance(one, NodeStopped):
            yield f"{time_of(one.at_ms)}  stopped with {number(one.size)} entries"
        elif isinstance(one, Logged):
            error = f": {plain(one.error)}" if one.error else ""
            yield f"{time_of(one.at_ms)}  {paint.bad(one.level)} {plain(one.message)}{error}"
        else:
            word = paint.bad(one.state) if one.state in ("failed", "waiting") else one.state
            detail = f": {plain(one.detail)}" if one.detail else ""
            yield f"{time_of(one.at_ms)}  {plain(one.service)} {word}{detail}"


def _started(one: NodeStarted, paint: Paint) -> Iterator[str]:
    yield f"{paint.strong(one.url)}  serves {plain(one.ledger)}, {number(one.size)} entries"
    if one.link is not None:
        yield f"Look at it, signed in, once:  {paint.strong(one.link)}"
    if one.operator_key is not None:
        yield ""
        yield f"The operator's key, shown only now:  {paint.strong(one.operator_key)}"
        yield paint.quiet(
            "  Sign in with it on the pages, or send it as Authorization: Bearer KEY."
        )
        yield paint.quiet("  `counterfoil access add` makes keys for others.")
        yield ""
    yield paint.quiet("Ctrl-C ends it.")

"""Text of `ops.anchors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, or_nothing, time_of
from counterfoil.ledger.anchor_check import CheckedAnchor
from counterfoil.ledger.results import AnchorState
from counterfoil.ops.anchors import AnchorView, ChainStatus

__all__ = ["listing", "now", "status", "verify"]


def now(found: Iterable[AnchorState], paint: Paint) -> Iterator[str]:
    """Tell how far the anchor is on each chain."""
    for state in found:
        yield from _state(state, paint)


def listing(found: Iterable[AnchorView], paint: Paint) -> Iterator[str]:
    """Show anchors, one a line."""
    heading = paint.quiet(f"{'size':>12}  {'root':13}  {'anchored':23}  chain, block, transaction")
    lines = (
        f"{one.size:>12}  {brief(one.root)}  {time_of(one.time_s * 1000)}  "
        f"{one.chain_id}, {one.block}, {brief(one.transaction[2:])}"
        for one in found
    )
    yield from or_nothing(lines, "no final anchor: `counterfoil anchor now` anchors", heading)


def status(found: Iterable[ChainStatus], paint: Paint) -> Iterator[str]:
    """Tell how anchoring stands on each chain."""
    any_chain = False
    for one in found:
        any_chain = True
        name = f"chain {one.chain_id}" if one.chain_id is not None else "a chain not yet used"
        yield f"{paint.strong(name)} at {one.chain}"
        left = "not known yet" if one.anchors_left is None else number(one.anchors_left)
        yield from facts(
            [
                ("run by", one.run_by or "not known yet"),
                ("contract", one.contract or "none yet"),
                ("owner", one.owner or "none yet"),
                ("anchored", f"{number(one.size)} entries"),
                ("waiting", f"{number(one.waiting)} entries"),
                ("newest", one.state.phase),
                ("begun because", one.why),
                ("pays", f"{one.anchor_key or 'nobody yet'}; anchors left: {left}"),
            ],
            paint,
        )
        if one.state.trouble is not None:
            yield paint.bad(f"  {one.state.trouble[1]} [{one.state.trouble[0]}]")
        for alarm in one.alarms:
            yield paint.bad(f"  {time_of(alarm.at_ms)}  {alarm.text} [{alarm.code}]")
    if not any_chain:
        yield "no chain: set anchor_chains in counterfoil.toml"


def verify(found: Iterable[CheckedAnchor], paint: Paint) -> Iterator[str]:
    """Tell of each anchor that its chain confirmed it."""
    for one in found:
        yield f"{paint.good('confirmed:')} {one.words}, block {number(one.block)}"


def _state(state: AnchorState, paint: Paint) -> Iterator[str]:
    name = f"chain {state.chain_id}" if state.chain_id is not None else state.chain
    if state.trouble is not None:
        yield paint.bad(f"{name}: {state.trouble[1]} [{state.trouble[0]}]")
    elif state.phase in ("mined", "final"):
        word = "anchored" if state.phase == "final" else "anchored, not final yet"
        yield f"{paint.good(word)} {number(state.size)} entries on {name}, run by {state.run_by}"
        when = time_of((state.time_s or 0) * 1000)
        yield from facts(
            [
                ("block", f"{number(state.block or 0)} at {when}"),
                ("contract", state.contract),
                ("transaction", state.transaction),
            ],
            paint,
        )
    else:
        yield f"{name}: {number(state.size)} entries, {state.phase}; it goes on when asked again"

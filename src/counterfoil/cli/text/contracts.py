"""Text of `ops.contracts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.act.approvals import Governed
from counterfoil.act.deploying import DeployedContract
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, or_nothing

__all__ = ["deploy", "listing", "set_up"]


def deploy(found: Iterable[DeployedContract], paint: Paint) -> Iterator[str]:
    """Tell what was put on a chain, and what stood there."""
    for one in found:
        word = paint.good("deployed") if one.new else paint.quiet("stands")
        yield f"{word} {one.name} at {one.address} on chain {one.chain_id}, block {one.block}"


def set_up(
    contracts: Iterable[DeployedContract], approvals: Iterable[Governed], paint: Paint
) -> Iterator[str]:
    """Tell which contracts stand, and what governance approved."""
    for contract in contracts:
        word = paint.good("deployed") if contract.new else paint.quiet("stands")
        yield f"{word}  {contract.name} at {contract.address} on chain {contract.chain_id}"
    for approval in approvals:
        yield f"{paint.good('approved')}  {brief(approval.approval or '')}, {approval.phase}"


def listing(found: Iterable[DeployedContract], paint: Paint) -> Iterator[str]:
    """Show contracts, one a line."""
    heading = paint.quiet(f"{'contract':16}  {'address':42}  {'source':13}  chain, block")
    lines = (
        f"{one.name:16}  {one.address:42}  {brief(one.source_sha256)}  {one.chain_id}, {one.block}"
        for one in found
    )
    nothing = "no contract: `counterfoil contract deploy NAME` puts one there"
    yield from or_nothing(lines, nothing, heading)

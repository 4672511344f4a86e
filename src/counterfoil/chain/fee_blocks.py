"""Base fees of a chain's newest blocks, more of them than a node gives at once.

Answers must join: what one says of the block after its newest must be what the next one says of
it. This module refuses to forecast, and to know what rule the fees follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.chain.answers import contradiction, read
from counterfoil.chain.client import NodeChain
from counterfoil.chain.quantities import integer_of, object_of, quantity
from counterfoil.chain.refusals import refusal
from counterfoil.chain.transport import RpcError

__all__ = ["NewestFees", "newest_fees"]

_AT_ONCE: Final = 1024
"""Blocks that one `eth_feeHistory` covers: what common nodes allow."""


@dataclass(frozen=True, slots=True)
class NewestFees:
    """Base fees of blocks in a row, the oldest first.

    first: the first one's number. fees: of each, wei; the last is that of the block to come.
    gas_used, gas_limit: of the newest block. time_s: of it, Unix seconds.
    """

    first: int
    fees: tuple[int, ...]
    gas_used: int
    gas_limit: int
    time_s: int


def newest_fees(chain: NodeChain, blocks: int) -> NewestFees:
    """Read the base fees of the newest `blocks` blocks, fewer where there are fewer, >= 1.

    Raises Unavailable with code chain.unreachable, VerificationError with code chain.lied where
    answers do not join, Refused where the node does not offer it.
    """
    newest, used, limit, time_s = _newest(chain)
    fees: list[int] = []
    first = newest + 1
    while first > 0 and len(fees) < blocks + 1:
        wanted = min(_AT_ONCE, blocks + 1 - max(len(fees), 1), first)
        oldest, found = chain.base_fees(wanted, first - 1)
        if oldest + len(found) != first + 1 or len(found) < 2:
            expected = f"base fees of {wanted} blocks up to block {first - 1}"
            given = f"{len(found)} from block {oldest} on"
            raise contradiction(chain.url, expected, given)
        if fees and found[-1] != fees[0]:
            raise contradiction(
                chain.url, f"block {first} to cost {fees[0]} wei as before", str(found[-1])
            )
        fees = [*found[:-1], *(fees or found[-1:])]
        first = oldest
    return NewestFees(first, tuple(fees), used, limit, time_s)


def _newest(chain: NodeChain) -> tuple[int, int, int, int]:
    """Read the newest block: its number, gas used, gas limit and time."""
    number = chain.head().number
    try:
        answer = chain.transport.request("eth_getBlockByNumber", [quantity(number), False])
    except RpcError as err:
        raise refusal(err, chain.url) from err

    def numbers(value: object) -> tuple[int, int, int, int]:
        found = object_of(value)
        names = ("number", "gasUsed", "gasLimit", "timestamp")
        at, used, limit, time_s = (integer_of(found[name], 63) for name in names)
        return at, used, limit, time_s

    block = read(chain.url, "the newest block", numbers, answer)
    if block[0] != number:
        raise contradiction(chain.url, f"block {number}", f"block {block[0]}")
    return block

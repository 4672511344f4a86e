"""Ask a node several things at once, where its transport can; else one by one.

Over a network a batch of JSON-RPC saves a round trip a call. One call that fails gives its error
in its place, so that the others count. This module refuses to retry.
Source: JSON-RPC 2.0, 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from counterfoil.chain.transport import RpcError, Transport

__all__ = ["BatchTransport", "Call", "ask_many"]

Call = tuple[str, Sequence[object]]
"""(method, params)."""


@runtime_checkable
class BatchTransport(Protocol):
    """A transport that asks several things at once."""

    def request_many(self, calls: Sequence[Call]) -> list[object]:
        """Ask, and give the result of each call in its place, or its `RpcError`.

        Raises RpcError for what the node refuses as a whole, Unavailable with code
        chain.unreachable.
        """


def ask_many(transport: Transport, calls: Sequence[Call]) -> list[object]:
    """Ask several things: the result of each in its place, or its `RpcError`.

    Raises as `BatchTransport.request_many`.
    """
    if isinstance(transport, BatchTransport):
        return transport.request_many(calls)
    found: list[object] = []
    for method, params in calls:
        try:
            found.append(transport.request(method, params))
        except RpcError as err:
            found.append(err)
    return found

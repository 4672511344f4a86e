"""What carries one JSON-RPC request to a node and its answer back, and the error that it may give.

Two do: `http_transport` over a network, and the embedded node, which is called in place. This
module refuses to interpret an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

__all__ = [
    "INTERNAL_ERROR",
    "INVALID_PARAMS",
    "LIMIT_EXCEEDED",
    "METHOD_NOT_FOUND",
    "REVERTED",
    "TRANSACTION_REJECTED",
    "RpcError",
    "Transport",
]

REVERTED: Final = 3
"""A call that was reverted; its data says why (as geth and anvil have it)."""

TRANSACTION_REJECTED: Final = -32000
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
LIMIT_EXCEEDED: Final = -32005


class RpcError(Exception):
    """What a node answers instead of a result (JSON-RPC 2.0, 5.1).

    code: of JSON-RPC or EIP-1474. message: the node's words, not ours. data: of a revert, else
    empty.
    """

    def __init__(self, code: int, message: str, data: bytes = b"") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data


class Transport(Protocol):
    """Asks one node."""

    @property
    def shown(self) -> str:
        """Where the node is, without credentials."""

    def request(self, method: str, params: Sequence[object]) -> object:
        """Ask, and give the `result` of the answer, of any JSON type.

        Raises RpcError for what the node refuses, Unavailable with code chain.unreachable.
        """

    def close(self) -> None:
        """Let go of the node."""

"""Put web3 on top of a transport, so that contracts can be bound with the usual library.

web3's own providers would bring their own time limits, caches and error texts, with the node's
address in them; here each request goes the way that all others go. Refuses filters and
subscriptions: they are no requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web3 import Web3
from web3.providers.base import BaseProvider

from counterfoil.chain.transport import RpcError, Transport

if TYPE_CHECKING:
    from web3.types import RPCEndpoint, RPCResponse

__all__ = ["web3_over"]


class _Provider(BaseProvider):
    """Hands web3's requests to a transport."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask the node, and give the answer in the form that web3 expects."""
        try:
            result = self._transport.request(method, list(params))
        except RpcError as err:
            error: Any = {"code": err.code, "message": err.message}
            if err.data:
                error["data"] = "0x" + err.data.hex()
            return {"jsonrpc": "2.0", "id": 0, "error": error}
        return {"jsonrpc": "2.0", "id": 0, "result": result}

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Tell whether the node answers."""
        del show_traceback
        return "result" in self.make_request("eth_chainId", [])  # type: ignore[arg-type]  # a name


def web3_over(transport: Transport) -> Web3:
    """Make a Web3 that asks through a transport."""
    return Web3(_Provider(transport))

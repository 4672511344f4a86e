"""Reach a chain of a ledger's settings from any process: its own chain through its owner.

The embedded chain's file has one owner, the process that owns the ledger; others have it ask.
A node at an address is asked directly. This module refuses chains that are not in the settings:
a contract acts on what is anchored, and only those are anchored on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from counterfoil.errors import NotFound, Refused
from counterfoil.ledger.anchor_setup import EMBEDDED, name_of_place, open_place
from counterfoil.ports import SystemClock

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain
    from counterfoil.chain.transport import Transport
    from counterfoil.ledger.config import Config
    from counterfoil.ledger.layout import Layout

__all__ = ["AskChain", "answer_of", "choose_place", "open_ledger_chain", "open_own_chain"]

AskChain = Callable[[str, Sequence[object]], Mapping[str, Any]]
"""`ask(method, params)`: one JSON-RPC request to the ledger's own chain; see `answer_of`."""


def choose_place(config: Config, place: str | None) -> str:
    """Choose a chain of the settings: by its address or its name, else the first.

    Raises Refused with code anchor.no-chain, NotFound with code act.chain.
    """
    if not config.anchor_chains:
        raise Refused(
            "anchor.no-chain",
            "expected a chain to anchor on, found none in the ledger's settings",
            hint='Set anchor_chains = ["embedded"], or the address of an EVM node, in '
            "counterfoil.toml.",
        )
    if place is None:
        return config.anchor_chains[0]
    for known in config.anchor_chains:
        if place in (known, name_of_place(known)):
            return known
    raise NotFound(
        "act.chain",
        f"expected one of the ledger's chains {', '.join(map(name_of_place, config.anchor_chains))}"
        f", found {place[:80]!a}",
        hint="Add it to anchor_chains in counterfoil.toml: contracts act on what is anchored.",
    )


def open_ledger_chain(
    layout: Layout, config: Config, place: str, ask: AskChain | None
) -> NodeChain:
    """Open a chain of the settings.

    ask: asks the ledger's own chain; None in a reader, which reads its file. Raises as
    `open_chain`.
    """
    if place != EMBEDDED:
        return open_place(layout, place, config.anchor_confirmations, SystemClock())
    if ask is None:
        from counterfoil.chain import open_chain

        return open_chain(f"embedded:{layout.chain}", read_only=True)
    return open_own_chain(ask, f"embedded:{layout.chain}")


def open_own_chain(ask: AskChain, shown: str) -> NodeChain:
    """Give the ledger's own chain as one that its owner is asked for. Raises as `Chain`."""
    from counterfoil.chain import NodeChain
    from counterfoil.chain.embedding import OPERATOR
    from counterfoil.chain.quantities import integer_of

    transport = _transport(ask, shown)
    chain_id = integer_of(transport.request("eth_chainId", []), 63)
    return NodeChain(transport, chain_id, EMBEDDED, OPERATOR, confirmations=0)


def answer_of(transport: Transport, method: str, params: Sequence[object]) -> Mapping[str, Any]:
    """Ask, and give `result` or `error` (code, message, data in hexadecimal) as plain values.

    Raises what the transport raises beside RpcError.
    """
    from counterfoil.chain.transport import RpcError

    try:
        return {"result": transport.request(method, params)}
    except RpcError as err:
        return {"error": (err.code, err.message, err.data.hex())}


def _transport(ask: AskChain, shown: str) -> Transport:
    from counterfoil.chain.transport import RpcError

    class OwnersTransport:
        """Has the ledger's owner ask its chain."""

        @property
        def shown(self) -> str:
            return shown

        def request(self, method: str, params: Sequence[object]) -> object:
            answer = ask(method, list(params))
            if "error" in answer:
                code, message, data = answer["error"]
                raise RpcError(code, message, bytes.fromhex(data))
            return answer["result"]

        def close(self) -> None:
            """Leave it to its owner."""

    return OwnersTransport()

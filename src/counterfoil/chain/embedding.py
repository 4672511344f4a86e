"""Make the embedded chain of a ledger, with a faucet key of its own, and open it.

The faucet's key is fresh and stands beside the chain's file, in `<name>.keys/`, for its owner only.
This module refuses to make a chain where a file is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.chain.accounts import Account, create_account, load_account
from counterfoil.chain.client import NodeChain
from counterfoil.chain.extra import require_extra
from counterfoil.errors import InputError
from counterfoil.ports import Clock

if TYPE_CHECKING:
    from counterfoil.chain.embedded.node import EmbeddedNode

__all__ = [
    "OPERATOR",
    "create_embedded",
    "embedded_chain",
    "ensure_embedded",
    "faucet_of",
    "faucet_path",
    "node_of",
]

OPERATOR: Final = "the ledger's own operator"
"""Who runs an embedded chain, in words that follow "run by"."""


def create_embedded(
    path: Path,
    *,
    chain_id: int | None = None,
    contracts: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> NodeChain:
    """Make an embedded chain in the file `path`, with a fresh id and a fresh faucet, and open it.

    chain_id: drawn unless given. contracts: address -> runtime code in hexadecimal, there from
    block 0 beside the canonical ones. Raises InputError with code chain.exists or chain.id,
    Conflict with code chain.owned, Unavailable with code chain.disk,
    chain.key-file or chain.extra.
    """
    require_extra("eth", "eth_account", "eth_hash", "rlp")
    from counterfoil.chain.embedded.canonical import canonical_contracts
    from counterfoil.chain.embedded.node import create_node

    key = faucet_path(path)
    faucet = load_account(key) if key.exists() else create_account(key)  # kept by a crash
    standing = {**canonical_contracts(), **(contracts or {})}
    node = create_node(path, faucet.address, chain_id=chain_id, contracts=standing, clock=clock)
    return embedded_chain(node, f"embedded:{path}")


def ensure_embedded(path: Path, *, clock: Clock | None = None) -> NodeChain:
    """Open the embedded chain in the file `path`, or make it; errors of both."""
    if not path.exists():
        return create_embedded(path, clock=clock)
    require_extra("eth", "eth_hash", "rlp")
    from counterfoil.chain.embedded.node import open_node

    return embedded_chain(open_node(path, clock=clock), f"embedded:{path}")


def node_of(chain: NodeChain) -> EmbeddedNode:
    """Give the node of an embedded chain, to serve it. Raises InputError with code chain.kind."""
    from counterfoil.chain.embedded.methods import EmbeddedTransport

    transport = chain.transport
    if not isinstance(transport, EmbeddedTransport):
        raise InputError("chain.kind", f"expected an embedded chain, found {chain.url}")
    return transport.node


def embedded_chain(node: EmbeddedNode, shown: str) -> NodeChain:
    """Give a node as a chain. Its blocks are final at once: none is ever undone."""
    from counterfoil.chain.embedded.methods import EmbeddedTransport

    transport = EmbeddedTransport(node, shown)
    return NodeChain(transport, node.chain_id, "embedded", OPERATOR, confirmations=0)


def faucet_path(path: Path) -> Path:
    """Name the file of the faucet's key for the chain in the file `path`."""
    return path.with_name(f"{path.stem}.keys") / "faucet.key"


def faucet_of(path: Path) -> Account:
    """Load the faucet of the embedded chain in the file `path`; errors as `load_account`."""
    return load_account(faucet_path(path))

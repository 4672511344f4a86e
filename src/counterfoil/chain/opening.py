"""Open a chain by its address, and say who runs it.

The one place that chooses between the embedded EVM and a JSON-RPC address. It refuses a node of
another chain than the one expected.
"""

from __future__ import annotations

from typing import Final

from counterfoil.chain.addresses import EmbeddedPlace, parse_chain_url
from counterfoil.chain.client import NodeChain
from counterfoil.chain.extra import require_extra
from counterfoil.chain.networks import run_by_words
from counterfoil.chain.quantities import integer_of
from counterfoil.chain.refusals import refusal
from counterfoil.chain.transport import RpcError, Transport
from counterfoil.errors import InputError, VerificationError
from counterfoil.ports import Clock

__all__ = ["TIMEOUT_S", "open_chain"]

TIMEOUT_S: Final = 10.0
"""Longest wait for one answer of a node, s."""


def open_chain(
    url: str,
    *,
    chain_id: int | None = None,
    confirmations: int | None = None,
    timeout_s: float = TIMEOUT_S,
    read_only: bool = False,
    clock: Clock | None = None,
) -> NodeChain:
    """Open the chain at `embedded:PATH` or at an http(s) address.

    chain_id: the one that it must have; None takes what is there. confirmations: blocks after
    which one is final; None asks the chain. timeout_s: for one try of three. read_only, clock: of
    an embedded chain, which `chain.embedding.create_embedded` makes.
    Raises InputError with code chain.url or chain.confirmations, Unavailable with code
    chain.unreachable or chain.extra, VerificationError with code chain.wrong-network; for an
    embedded chain also NotFound with code chain.missing, Conflict with code chain.owned,
    VerificationError with code chain.damaged, Unavailable with code chain.disk.
    """
    if confirmations is not None and confirmations < 0:
        raise InputError(
            "chain.confirmations", f"expected 0 or more confirmations, found {confirmations}"
        )
    place = parse_chain_url(url)
    require_extra("eth_hash")
    if isinstance(place, EmbeddedPlace):
        from counterfoil.chain.embedded.node import open_node

        require_extra("eth", "rlp")
        from counterfoil.chain.embedding import embedded_chain

        node = open_node(place.path, read_only=read_only, clock=clock)
        chain = embedded_chain(node, place.shown)
        if chain_id is not None and chain_id != chain.chain_id:
            chain.close()
            raise _wrong(chain_id, place.shown, chain.chain_id)
        return chain
    from counterfoil.chain.http_transport import HttpTransport

    transport = HttpTransport(place, timeout_s)
    try:
        found = _first_chain_id(transport)
        if chain_id is not None and chain_id != found:
            raise _wrong(chain_id, place.shown, found)
    except BaseException:
        transport.close()
        raise
    return NodeChain(transport, found, "rpc", run_by_words(found, place.shown), confirmations)


def _first_chain_id(transport: Transport) -> int:
    from counterfoil.chain.answers import read

    try:
        answer = transport.request("eth_chainId", [])
    except RpcError as err:
        raise refusal(err, transport.shown) from err
    return read(transport.shown, "a chain id", lambda v: integer_of(v, 63), answer)


def _wrong(expected: int, shown: str, found: int) -> VerificationError:
    return VerificationError(
        "chain.wrong-network",
        f"expected chain {expected} at {shown}, found chain {found}",
        hint="Check the address of the node, or the chain id that was set.",
    )

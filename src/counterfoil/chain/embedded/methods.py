"""What an embedded chain answers: Ethereum's JSON-RPC, reads and `eth_sendRawTransaction` only.

Anything that would sign, go back, set a balance or the time is not offered: it is no method here.
Source: Ethereum execution API specification; EIP-1474 for the errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from counterfoil.chain.embedded.forms import block_form, log_form, receipt_form, transaction_form
from counterfoil.chain.embedded.machine import (
    MAX_CALL_GAS,
    Machine,
    Message,
    Mined,
    encoded_size,
)
from counterfoil.chain.embedded.node import EmbeddedNode
from counterfoil.chain.quantities import (
    address_of,
    bytes_of,
    data_text,
    hash_of,
    integer_of,
    object_of,
    quantity,
)
from counterfoil.chain.transport import (
    INVALID_PARAMS,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    RpcError,
)

__all__ = ["METHODS", "EmbeddedTransport", "answer"]

Params = Sequence[object]

_MAX_LOGS: Final = 10_000
_MAX_FEE_BLOCKS: Final = 1024
_NEWEST: Final = frozenset({"latest", "pending", "safe", "finalized"})
_TIP: Final = 1
_MAX_CALL_BYTES: Final = 1 << 20


def answer(node: EmbeddedNode, method: str, params: Params) -> object:
    """Answer one request with its JSON result.

    Raises RpcError; Unavailable with code chain.disk or chain.unreachable; VerificationError with
    code chain.damaged.
    """
    called = METHODS.get(method)
    if called is None:
        raise RpcError(METHOD_NOT_FOUND, f"the method {method[:60]!a} is not offered here")
    try:
        return called(node, params)
    except (ValueError, IndexError) as err:
        raise RpcError(INVALID_PARAMS, f"invalid params: {str(err)!a:.200}") from err


def _height(machine: Machine, value: object) -> int:
    """Read a block's number or tag; the newest block is final here, as blocks are never undone."""
    if value == "earliest":
        return 0
    newest = int(machine.head().block_number)
    if value is None or (isinstance(value, str) and value in _NEWEST):
        return newest
    if isinstance(value, dict):  # EIP-1898
        if "blockHash" in value:
            header = _by_hash(machine, hash_of(value["blockHash"]))
            if header is None:
                raise ValueError("expected a known block")
            return header
        value = value.get("blockNumber")
    return integer_of(value, 64)


def _by_hash(machine: Machine, block_hash: bytes) -> int | None:
    """Find the number of a block of the chain."""
    from eth.exceptions import HeaderNotFound
    from eth_typing import Hash32

    try:
        return int(machine.evm().get_block_header_by_hash(Hash32(block_hash)).block_number)
    except HeaderNotFound:
        return None


def _call_height(params: Params) -> int | None:
    """Read at which block a call runs; None for the newest state, as if in the next block."""
    tag = params[1] if len(params) > 1 else None
    if tag is None or (isinstance(tag, str) and tag in _NEWEST):
        return None
    return 0 if tag == "earliest" else integer_of(tag, 64)


def _message(params: Params) -> Message:
    """Read what shall be called, where nothing is signed."""
    asked = object_of(params[0])
    for name in ("blobVersionedHashes", "authorizationList"):
        if asked.get(name):
            raise ValueError(f"{name} is not supported")
    to, sender = asked.get("to"), asked.get("from")
    data = asked.get("input", asked.get("data", "0x"))
    found = bytes_of(data)
    if len(found) > _MAX_CALL_BYTES:
        raise ValueError("too much data")
    gas = asked.get("gas")
    return Message(
        _raw_address(to) if to is not None else b"",
        _raw_address(sender) if sender is not None else bytes(20),
        found,
        integer_of(asked.get("value") or "0x0"),
        min(integer_of(gas, 64), MAX_CALL_GAS) if gas is not None else MAX_CALL_GAS,
    )


def _raw_address(value: object) -> bytes:
    return bytes.fromhex(address_of(value)[2:])


def _block(machine: Machine, number: int, full: object) -> object:
    if number > machine.head().block_number:
        return None
    block = machine.block(number)
    found: list[Any] = [data_text(t.hash) for t in block.transactions]
    if full is True:
        mined = [machine.find(t.hash) for t in block.transactions]
        found = [transaction_form(m) for m in mined if m is not None]
    return block_form(block, found, encoded_size(block))


def _get_block_by_number(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        return _block(machine, _height(machine, params[0]), _second(params))


def _get_block_by_hash(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        number = _by_hash(machine, hash_of(params[0]))
        return None if number is None else _block(machine, number, _second(params))


def _second(params: Params) -> object:
    return params[1] if len(params) > 1 else None


def _balance(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        state = machine.state(_height(machine, _second(params)), node.now_s())
        return quantity(state.get_balance(_address(params)))


def _count(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        state = machine.state(_height(machine, _second(params)), node.now_s())
        return quantity(state.get_nonce(_address(params)))


def _code(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        state = machine.state(_height(machine, _second(params)), node.now_s())
        return data_text(state.get_code(_address(params)))


def _storage(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        height = _height(machine, params[2] if len(params) > 2 else None)
        state = machine.state(height, node.now_s())
        value = state.get_storage(_address(params), integer_of(params[1]))
        return data_text(value.to_bytes(32, "big"))


def _address(params: Params) -> Any:
    return _raw_address(params[0])


def _transaction(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        mined = machine.find(hash_of(params[0]))
        return None if mined is None else transaction_form(mined)


def _receipt(node: EmbeddedNode, params: Params) -> object:
    with node.turn() as machine:
        mined = machine.find(hash_of(params[0]))
        if mined is None:
            return None
        return receipt_form(mined, _block_logs(node, mined))


def _block_logs(node: EmbeddedNode, mined: Mined) -> Any:
    number = mined.block.number
    return node.database.logs(number, number, None, _MAX_LOGS * 100)


def _logs(node: EmbeddedNode, params: Params) -> object:
    asked = object_of(params[0])
    with node.turn() as machine:
        if asked.get("blockHash") is not None:
            number = _by_hash(machine, hash_of(asked["blockHash"]))
            if number is None:
                raise ValueError("expected a known block")
            first = last = number
        else:
            first = _height(machine, asked.get("fromBlock"))
            last = _height(machine, asked.get("toBlock"))
        given = asked.get("address")
        several = given if isinstance(given, list) else None if given is None else [given]
        addresses = None if several is None else [_raw_address(a) for a in several]
        topics = [_choices(t) for t in _listed(asked.get("topics"))]
        found = node.database.logs(first, last, addresses, _MAX_LOGS)
        if len(found) > _MAX_LOGS:
            raise RpcError(LIMIT_EXCEEDED, f"more than {_MAX_LOGS} events: ask for fewer blocks")
        return [
            log_form(log, bytes(machine.header(log.block).hash))
            for log in found
            if _fits(log.topics, topics)
        ]


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 4:
        raise ValueError("expected at most four topics")
    return value


def _choices(value: object) -> frozenset[bytes] | None:
    """Read what a topic may be: one, one of several, or anything."""
    if value is None:
        return None
    several = value if isinstance(value, list) else [value]
    return frozenset(hash_of(one) for one in several) or None


def _fits(topics: bytes, wanted: Sequence[frozenset[bytes] | None]) -> bool:
    held = [topics[at : at + 32] for at in range(0, len(topics), 32)]
    return len(held) >= len(wanted) and all(
        want is None or have in want for have, want in zip(held, wanted, strict=False)
    )


def _fee_history(node: EmbeddedNode, params: Params) -> object:
    count = integer_of(params[0], 32) if isinstance(params[0], str) else params[0]
    if not isinstance(count, int) or not 1 <= count <= _MAX_FEE_BLOCKS:
        raise ValueError(f"expected 1 to {_MAX_FEE_BLOCKS} blocks")
    percentiles = _listed_percentiles(params[2] if len(params) > 2 else None)
    with node.turn() as machine:
        last = _height(machine, params[1])
        headers: list[Any] = [machine.header(n) for n in range(max(0, last - count + 1), last + 1)]
        following = machine.evm().create_header_from_parent(headers[-1])
    found: dict[str, Any] = {
        "oldestBlock": quantity(headers[0].block_number),
        "baseFeePerGas": [quantity(h.base_fee_per_gas) for h in (*headers, following)],
        "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
    }
    if percentiles:
        found["reward"] = [[quantity(_TIP)] * len(percentiles) for _ in headers]
    return found


def _listed_percentiles(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 100:
        raise ValueError("expected a list of percentiles")
    return value


def _gas_price(node: EmbeddedNode, _: Params) -> object:
    with node.turn() as machine:
        following: Any = machine.evm().create_header_from_parent(machine.head())
        return quantity(following.base_fee_per_gas + _TIP)


def _block_number(node: EmbeddedNode, _: Params) -> object:
    with node.turn() as machine:
        return quantity(machine.head().block_number)


def _version(_: EmbeddedNode, __: Params) -> object:
    from eth import __version__ as engine

    return f"counterfoil-embedded/py-evm/{engine}"


METHODS: Final[Mapping[str, Callable[[EmbeddedNode, Params], object]]] = MappingProxyType(
    {
        "eth_accounts": lambda _, __: [],
        "eth_blockNumber": _block_number,
        "eth_call": lambda n, p: data_text(n.call(_message(p), _call_height(p))),
        "eth_chainId": lambda n, _: quantity(n.chain_id),
        "eth_estimateGas": lambda n, p: quantity(n.estimate(_message(p))),
        "eth_feeHistory": _fee_history,
        "eth_gasPrice": _gas_price,
        "eth_getBalance": _balance,
        "eth_getBlockByHash": _get_block_by_hash,
        "eth_getBlockByNumber": _get_block_by_number,
        "eth_getCode": _code,
        "eth_getLogs": _logs,
        "eth_getStorageAt": _storage,
        "eth_getTransactionByHash": _transaction,
        "eth_getTransactionCount": _count,
        "eth_getTransactionReceipt": _receipt,
        "eth_maxPriorityFeePerGas": lambda _, __: quantity(_TIP),
        "eth_sendRawTransaction": lambda n, p: data_text(n.append(bytes_of(p[0]))),
        "eth_syncing": lambda _, __: False,
        "net_listening": lambda _, __: True,
        "net_version": lambda n, _: str(n.chain_id),
        "web3_clientVersion": _version,
    }
)
"""Method -> what answers it."""


class EmbeddedTransport:
    """Asks an embedded node in place; see `Transport`."""

    def __init__(self, node: EmbeddedNode, shown: str) -> None:
        self.node = node
        self._shown = shown

    @property
    def shown(self) -> str:
        """Where the chain is."""
        return self._shown

    def request(self, method: str, params: Sequence[object]) -> object:
        """Ask the node; see `Transport.request`."""
        return answer(self.node, method, params)

    def close(self) -> None:
        """Close the node."""
        self.node.close()

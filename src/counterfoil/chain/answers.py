"""Read a node's answers into the types of the port, and believe none that is not of its form.

A node may be broken or lie: each answer must have the right types and must belong to what was
asked. This module refuses to compare answers over time; `client` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from counterfoil.chain.quantities import (
    address_of,
    bytes_of,
    data_text,
    hash_of,
    integer_of,
    object_of,
    quantity,
)
from counterfoil.errors import Unavailable, VerificationError
from counterfoil.ports import BlockRef, ChainCall, ChainLog, TxReceipt

__all__ = [
    "base_fee",
    "block_ref",
    "call_form",
    "chain_log",
    "check_events",
    "contradiction",
    "fee_history",
    "read",
    "topics_form",
    "tx_receipt",
]

T = TypeVar("T")

_MAX_TOPICS: Final = 4
_BLOCK_BITS: Final = 63
_MAX_HISTORY: Final = 1 << 16


def read(shown: str, what: str, parse: Callable[[Any], T], value: object) -> T:
    """Read an answer with `parse`. what: its name in the message.

    Raises Unavailable with code chain.unreachable when it is not of its form.
    """
    try:
        return parse(value)
    except (ValueError, KeyError, TypeError) as err:
        raise Unavailable(
            "chain.unreachable",
            f"expected {what} from the chain at {shown}, but: {str(err)!a:.200}",
            hint="This node's answers make no sense: use another node of the same chain.",
        ) from err


def contradiction(shown: str, expected: str, found: str) -> VerificationError:
    """Make the error for an answer that contradicts the question or an earlier answer."""
    return VerificationError(
        "chain.lied",
        f"expected {expected} from the chain at {shown}, found {found}",
        hint="Do not trust this node: use another one of the same chain.",
    )


def block_ref(value: object) -> BlockRef:
    """Read a block. Raises ValueError or KeyError."""
    found = object_of(value)
    return BlockRef(
        integer_of(found["number"], _BLOCK_BITS),
        hash_of(found["hash"]),
        integer_of(found["timestamp"], _BLOCK_BITS),
    )


def base_fee(value: object) -> int | None:
    """Read the base fee of a block, wei; None where the chain has none (before EIP-1559)."""
    block_ref(value)
    fee = object_of(value).get("baseFeePerGas")
    return None if fee is None else integer_of(fee)


def fee_history(value: object) -> tuple[int, list[int]]:
    """Read base fees of blocks in a row: the first one's number, and each, wei.

    The last is that of the block after the newest. Raises ValueError or KeyError.
    """
    found = object_of(value)
    fees = found["baseFeePerGas"]
    if not isinstance(fees, list) or not 0 < len(fees) <= _MAX_HISTORY:
        raise ValueError("expected a list of base fees")
    return integer_of(found["oldestBlock"], _BLOCK_BITS), [integer_of(fee) for fee in fees]


def chain_log(value: object) -> ChainLog:
    """Read an event. Raises ValueError or KeyError."""
    found = object_of(value)
    topics = found["topics"]
    if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
        raise ValueError("expected at most four topics")
    if found.get("removed") is True:
        raise ValueError("expected an event of a block that stands, found a removed one")
    return ChainLog(
        address_of(found["address"]),
        tuple(hash_of(topic) for topic in topics),
        bytes_of(found["data"]),
        integer_of(found["blockNumber"], _BLOCK_BITS),
        hash_of(found["blockHash"]),
        hash_of(found["transactionHash"]),
        integer_of(found["logIndex"], 32),
    )


def tx_receipt(value: object) -> TxReceipt:
    """Read a receipt whose parts agree. Raises ValueError or KeyError."""
    found = object_of(value)
    status = integer_of(found["status"], 1)
    logs = found["logs"]
    if not isinstance(logs, list):
        raise ValueError("expected a list of events")
    made = found.get("contractAddress")
    receipt = TxReceipt(
        hash_of(found["transactionHash"]),
        status == 1,
        integer_of(found["blockNumber"], _BLOCK_BITS),
        hash_of(found["blockHash"]),
        integer_of(found["gasUsed"], 64),
        integer_of(found.get("effectiveGasPrice") or "0x0"),
        None if made is None else address_of(made),
        tuple(chain_log(log) for log in logs),
    )
    for log in receipt.logs:
        if (log.tx_hash, log.block, log.block_hash) != (
            receipt.tx_hash,
            receipt.block,
            receipt.block_hash,
        ):
            raise ValueError("expected events of the receipt's transaction")
    if receipt.logs and not receipt.ok:
        raise ValueError("expected no events of a reverted transaction")
    return receipt


def call_form(call: ChainCall) -> dict[str, str]:
    """Write a call as JSON-RPC has it."""
    found = {"input": data_text(call.data), "data": data_text(call.data)}
    if call.to is not None:
        found["to"] = call.to
    if call.sender is not None:
        found["from"] = call.sender
    if call.value_wei:
        found["value"] = quantity(call.value_wei)
    return found


def topics_form(topics: Sequence[bytes | None]) -> list[str | None]:
    """Write the topics that are looked for."""
    return [None if topic is None else data_text(topic) for topic in topics]


def check_events(
    shown: str,
    found: Sequence[ChainLog],
    address: str,
    blocks: tuple[int, int],
    topics: Sequence[bytes | None],
) -> None:
    """Refuse events that were not asked for, or that stand in two versions of one block.

    blocks: the first and the last that were asked for. Raises VerificationError with code
    chain.lied.
    """
    versions: dict[int, bytes] = {}
    before = (-1, -1)
    for log in found:
        fits = len(log.topics) >= len(topics) and all(
            want is None or want == have for want, have in zip(topics, log.topics, strict=False)
        )
        place = (log.block, log.index)
        one = versions.setdefault(log.block, log.block_hash) == log.block_hash
        asked = blocks[0] <= log.block <= blocks[1] and log.address == address_of(address)
        if not (fits and one and asked and place > before):
            raise contradiction(
                shown,
                f"events of {address} in blocks {blocks[0]} to {blocks[1]}, in order",
                f"one of {log.address} in block {log.block}",
            )
        before = place

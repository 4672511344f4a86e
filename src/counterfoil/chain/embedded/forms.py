"""Write blocks, transactions, receipts and events of py-evm as Ethereum's JSON-RPC has them.

Source: Ethereum execution API specification. This module refuses to look anything up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from counterfoil.chain.quantities import checksum, data_text, quantity
from counterfoil.chain.transaction_bytes import contract_address

if TYPE_CHECKING:
    from eth.abc import BlockAPI

    from counterfoil.chain.embedded.database import StoredLog
    from counterfoil.chain.embedded.machine import Mined

__all__ = ["block_form", "log_form", "receipt_form", "transaction_form"]

_BLOOM_BYTES: Final = 256
_SET_CODE: Final = 4


def block_form(block: BlockAPI, transactions: list[Any], size: int) -> dict[str, Any]:
    """Write a block. transactions: their hashes or forms. size: bytes of its encoding."""
    header: Any = block.header
    return {
        "number": quantity(header.block_number),
        "hash": data_text(header.hash),
        "parentHash": data_text(header.parent_hash),
        "nonce": data_text(header.nonce),
        "sha3Uncles": data_text(header.uncles_hash),
        "logsBloom": data_text(int(header.bloom).to_bytes(_BLOOM_BYTES, "big")),
        "transactionsRoot": data_text(header.transaction_root),
        "receiptsRoot": data_text(header.receipt_root),
        "stateRoot": data_text(header.state_root),
        "miner": checksum(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "totalDifficulty": quantity(header.difficulty),
        "mixHash": data_text(header.mix_hash),
        "extraData": data_text(header.extra_data),
        "size": quantity(size),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "withdrawals": [],
        "withdrawalsRoot": data_text(header.withdrawals_root),
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": data_text(header.parent_beacon_block_root),
        "requestsHash": data_text(header.requests_hash),
        "uncles": [],
        "transactions": transactions,
    }


def transaction_form(mined: Mined) -> dict[str, Any]:
    """Write a transaction that stands in a block, which holds it alone."""
    transaction: Any = mined.transaction
    kind = transaction.type_id or 0
    found: dict[str, Any] = {
        "type": quantity(kind),
        "hash": data_text(transaction.hash),
        "nonce": quantity(transaction.nonce),
        "blockHash": data_text(mined.block.hash),
        "blockNumber": quantity(mined.block.number),
        "transactionIndex": "0x0",
        "from": checksum(transaction.sender),
        "to": checksum(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(_gas_price(mined)),
        "input": data_text(transaction.data),
        "chainId": quantity(transaction.chain_id),
        "v": quantity(transaction.y_parity if kind else transaction.v),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if kind:
        found["yParity"] = found["v"]
        found["accessList"] = [
            {
                "address": checksum(address),
                "storageKeys": [data_text(int(k).to_bytes(32, "big")) for k in keys],
            }
            for address, keys in transaction.access_list
        ]
    if kind >= 2:
        found["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        found["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == _SET_CODE:
        found["authorizationList"] = [
            {
                "chainId": quantity(one.chain_id),
                "address": checksum(one.address),
                "nonce": quantity(one.nonce),
                "yParity": quantity(one.y_parity),
                "r": quantity(one.r),
                "s": quantity(one.s),
            }
            for one in transaction.authorization_list
        ]
    return found


def receipt_form(mined: Mined, logs: list[StoredLog]) -> dict[str, Any]:
    """Write the receipt of a transaction, which stands alone in its block. logs: the block's."""
    transaction: Any = mined.transaction
    block_hash = mined.block.hash
    return {
        "type": quantity(transaction.type_id or 0),
        "status": quantity(int.from_bytes(mined.receipt.state_root, "big")),
        "transactionHash": data_text(transaction.hash),
        "transactionIndex": "0x0",
        "blockHash": data_text(block_hash),
        "blockNumber": quantity(mined.block.number),
        "from": checksum(transaction.sender),
        "to": checksum(transaction.to) if transaction.to else None,
        "contractAddress": None
        if transaction.to
        else checksum(contract_address(transaction.sender, transaction.nonce)),
        "cumulativeGasUsed": quantity(mined.receipt.gas_used),
        "gasUsed": quantity(mined.receipt.gas_used),
        "effectiveGasPrice": quantity(_gas_price(mined)),
        "logsBloom": data_text(int(mined.receipt.bloom).to_bytes(_BLOOM_BYTES, "big")),
        "logs": [log_form(log, block_hash) for log in logs],
    }


def log_form(log: StoredLog, block_hash: bytes) -> dict[str, Any]:
    """Write an event."""
    topics = log.topics
    return {
        "address": checksum(log.address),
        "topics": [data_text(topics[at : at + 32]) for at in range(0, len(topics), 32)],
        "data": data_text(log.data),
        "blockNumber": quantity(log.block),
        "blockHash": data_text(block_hash),
        "transactionHash": data_text(log.tx_hash),
        "transactionIndex": quantity(log.tx_index),
        "logIndex": quantity(log.position),
        "removed": False,
    }


def _gas_price(mined: Mined) -> int:
    header: Any = mined.block.header
    transaction = mined.transaction
    tip = min(
        transaction.max_priority_fee_per_gas, transaction.max_fee_per_gas - header.base_fee_per_gas
    )
    return int(header.base_fee_per_gas + tip)

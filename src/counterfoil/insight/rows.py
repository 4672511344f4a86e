"""Make rows of the tables from what a node answers: blocks with transactions, receipts, code.

Every value is read strictly, and receipts and events must belong to their block, so that a broken
or lying node gives an error and no row. This module refuses to ask, and to check a block's hash
against its content: one node's word stays its word.
Source: Ethereum execution API specification; ethereum-etl for the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from counterfoil.chain.quantities import bytes_of, integer_of, object_of
from counterfoil.insight.bytecode import function_sighashes, is_erc20, is_erc721
from counterfoil.insight.extra import need
from counterfoil.insight.tables import SCHEMAS, TABLES, WEI_MAX, arrow_schema

__all__ = ["TRANSFER_TOPIC", "Rows", "transfer_of"]

TRANSFER_TOPIC: Final = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""First topic of `Transfer(address,address,uint256)`, of tokens and of NFTs (EIP-20, EIP-721)."""

_WORD: Final = 64
_MAX_TOPICS: Final = 4


class Rows:
    """Rows of all tables, gathered block by block."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, list[Any]]] = {
            table: {name: [] for name in SCHEMAS[table]} for table in TABLES
        }

    def count(self) -> int:
        """Count the rows of all tables."""
        return sum(len(next(iter(columns.values()))) for columns in self._columns.values())

    def add_block(
        self,
        block: object,
        receipts: Sequence[object] | None = None,
        codes: Mapping[str, str] | None = None,
    ) -> None:
        """Add a block with its transactions and what its receipts say.

        block: of `eth_getBlockByNumber` with whole transactions. receipts: one for each of them,
        in order; None where they are not known. codes: address -> code of contracts made in it.
        Raises ValueError, KeyError or TypeError for what is no such block.
        """
        found = object_of(block)
        listed = found["transactions"]
        if not isinstance(listed, list):
            raise ValueError("expected a list of transactions")
        whole = [object_of(one) for one in listed if not isinstance(one, str)]
        if whole and len(whole) != len(listed):
            raise ValueError("expected whole transactions")
        held = None if receipts is None else [object_of(one) for one in receipts]
        if held is not None and len(held) != len(listed):
            raise ValueError(f"expected {len(listed)} receipts, found {len(held)}")
        at = self._block(found, len(listed))
        for place, one in enumerate(whole):
            receipt = None if held is None else held[place]
            self._transaction(one, receipt, at)
            if receipt is not None:
                self._receipt(receipt, at, codes or {})

    def _block(self, found: Mapping[str, Any], transactions: int) -> tuple[int, str, int]:
        number, time_s = _int(found["number"]), _int(found["timestamp"])
        block_hash = _hex(found["hash"], 32)
        self._add(
            "blocks",
            number=number,
            hash=block_hash,
            parent_hash=_hex(found["parentHash"], 32),
            miner=_or_none(found.get("miner"), _address),
            extra_data=_or_none(found.get("extraData"), _hex),
            size=_or_none(found.get("size"), _int),
            gas_limit=_int(found["gasLimit"]),
            gas_used=_int(found["gasUsed"]),
            timestamp=time_s,
            transaction_count=transactions,
            base_fee_per_gas=_or_none(found.get("baseFeePerGas"), _wei),
            blob_gas_used=_or_none(found.get("blobGasUsed"), _int),
            excess_blob_gas=_or_none(found.get("excessBlobGas"), _int),
        )
        return number, block_hash, time_s

    def _transaction(
        self,
        one: Mapping[str, Any],
        receipt: Mapping[str, Any] | None,
        at: tuple[int, str, int],
    ) -> None:
        number, block_hash, time_s = at
        tx_hash = _hex(one["hash"], 32)
        if _hex(one["blockHash"], 32) != block_hash:
            raise ValueError(f"expected a transaction of block {number}, found {tx_hash}")
        facts = {} if receipt is None else receipt
        if receipt is not None and (
            _hex(receipt["transactionHash"], 32) != tx_hash
            or _hex(receipt["blockHash"], 32) != block_hash
        ):
            raise ValueError(f"expected the receipt of {tx_hash} in block {number}")
        self._add(
            "transactions",
            hash=tx_hash,
            nonce=_int(one["nonce"]),
            transaction_index=_int(one["transactionIndex"]),
            from_address=_address(one["from"]),
            to_address=_or_none(one.get("to"), _address),
            value=_wei(one["value"]),
            gas=_int(one["gas"]),
            gas_price=_or_none(one.get("gasPrice"), _wei),
            input=_hex(one["input"]),
            block_timestamp=time_s,
            block_number=number,
            block_hash=block_hash,
            max_fee_per_gas=_or_none(one.get("maxFeePerGas"), _wei),
            max_priority_fee_per_gas=_or_none(one.get("maxPriorityFeePerGas"), _wei),
            transaction_type=_or_none(one.get("type"), _int),
            receipt_gas_used=_or_none(facts.get("gasUsed"), _int),
            receipt_contract_address=_or_none(facts.get("contractAddress"), _address),
            receipt_status=_or_none(facts.get("status"), _int),
            receipt_effective_gas_price=_or_none(facts.get("effectiveGasPrice"), _wei),
        )

    def _receipt(
        self, receipt: Mapping[str, Any], at: tuple[int, str, int], codes: Mapping[str, str]
    ) -> None:
        logs = receipt["logs"]
        if not isinstance(logs, list):
            raise ValueError("expected a list of events")
        for log in logs:
            self._log(object_of(log), _hex(receipt["transactionHash"], 32), at)
        made = _or_none(receipt.get("contractAddress"), _address)
        if made is not None and _or_none(receipt.get("status"), _int) != 0:
            self._contract(made, codes.get(made), at[0])

    def _log(self, log: Mapping[str, Any], tx_hash: str, at: tuple[int, str, int]) -> None:
        number, block_hash, time_s = at
        topics = log["topics"]
        if not isinstance(topics, list) or len(topics) > _MAX_TOPICS:
            raise ValueError("expected at most four topics")
        if _hex(log["transactionHash"], 32) != tx_hash or _hex(log["blockHash"], 32) != block_hash:
            raise ValueError(f"expected events of {tx_hash} in block {number}")
        topics, data = [_hex(topic, 32) for topic in topics], _hex(log["data"])
        place = {
            "log_index": _int(log["logIndex"]),
            "transaction_hash": tx_hash,
            "block_timestamp": time_s,
            "block_number": number,
            "block_hash": block_hash,
        }
        address = _address(log["address"])
        self._add(
            "logs",
            transaction_index=_int(log["transactionIndex"]),
            address=address,
            data=data,
            topics=topics,
            **place,
        )
        moved = transfer_of(topics, data)
        if moved is not None:
            self._add("token_transfers", token_address=address, **moved, **place)

    def _contract(self, address: str, code: str | None, number: int) -> None:
        held = None if code is None else bytes_of(code)
        functions = None if held is None else function_sighashes(held)
        self._add(
            "contracts",
            address=address,
            bytecode=None if held is None else "0x" + held.hex(),
            function_sighashes=functions,
            is_erc20=None if functions is None else is_erc20(functions),
            is_erc721=None if functions is None else is_erc721(functions),
            block_number=number,
        )

    def _add(self, table: str, **values: Any) -> None:
        for name, column in self._columns[table].items():
            column.append(values[name])

    def to_arrow(self) -> dict[str, Any]:
        """Give the rows: table -> `pyarrow.Table`."""
        arrow = need("pyarrow")
        return {
            table: arrow.table(columns, schema=arrow_schema(table))
            for table, columns in self._columns.items()
        }


def transfer_of(topics: Sequence[str], data: str) -> dict[str, Any] | None:
    """Read a token's transfer from an event; None where it is none.

    topics, data: 0x and lower-case digits. Whether fields are indexed tells the standard: an
    amount is not (EIP-20), the number of an NFT is (EIP-721); old NFTs indexed nothing.
    """
    if not topics or topics[0] != TRANSFER_TOPIC or (len(data) - 2) % _WORD:
        return None
    words = [topic[2:] for topic in topics[1:]]
    words += [data[at : at + _WORD] for at in range(2, len(data), _WORD)]
    if len(words) != 3:
        return None
    sender, receiver, amount = words
    value = int(amount, 16)
    standard = {3: "erc20", 4: "erc721"}.get(len(topics))
    return {
        "from_address": "0x" + sender[-40:],
        "to_address": "0x" + receiver[-40:],
        "value": str(value),
        "amount": None if standard == "erc721" else float(value),
        "token_standard": standard,
    }


def _or_none(value: Any, parse: Any) -> Any:
    return None if value is None else parse(value)


def _int(value: object) -> int:
    return integer_of(value, 63)


def _wei(value: object) -> Any:
    """Read an amount of wei that a column holds; see `tables`."""
    found = integer_of(value)
    if found > WEI_MAX:
        raise ValueError(f"expected at most 10^38 - 1 wei, found {found}")
    return Decimal(found)


def _hex(value: object, size: int | None = None) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected data in hexadecimal, found {type(value).__name__}")
    found = bytes_of(value)
    if size is not None and len(found) != size:
        raise ValueError(f"expected {size} bytes, found {len(found)}")
    return value.lower()


def _address(value: object) -> str:
    return _hex(value, 20)

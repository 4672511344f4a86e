"""Rows of ethereum-etl, in the other forms that chains come in: a node's JSON, CSV, cryo's Parquet.

The data set `eth_raw_blocks` says what is right; each form is made from it here, so that all of
them must be read to the same tables.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.shared_data import data_path

__all__ = ["TABLES", "as_cryo", "as_csv", "as_node", "raw_blocks"]

TABLES = ("blocks", "transactions", "logs", "token_transfers")

Rows = Mapping[str, list[dict[str, Any]]]


def raw_blocks() -> Rows:
    """Read two blocks of Ethereum as ethereum-etl exported them: table -> rows."""
    folder = data_path("eth_raw_blocks")
    return {
        table: [
            json.loads(line)
            for line in gzip.open(folder / f"expected_{table}.json.gz", "rt", encoding="utf-8")
        ]
        for table in TABLES
    }


def as_csv(rows: Rows, folder: Path) -> list[Path]:
    """Write them as ethereum-etl's CSV: lists with commas, nothing for null."""
    files = []
    for table, held in rows.items():
        path = folder / f"{table}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            names = [name for name in held[0] if name not in ("type", "withdrawals")]
            writer = csv.DictWriter(file, names, extrasaction="ignore")
            writer.writeheader()
            for row in held:
                listed = {n: ",".join(v) for n, v in row.items() if n == "topics"}
                writer.writerow(row | listed)
        files.append(path)
    return files


def as_node(rows: Rows, path: Path) -> Path:
    """Write them as a node answers: blocks with whole transactions, then all receipts."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for log in rows["logs"]:
        logs.setdefault(log["transaction_hash"], []).append(_node_log(log))
    answers: list[Any] = []
    for block in rows["blocks"]:
        within = [one for one in rows["transactions"] if one["block_number"] == block["number"]]
        answers.append(
            {
                "number": hex(block["number"]),
                "hash": block["hash"],
                "parentHash": block["parent_hash"],
                "miner": block["miner"],
                "extraData": block["extra_data"],
                "size": hex(block["size"]),
                "gasLimit": hex(block["gas_limit"]),
                "gasUsed": hex(block["gas_used"]),
                "timestamp": hex(block["timestamp"]),
                "baseFeePerGas": hex(block["base_fee_per_gas"]),
                "transactions": [_node_transaction(one) for one in within],
            }
        )
        answers.append(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "result": [_node_receipt(one, logs.get(one["hash"], [])) for one in within],
            }
        )
    path.write_text(json.dumps(answers), encoding="utf-8")
    return path


def _node_transaction(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hash": one["hash"],
        "nonce": hex(one["nonce"]),
        "blockHash": one["block_hash"],
        "transactionIndex": hex(one["transaction_index"]),
        "from": one["from_address"],
        "to": one["to_address"],
        "value": hex(int(one["value"])),
        "gas": hex(one["gas"]),
        "gasPrice": hex(one["gas_price"]),
        "input": one["input"],
        "type": hex(one["transaction_type"]),
        "maxFeePerGas": _hex(one["max_fee_per_gas"]),
        "maxPriorityFeePerGas": _hex(one["max_priority_fee_per_gas"]),
    }


def _node_receipt(one: Mapping[str, Any], logs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "transactionHash": one["hash"],
        "blockHash": one["block_hash"],
        "cumulativeGasUsed": hex(one["receipt_cumulative_gas_used"]),
        "gasUsed": hex(one["receipt_gas_used"]),
        "contractAddress": one["receipt_contract_address"],
        "status": hex(one["receipt_status"]),
        "effectiveGasPrice": hex(one["receipt_effective_gas_price"]),
        "logs": logs,
    }


def _node_log(log: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "logIndex": hex(log["log_index"]),
        "transactionHash": log["transaction_hash"],
        "transactionIndex": hex(log["transaction_index"]),
        "blockHash": log["block_hash"],
        "address": log["address"],
        "data": log["data"],
        "topics": log["topics"],
    }


def _hex(value: int | None) -> str | None:
    return None if value is None else hex(value)


def as_cryo(rows: Rows, folder: Path) -> list[Path]:
    """Write blocks, transactions and logs as cryo does: bytes, and 256-bit numbers twice."""
    tables = {
        "blocks": {
            "block_number": [one["number"] for one in rows["blocks"]],
            "block_hash": [_bytes(one["hash"]) for one in rows["blocks"]],
            "author": [_bytes(one["miner"]) for one in rows["blocks"]],
            "timestamp": pa.array([one["timestamp"] for one in rows["blocks"]], pa.uint32()),
            "gas_used": pa.array([one["gas_used"] for one in rows["blocks"]], pa.uint64()),
            "base_fee_per_gas": pa.array(
                [one["base_fee_per_gas"] for one in rows["blocks"]], pa.uint64()
            ),
        },
        "transactions": {
            "block_number": [one["block_number"] for one in rows["transactions"]],
            "transaction_index": [one["transaction_index"] for one in rows["transactions"]],
            "transaction_hash": [_bytes(one["hash"]) for one in rows["transactions"]],
            "nonce": [one["nonce"] for one in rows["transactions"]],
            "from_address": [_bytes(one["from_address"]) for one in rows["transactions"]],
            "to_address": [_bytes(one["to_address"]) for one in rows["transactions"]],
            "value_binary": [int(one["value"]).to_bytes(32, "big") for one in rows["transactions"]],
            "input": [_bytes(one["input"]) for one in rows["transactions"]],
            "gas_limit": [one["gas"] for one in rows["transactions"]],
            "gas_price": [one["gas_price"] for one in rows["transactions"]],
            "success": [one["receipt_status"] == 1 for one in rows["transactions"]],
        },
        "logs": {
            "block_number": [one["block_number"] for one in rows["logs"]],
            "transaction_index": [one["transaction_index"] for one in rows["logs"]],
            "log_index": [one["log_index"] for one in rows["logs"]],
            "transaction_hash": [_bytes(one["transaction_hash"]) for one in rows["logs"]],
            "address": [_bytes(one["address"]) for one in rows["logs"]],
            "data": [_bytes(one["data"]) for one in rows["logs"]],
            **{
                f"topic{at}": pa.array(
                    [
                        _bytes(one["topics"][at]) if at < len(one["topics"]) else None
                        for one in rows["logs"]
                    ],
                    pa.binary(),
                )
                for at in range(4)
            },
        },
    }
    files = []
    for table, columns in tables.items():
        path = folder / f"ethereum__{table}__17173049_to_17173050.parquet"
        pq.write_table(pa.table(columns), path)
        files.append(path)
    return files


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text[2:])

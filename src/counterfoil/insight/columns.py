"""How other people's columns become ours: names, types, and which table a file holds.

Known are ethereum-etl (CSV, JSON lines, BigQuery's exports), cryo (Parquet, with bytes or text),
and exports that name columns as Ethereum's JSON-RPC does. What is written as a fraction cannot be
wei: then a value counts in coins and a price in gwei, and a note says so. This module refuses to
guess a column from its content.
Source: ethereum-etl, docs/schema.md; cryo, crates/freeze/src/datasets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["RECEIPTS", "UNITS", "identify", "projected", "source_of"]

RECEIPTS: Final = "receipts"
"""A table of ethereum-etl that becomes columns of our transactions."""

UNITS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "value": (18, "coins"),
        "gas_price": (9, "gwei"),
        "base_fee_per_gas": (9, "gwei"),
        "max_fee_per_gas": (9, "gwei"),
        "max_priority_fee_per_gas": (9, "gwei"),
        "receipt_effective_gas_price": (9, "gwei"),
    }
)
"""Column of wei -> (digits after the point, unit) where a file writes fractions."""

_NAMES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "blocks": {
            "number": ("block_number",),
            "hash": ("block_hash",),
            "parent_hash": ("parenthash",),
            "miner": ("author", "fee_recipient"),
            "gas_limit": ("gaslimit",),
            "gas_used": ("gasused",),
            "timestamp": ("block_timestamp", "time"),
            "transaction_count": ("transactions", "tx_count", "n_transactions"),
            "base_fee_per_gas": ("basefeepergas", "base_fee"),
        },
        "transactions": {
            "hash": ("transaction_hash", "tx_hash"),
            "from_address": ("from",),
            "to_address": ("to",),
            "value": ("value_string", "value_binary"),
            "gas": ("gas_limit",),
            "gas_price": ("gasprice",),
            "input": ("data",),
            "block_timestamp": ("timestamp",),
            "block_number": ("blocknumber",),
            "transaction_type": ("type",),
            "receipt_gas_used": ("gas_used",),
            "receipt_contract_address": ("contract_address",),
            "receipt_status": ("status", "success"),
            "receipt_effective_gas_price": ("effective_gas_price",),
        },
        "logs": {"topics": ("topic0",), "block_timestamp": ("timestamp",)},
        "token_transfers": {
            "token_address": ("erc20", "erc721", "token"),
            "value": ("value_string", "value_binary", "token_id_string", "token_id"),
            "block_timestamp": ("timestamp",),
        },
        "contracts": {"address": ("contract_address",), "bytecode": ("code",)},
        RECEIPTS: {},
    }
)
_RECEIPT_COLUMNS: Final = (
    "transaction_hash",
    "gas_used",
    "contract_address",
    "status",
    "effective_gas_price",
)


def identify(columns: Collection[str]) -> str | None:
    """Tell which table a file with these columns holds, by its name; None for none.

    >>> identify(["number", "timestamp", "gas_used", "gas_limit"])
    'blocks'
    """
    held = {name.lower() for name in columns}
    if "log_index" in held and held & {"topics", "topic0"}:
        return "logs"
    if held & {"token_address", "erc20", "erc721"} and held >= {"from_address", "to_address"}:
        return "token_transfers"
    if held & {"from_address", "from"} and held & {"value", "value_string", "value_binary"}:
        return "transactions"
    if held >= {"transaction_hash", "gas_used"} and held & {"cumulative_gas_used", "status"}:
        return RECEIPTS
    if held & {"bytecode", "function_sighashes", "code"}:
        return "contracts"
    if held >= {"timestamp", "gas_used"} and held & {"number", "block_number"}:
        return "blocks"
    return None


def source_of(table: str, column: str, held: Mapping[str, str]) -> str | None:
    """Name the column of a file that is our `column`; None where it has none.

    held: lower-case name -> name, of the file's columns.
    """
    for name in (column, *_NAMES[table].get(column, ())):
        if name in held:
            return held[name]
    return None


def receipt_columns() -> tuple[str, ...]:
    """Name the columns of a table of receipts."""
    return _RECEIPT_COLUMNS


def projected(kind: str, column: str, name: str, sql_type: str, fraction: int = 0) -> str:
    """Write the SQL that makes a value of ours of a file's; null where it cannot.

    kind: of `tables.SCHEMAS`. name, sql_type: of the file's column. fraction: digits after the
    point that the file's unit has more than wei.
    """
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "texts":
        return _texts(quoted, sql_type)
    if sql_type == "BLOB":
        number = kind == "wei" or (kind == "text" and column == "value")
        quoted = f"counterfoil_uint({quoted})" if number else f"'0x' || lower(hex({quoted}))"
        sql_type = "VARCHAR"
    if kind == "text":
        return quoted if column == "value" else f"lower(CAST({quoted} AS VARCHAR))"
    if kind == "integer" and sql_type.startswith(("TIMESTAMP", "DATE")):
        return f"CAST(epoch({quoted}) AS BIGINT)"
    if kind == "integer" and column.endswith("timestamp") and sql_type == "VARCHAR":
        moment = f"TRY_CAST(replace({quoted}, ' UTC', '') AS TIMESTAMP)"
        return f"coalesce(TRY_CAST({quoted} AS BIGINT), CAST(epoch({moment}) AS BIGINT))"
    if kind == "integer":
        return f"TRY_CAST({quoted} AS BIGINT)"
    if kind == "boolean":
        return f"TRY_CAST({quoted} AS BOOLEAN)"
    if kind == "float":
        return f"TRY_CAST({quoted} AS DOUBLE)"
    if fraction:  # exact: the digits without their point
        digits = f"CAST(TRY_CAST({quoted} AS DECIMAL(38,{fraction})) AS VARCHAR)"
        return f"TRY_CAST(replace({digits}, '.', '') AS DECIMAL(38,0))"
    if sql_type == "VARCHAR":
        hexadecimal = f"TRY_CAST(TRY_CAST({quoted} AS HUGEINT) AS DECIMAL(38,0))"
        return f"CASE WHEN {quoted} LIKE '0x%' THEN {hexadecimal} ELSE " + (
            f"TRY_CAST({quoted} AS DECIMAL(38,0)) END"
        )
    return f"TRY_CAST({quoted} AS DECIMAL(38,0))"


def _texts(quoted: str, sql_type: str) -> str:
    if sql_type == "VARCHAR[]":
        return f"list_transform({quoted}, lambda one: lower(one))"
    if sql_type == "BLOB[]":
        return f"list_transform({quoted}, lambda one: '0x' || lower(hex(one)))"
    return f"regexp_extract_all(lower({quoted}), '0x[0-9a-f]+')"


def topics_of(held: Mapping[str, str], types: Mapping[str, str]) -> str:
    """Write the SQL that makes our list of topics of cryo's four columns."""
    parts = []
    for at in range(4):
        name = held.get(f"topic{at}")
        if name is not None:
            quoted = '"' + name + '"'
            is_bytes = types[name] == "BLOB"
            parts.append(f"'0x' || lower(hex({quoted}))" if is_bytes else f"lower({quoted})")
    return f"list_filter([{', '.join(parts)}], lambda one: one IS NOT NULL)"

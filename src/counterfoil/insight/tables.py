"""The tables that a chain is read into, with the column names of ethereum-etl, and queries on them.

One definition from disk to report: what is written as Parquet, what a reader makes of other
people's files, and what a query sees. Addresses, hashes and data are text, `0x` and lower-case
hexadecimal digits; times are Unix seconds; gas is in units of gas.

Amounts of wei are decimal(38, 0), exact and summable: whoever pays or offers an amount must own
it, and no chain's supply reaches 10^20 coins. Whatever does not fit is refused, never rounded.
Amounts of a token have no such bound (anybody may write a token that says 2^256 - 1, and the
number of an NFT is one, too): `value` is exact as decimal text, `amount` the nearest float64, for
sums and models. This module refuses to read a chain or a file.
Source: ethereum-etl, docs/schema.md.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.insight.extra import need

__all__ = ["SCHEMAS", "SQL_TYPES", "TABLES", "WEI_MAX", "Tables", "arrow_schema"]

WEI_MAX: Final = 10**38 - 1
"""Largest amount of wei that a column holds."""

TABLES: Final = ("blocks", "transactions", "logs", "token_transfers", "contracts")
"""The tables, in the order in which a reader meets them."""

SCHEMAS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "blocks": {
            "number": "integer",
            "hash": "text",
            "parent_hash": "text",
            "miner": "text",
            "extra_data": "text",
            "size": "integer",  # bytes
            "gas_limit": "integer",
            "gas_used": "integer",
            "timestamp": "integer",
            "transaction_count": "integer",
            "base_fee_per_gas": "wei",  # null before EIP-1559
            "blob_gas_used": "integer",
            "excess_blob_gas": "integer",
        },
        "transactions": {
            "hash": "text",
            "nonce": "integer",
            "transaction_index": "integer",
            "from_address": "text",
            "to_address": "text",  # null where a contract is made
            "value": "wei",
            "gas": "integer",  # the limit; used is receipt_gas_used
            "gas_price": "wei",  # paid, where it stands in a block
            "input": "text",
            "block_timestamp": "integer",
            "block_number": "integer",
            "block_hash": "text",
            "max_fee_per_gas": "wei",
            "max_priority_fee_per_gas": "wei",
            "transaction_type": "integer",
            "receipt_gas_used": "integer",
            "receipt_contract_address": "text",  # of the contract that it made
            "receipt_status": "integer",  # 1 done, 0 reverted
            "receipt_effective_gas_price": "wei",
        },
        "logs": {
            "log_index": "integer",  # within its block
            "transaction_hash": "text",
            "transaction_index": "integer",
            "address": "text",
            "data": "text",
            "topics": "texts",  # up to four; topics[1] is the first one in DuckDB
            "block_timestamp": "integer",
            "block_number": "integer",
            "block_hash": "text",
        },
        "token_transfers": {
            "token_address": "text",
            "from_address": "text",
            "to_address": "text",
            "value": "text",  # decimal digits: an amount, or the number of an NFT
            "amount": "float",  # nearest to value; null where that is the number of an NFT
            "token_standard": "text",  # erc20, erc721, or null where it is not known
            "transaction_hash": "text",
            "log_index": "integer",
            "block_timestamp": "integer",
            "block_number": "integer",
            "block_hash": "text",
        },
        "contracts": {
            "address": "text",
            "bytecode": "text",  # that runs, not that which made it
            "function_sighashes": "texts",  # 0x and 8 digits each, found in the bytecode
            "is_erc20": "boolean",
            "is_erc721": "boolean",
            "block_number": "integer",  # where it was made
        },
    }
)
"""Table -> column -> kind: integer, wei, float, boolean, text or texts; each may be null."""

SQL_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "integer": "BIGINT",
        "wei": "DECIMAL(38,0)",
        "float": "DOUBLE",
        "boolean": "BOOLEAN",
        "text": "VARCHAR",
        "texts": "VARCHAR[]",
    }
)
"""Kind -> type of DuckDB."""


def arrow_schema(table: str) -> Any:
    """Give the `pyarrow.Schema` of a table. Raises KeyError for one that is not in `TABLES`."""
    arrow = need("pyarrow")
    kinds = {
        "integer": arrow.int64(),
        "wei": arrow.decimal128(38, 0),
        "float": arrow.float64(),
        "boolean": arrow.bool_(),
        "text": arrow.string(),
        "texts": arrow.list_(arrow.string()),
    }
    return arrow.schema([(name, kinds[kind]) for name, kind in SCHEMAS[table].items()])


class Tables:
    """Tables of a chain in one DuckDB connection; see `ports.ChainTables`.

    connection: holds a table or view of each name in `TABLES`, with all columns of its schema.
    given: table -> columns that the data holds. digest: the SHA-256 of the data, hexadecimal.
    notes: what a reader of the data had to assume, for people.
    """

    def __init__(
        self,
        connection: Any,
        given: Mapping[str, frozenset[str]],
        digest: str,
        notes: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self._given = dict(given)
        self._digest = digest
        self._turn = threading.RLock()
        self.notes = tuple(notes)

    @property
    def digest(self) -> str:
        """The SHA-256 of the data: 64 lower-case hexadecimal digits."""
        return self._digest

    def count(self, table: str) -> int:
        """Count the rows of a table. Raises KeyError for one that is not in `TABLES`."""
        if table not in SCHEMAS:
            raise KeyError(table)
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0].as_py())  # noqa: S608

    def given(self, table: str) -> frozenset[str]:
        """Name the columns of a table that the data holds."""
        return self._given.get(table, frozenset())

    def sql(self, query: str, parameters: Sequence[object] = ()) -> Any:
        """Run one SELECT over the tables; gives a `pyarrow.Table`.

        parameters: values for the question marks. Raises InputError with code insight.query.
        """
        duckdb = need("duckdb")
        with self._turn:
            try:
                asked = self._connection.extract_statements(query)
                if [one.type for one in asked] != [duckdb.StatementType.SELECT]:
                    raise _refused("it is not one SELECT")  # what changes tables changes figures
                found = self._connection.sql(query, params=list(parameters) or None)
                return found.to_arrow_table()
            except duckdb.Error as err:
                raise _refused(str(err)) from err

    def close(self) -> None:
        """Let go of the data. Calling it again does nothing."""
        with self._turn:
            self._connection.close()

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _refused(found: str) -> InputError:
    return InputError(
        "insight.query",
        f"expected a query over {', '.join(TABLES)}, but: {found!a:.300}",
        hint="The columns are those of ethereum-etl; the SQL is DuckDB's.",
    )

"""Bring other people's tables of a chain into ours, and make what they lack from what they hold.

Each value is read exactly or the file is refused with the name of the column: nothing is rounded,
and nothing becomes null silently. A row that stands in two files counts once. This module refuses
to guess a unit without a note.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.insight.columns import (
    RECEIPTS,
    UNITS,
    identify,
    projected,
    source_of,
    topics_of,
)
from counterfoil.insight.documents import Documents
from counterfoil.insight.extra import need
from counterfoil.insight.rows import TRANSFER_TOPIC, transfer_of
from counterfoil.insight.tables import SCHEMAS, SQL_TYPES, TABLES, arrow_schema

__all__ = ["Foreign"]

_RECEIPT_KINDS: Final[Mapping[str, str]] = {
    "transaction_hash": "text",
    "gas_used": "integer",
    "contract_address": "text",
    "status": "integer",
    "effective_gas_price": "wei",
}
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "blocks": ("number", "hash"),
    "transactions": ("hash",),
    "logs": ("block_number", "transaction_hash", "log_index"),
    "token_transfers": ("block_number", "transaction_hash", "log_index"),
    "contracts": ("address", "block_number"),
}


class Foreign:
    """Tables that are being gathered in a DuckDB connection. notes: what was assumed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._given: dict[str, set[str]] = {}
        self._receipts = False
        self.notes: list[str] = []
        connection.create_function("counterfoil_uint", _uint, ["BLOB"], "VARCHAR")
        for table in TABLES:
            columns = ", ".join(f'"{n}" {SQL_TYPES[kind]}' for n, kind in SCHEMAS[table].items())
            connection.execute(f"CREATE TABLE {table} ({columns})")
        columns = ", ".join(f'"{n}" {SQL_TYPES[kind]}' for n, kind in _RECEIPT_KINDS.items())
        connection.execute(f"CREATE TABLE {RECEIPTS} ({columns})")

    def add_file(self, path: Path) -> None:
        """Add a CSV or Parquet file. Raises InputError with a code insight.*."""
        reader = "read_parquet(?)"
        if ".csv" in path.name.lower():
            reader = "read_csv(?, all_varchar = true, header = true, delim = ',', quote = '\"')"
        try:
            self._connection.execute(
                f"CREATE TEMP VIEW given AS SELECT * FROM {reader.replace('?', _text(str(path)))}"  # noqa: S608
            )
        except need("duckdb").Error as err:
            raise _unreadable(path.name, err) from err
        self._take("given", path.name)
        self._connection.execute("DROP VIEW given")

    def add_documents(self, documents: Documents) -> None:
        """Add what JSON files hold. Raises InputError with a code insight.*."""
        arrow = need("pyarrow")
        for table, rows in documents.rows.items():
            if rows:
                names = list(dict.fromkeys(name for row in rows for name in row))
                columns = {name: [row.get(name) for row in rows] for name in names}
                text = arrow.schema([(name, arrow.string()) for name in names])
                self._connection.register("given", arrow.table(columns, schema=text))
                self._take("given", f"JSON rows of {table}", table)
                self._connection.unregister("given")
        made = documents.from_nodes()
        for table, found in ({} if made is None else made.to_arrow()).items():
            self._connection.register("given", found)
            self._connection.execute(f"INSERT INTO {table} SELECT * FROM given")  # noqa: S608
            self._connection.unregister("given")
            if found.num_rows:
                held = {n for n in found.column_names if found[n].null_count < found.num_rows}
                self._given.setdefault(table, set()).update(held)

    def _take(self, relation: str, name: str, table: str | None = None) -> None:
        """Project a relation's columns onto ours and insert its rows."""
        described = self._connection.execute(f"DESCRIBE {relation}").fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        table = table or identify(types)
        if table is None:
            raise InputError(
                "insight.unknown",
                f"expected blocks, transactions, logs, transfers or contracts in {name}, found "
                f"columns {', '.join(types)[:200]}",
                hint="The columns are named as ethereum-etl or cryo name them.",
            )
        held = {column.lower(): column for column in types}
        kinds = _RECEIPT_KINDS if table == RECEIPTS else SCHEMAS[table]
        made: dict[str, tuple[str, str]] = {}  # ours -> (SQL, theirs)
        for column, kind in kinds.items():
            theirs = source_of(table, column, held)
            if table == "logs" and column == "topics" and theirs == held.get("topic0"):
                if theirs is not None:
                    made[column] = (topics_of(held, types), theirs)
            elif theirs is not None:
                fraction = self._fraction(relation, name, column, kind, theirs, types[theirs])
                made[column] = (projected(kind, column, theirs, types[theirs], fraction), theirs)
        self._insert(relation, name, table, made)
        if table == RECEIPTS:
            self._receipts = True
        else:
            self._given.setdefault(table, set()).update(made)

    def _insert(
        self, relation: str, name: str, table: str, made: Mapping[str, tuple[str, str]]
    ) -> None:
        listed = ", ".join(f'{sql} AS "{column}"' for column, (sql, _) in made.items())
        query = f"CREATE TEMP TABLE taken AS SELECT {listed} FROM {relation}"  # noqa: S608
        lost = ", ".join(
            f"count(\"{theirs}\") FILTER (WHERE \"{theirs}\"::VARCHAR NOT IN ('', 'None', 'nan')"
            f" AND ({sql}) IS NULL)"
            for sql, theirs in made.values()
        )
        names = ", ".join(f'"{column}"' for column in made)
        try:
            counts = self._one(f"SELECT {lost} FROM {relation}")  # noqa: S608
            self._connection.execute(query)
            self._connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM taken")  # noqa: S608
            self._connection.execute("DROP TABLE taken")
        except need("duckdb").Error as err:
            raise _unreadable(name, err) from err
        for (_, theirs), count in zip(made.values(), counts, strict=True):
            if count:
                raise InputError(
                    "insight.value",
                    f"expected numbers of at most 38 digits in column {theirs!a} of {name}, found "
                    f"{count} values that are none",
                    hint="Wei are whole numbers; a time is Unix seconds or ISO 8601.",
                )

    def _fraction(
        self, relation: str, name: str, column: str, kind: str, theirs: str, sql_type: str
    ) -> int:
        """Tell by how many digits a file's unit is larger than wei: 0 unless it has fractions."""
        if kind != "wei" or column not in UNITS:
            return 0
        text = sql_type == "VARCHAR"
        test = f"contains(\"{theirs}\", '.')" if text else f'"{theirs}" <> floor("{theirs}")'
        if not text and not sql_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
            return 0
        if text:  # 21000.0 is a whole number that went through a float
            test += f" AND NOT regexp_full_match(\"{theirs}\", '[0-9]+\\.0*')"
        query = f"SELECT bool_or({test}) FROM {relation}"  # noqa: S608
        if not self._one(query)[0]:
            return 0
        digits, unit = UNITS[column]
        self.notes.append(f"{theirs} of {name} has fractions, so it counts in {unit}")
        return digits

    def finish(self) -> dict[str, frozenset[str]]:
        """Make what is missing, and give the columns that the data holds: table -> columns."""
        self._drop_doubles()
        if self._receipts:
            self._join_receipts()
        for table in ("transactions", "logs", "token_transfers"):
            self._fill(table, "block_timestamp", "timestamp", "number")
        if "token_transfers" not in self._given and "topics" in self._given.get("logs", ()):
            self._transfers_from_logs()
        if "amount" not in self._given.get("token_transfers", ()):
            self._amounts()
        if "contracts" not in self._given:
            self._contracts_from_receipts()
        return {table: frozenset(columns) for table, columns in self._given.items()}

    def _drop_doubles(self) -> None:
        for table, keys in _KEYS.items():
            held = [key for key in keys if key in self._given.get(table, ())]
            if not held or (table in ("logs", "token_transfers") and "log_index" not in held):
                continue
            by = ", ".join(f'"{key}"' for key in held)
            before = self._count(table)
            distinct = f"SELECT count(*) FROM (SELECT DISTINCT {by} FROM {table})"  # noqa: S608
            if self._one(distinct)[0] == before:
                continue
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table} "  # noqa: S608
                f"QUALIFY row_number() OVER (PARTITION BY {by} ORDER BY rowid) = 1"
            )
            self.notes.append(f"{before - self._count(table)} rows of {table} stood twice")

    def _count(self, table: str) -> int:
        return int(self._one(f"SELECT count(*) FROM {table}")[0])  # noqa: S608

    def _one(self, query: str) -> Any:
        """Give the one row of a query; read to its end, or the connection stays busy."""
        return self._connection.execute(query).fetchall()[0]

    def _join_receipts(self) -> None:
        pairs = {
            "receipt_gas_used": "gas_used",
            "receipt_contract_address": "contract_address",
            "receipt_status": "status",
            "receipt_effective_gas_price": "effective_gas_price",
        }
        sets = ", ".join(f"{ours} = coalesce(t.{ours}, r.{their})" for ours, their in pairs.items())
        self._connection.execute(
            f"UPDATE transactions AS t SET {sets} FROM {RECEIPTS} AS r "  # noqa: S608
            "WHERE r.transaction_hash = t.hash"
        )
        self._given.setdefault("transactions", set()).update(pairs)

    def _fill(self, table: str, column: str, source: str, key: str) -> None:
        """Take a column of a table from its block where the data does not hold it."""
        ours, blocks = self._given.get(table, set()), self._given.get("blocks", set())
        if column in ours or not {source, key} <= blocks or "block_number" not in ours:
            return
        self._connection.execute(
            f"UPDATE {table} AS t SET {column} = b.{source} FROM blocks AS b "  # noqa: S608
            f"WHERE b.{key} = t.block_number"
        )
        if self._one(f"SELECT count({column}) FROM {table}")[0]:  # noqa: S608
            self._given[table].add(column)

    def _transfers_from_logs(self) -> None:
        found = self._connection.sql(
            "SELECT address, topics, data, transaction_hash, log_index, block_timestamp, "
            "block_number, block_hash FROM logs WHERE topics[1] = ?",
            params=[TRANSFER_TOPIC],
        ).to_arrow_table()
        rows = []
        for one in found.to_pylist():
            topics, data = one.pop("topics"), one.pop("data") or "0x"
            with contextlib.suppress(ValueError):
                moved = transfer_of(topics, data)
                if moved is not None:
                    rows.append({"token_address": one.pop("address"), **moved, **one})
        self._put("token_transfers", rows)

    def _put(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            made = need("pyarrow").Table.from_pylist(list(rows), schema=arrow_schema(table))
            self._connection.register("given", made)
            self._connection.execute(f"INSERT INTO {table} SELECT * FROM given")  # noqa: S608
            self._connection.unregister("given")
            self._given[table] = set(SCHEMAS[table])

    def _amounts(self) -> None:
        """Tell the standard of transfers by their events, and give the amounts of tokens."""
        if "value" not in self._given.get("token_transfers", ()):
            return
        if {"log_index", "topics"} <= self._given.get("logs", set()):
            self._connection.execute(
                "UPDATE token_transfers AS t SET token_standard = "
                "CASE len(l.topics) WHEN 3 THEN 'erc20' WHEN 4 THEN 'erc721' END "
                "FROM logs AS l WHERE l.log_index = t.log_index "
                "AND l.transaction_hash = t.transaction_hash"
            )
            self._given["token_transfers"].add("token_standard")
        self._connection.execute(
            "UPDATE token_transfers SET amount = TRY_CAST(value AS DOUBLE) "
            "WHERE token_standard IS DISTINCT FROM 'erc721'"
        )
        self._given["token_transfers"].add("amount")

    def _contracts_from_receipts(self) -> None:
        if "receipt_contract_address" not in self._given.get("transactions", ()):
            return
        self._connection.execute(
            "INSERT INTO contracts (address, block_number) "
            "SELECT receipt_contract_address, block_number FROM transactions "
            "WHERE receipt_contract_address IS NOT NULL AND receipt_status IS DISTINCT FROM 0 "
            "ORDER BY block_number, transaction_index"
        )
        self._given["contracts"] = {"address", "block_number"}


def _uint(data: bytes) -> str:
    """Write an unsigned number of 32 bytes, big-endian, in decimal digits."""
    return str(int.from_bytes(data, "big"))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _unreadable(name: str, err: Exception) -> InputError:
    return InputError(
        "insight.file",
        f"expected a table in {name}, but: {str(err)!a:.200}",
        hint="Export it as Parquet, or as CSV in UTF-8 with a heading.",
    )

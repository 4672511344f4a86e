"""Write tables that were opened from other people's files as a folder of our own.

This module refuses to add to a folder that holds tables already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from counterfoil.errors import InputError
from counterfoil.insight.folder import ChainFolder, State
from counterfoil.insight.tables import SCHEMAS, TABLES, Tables, arrow_schema

__all__ = ["copy_tables"]

_ORDER: Final = {
    "blocks": "number",
    "transactions": "block_number, transaction_index, hash",
    "logs": "block_number, log_index, transaction_hash",
    "token_transfers": "block_number, log_index, transaction_hash",
    "contracts": "block_number, address",
}


def copy_tables(tables: Tables, out: Path, source: str) -> State:
    """Write tables into a new folder as one sealed part, by block.

    Raises InputError with code insight.range, and as `ChainFolder`.
    """
    with ChainFolder(out, source, None) as folder:
        if folder.state.parts:
            raise InputError(
                "insight.range",
                f"expected a new folder, found tables in {out}",
                hint="Name another folder.",
            )
        found = {}
        for table in TABLES:
            columns = ", ".join(f'"{name}"' for name in SCHEMAS[table])
            query = f"SELECT {columns} FROM {table} ORDER BY {_ORDER[table]}"  # noqa: S608
            found[table] = tables.sql(query).cast(arrow_schema(table))
        numbers = [
            one
            for query in (
                "SELECT min(number), max(number) FROM blocks",
                "SELECT min(block_number), max(block_number) FROM transactions",
            )
            for column in tables.sql(query).columns
            if (one := column[0].as_py()) is not None
        ]
        first, last = (min(numbers), max(numbers)) if numbers else (0, 0)
        folder.commit([(first, last, True, found)], "")
        return folder.state

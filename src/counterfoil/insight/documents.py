"""Read JSON about a chain: what a node answers, or ethereum-etl's rows, in one text or in lines.

Numbers stay whole, however large: other readers make floats of them. This module refuses JSON
that is neither, and says what it found instead.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.insight.columns import RECEIPTS, identify
from counterfoil.insight.rows import Rows
from counterfoil.insight.tables import TABLES

__all__ = ["Documents"]

_TYPES: Final = {
    "block": "blocks",
    "transaction": "transactions",
    "log": "logs",
    "token_transfer": "token_transfers",
    "contract": "contracts",
    "receipt": RECEIPTS,
}


class Documents:
    """What JSON files hold. rows: table -> rows as texts. nodes: rows from a node's answers."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str | None]]] = {t: [] for t in (*TABLES, RECEIPTS)}
        self._blocks: list[Mapping[str, Any]] = []
        self._receipts: dict[str, Mapping[str, Any]] = {}

    def add(self, path: Path) -> None:
        """Read a file (.gz, too).

        Raises NotFound with code insight.file, InputError with code insight.json.
        """
        for value in _values(path):
            self._take(value, path)

    def _take(self, value: object, path: Path) -> None:
        if isinstance(value, list):
            for one in value:
                self._take(one, path)
            return
        if not isinstance(value, dict):
            raise _unknown(path, type(value).__name__)
        if "jsonrpc" in value and "result" in value:
            self._take(value["result"], path)
        elif isinstance(value.get("type"), str) and value["type"] in _TYPES:
            self.rows[_TYPES[value["type"]]].append(_as_text(value))
        elif "parentHash" in value and "transactions" in value:
            self._blocks.append(value)
            self._take(value.get("receipts", []), path)
        elif "transactionHash" in value and "cumulativeGasUsed" in value:
            self._receipts[str(value["transactionHash"]).lower()] = value
        elif {"block", "receipts"} <= set(value):
            self._take(value["block"], path)
            self._take(value["receipts"], path)
        else:
            table = identify(value)
            if table is None:
                raise _unknown(path, f"an object with {', '.join(sorted(value))[:120]}")
            self.rows[table].append(_as_text(value))

    def from_nodes(self) -> Rows | None:
        """Make rows of what nodes answered; None where there is nothing.

        Raises InputError with code insight.json.
        """
        if not self._blocks:
            return None
        made = Rows()
        for block in self._blocks:
            try:
                names = [_hash_of(one) for one in block["transactions"]]
                known = [self._receipts[name] for name in names if name in self._receipts]
                made.add_block(block, known if len(known) == len(names) else None)
            except (ValueError, KeyError, TypeError) as err:
                raise InputError(
                    "insight.json",
                    f"expected a block of eth_getBlockByNumber, but: {str(err)!a:.200}",
                    hint="Ask the node for whole transactions: its second parameter is true.",
                ) from err
        return made


def _values(path: Path) -> Iterator[object]:
    try:
        with path.open("rb") as file:
            data = file.read()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except OSError as err:
        if isinstance(err, gzip.BadGzipFile):
            raise _broken(path, str(err)) from err
        raise NotFound(
            "insight.file",
            f"expected a file to read at {path}, but: {err.strerror or err}",
            hint="Check the path.",
        ) from err
    except (UnicodeDecodeError, EOFError) as err:
        raise _broken(path, str(err)) from err
    try:
        yield json.loads(text)
        return
    except RecursionError as err:
        raise _broken(path, "it is nested too deep") from err
    except json.JSONDecodeError as err:
        if "\n" not in text.strip():
            raise _broken(path, err.msg) from err
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (json.JSONDecodeError, RecursionError) as err:
                raise _broken(path, f"line {number}: {str(err)[:80]}") from err


def _hash_of(transaction: Any) -> str:
    return str(transaction if isinstance(transaction, str) else transaction["hash"]).lower()


def _as_text(row: Mapping[str, Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, value in row.items():
        if value is None:
            found[name] = None
        elif isinstance(value, bool):
            found[name] = "1" if value else "0"
        elif isinstance(value, str):
            found[name] = value
        elif isinstance(value, list):
            found[name] = ",".join(map(str, value))
        else:
            found[name] = str(value)
    return found


def _broken(path: Path, found: str) -> InputError:
    return InputError(
        "insight.json",
        f"expected JSON, or lines of JSON, in {path}, but: {found!a:.200}",
        hint="Give what a node answered, or an export of ethereum-etl.",
    )


def _unknown(path: Path, found: str) -> InputError:
    return InputError(
        "insight.json",
        f"expected blocks, receipts or rows of ethereum-etl in {path}, found {found}",
        hint="`eth_getBlockByNumber` with whole transactions, and `eth_getBlockReceipts`.",
    )

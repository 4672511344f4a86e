"""Read a network of payments from a table: CSV, Parquet or NDJSON, its columns named or guessed.

Only usual names are guessed, and what was guessed is told. This module refuses to guess a unit of
time from numbers that could be either, and tables without an end or a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from counterfoil.apps.finance.graphs.network import Network, make_network
from counterfoil.errors import InputError, NotFound
from counterfoil.extras import need

__all__ = ["NONE", "Columns", "ReadNetwork", "read_network"]

NONE: Final = "none"
"""As the name of the amount's column: there is none."""

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "source": ("source", "src", "from", "sender", "payer", "debtor", "debtor_account",
               "from_account", "sender_account", "orig_acct", "orig_id", "nameorig",
               "from_address", "originator", "account"),
    "target": ("target", "dst", "to", "receiver", "payee", "creditor", "creditor_account",
               "to_account", "receiver_account", "bene_acct", "dest_id", "namedest",
               "to_address", "beneficiary", "account.1"),
    "amount": ("amount", "amount_minor", "value", "base_amt", "amount_paid", "tx_amount"),
    "time": ("at", "at_ms", "time", "timestamp", "datetime", "date", "tran_timestamp",
             "block_timestamp", "tx_datetime", "step"),
}  # fmt: skip
_UNITS: Final = {"s": 1.0, "ms": 0.001, "h": 3_600.0, "d": 86_400.0}
_EPOCH_S: Final = 3e8  # 1979: smaller numbers count from somewhere, and need a unit
_EPOCH_MS: Final = 1e11


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; None to be guessed. unit: of a time in numbers; None to be told apart."""

    source: str | None = None
    target: str | None = None
    amount: str | None = None
    time: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ReadNetwork:
    """A network, and which columns it was read from. skipped: rows without an amount above zero."""

    network: Network
    columns: Mapping[str, str]
    skipped: int


def read_network(path: Path, columns: Columns | None = None) -> ReadNetwork:
    """Read a table.

    Rows whose amount is zero, below or missing move nothing and are counted as skipped. Raises
    NotFound with code file.missing, InputError with code graph.table, graph.column, graph.time,
    graph.unit or graph.empty.
    """
    asked = columns or Columns()
    table = _table(path)
    chosen = {
        what: _column(table.column_names, what, getattr(asked, what))
        for what in ("source", "target", "time", "amount")
    }
    if not table.num_rows:
        make_network((), (), (), None)  # which says so
    at = _times(_moments(table, chosen["time"]), asked.unit, chosen["time"])
    amount = None if chosen["amount"] == NONE else _numbers(table, chosen["amount"])
    keep = np.ones(len(at), dtype=bool)
    if amount is not None:
        keep = np.isfinite(amount) & (amount > 0)
    places = np.flatnonzero(keep)
    source, target = (_texts(table, chosen[end])[places] for end in ("source", "target"))
    made = make_network(source, target, at[places], None if amount is None else amount[places])
    rows = places[made.row]
    network = Network(
        made.source, made.target, made.at, made.amount, rows, made.accounts, made.measured
    )
    return ReadNetwork(network, chosen, len(at) - len(places))


def _table(path: Path) -> Any:
    """Read a table whole, and number columns that are called alike: `account`, `account.1`."""
    table = _read_table(path)
    names: list[str] = []
    for name in table.column_names:
        again = sum(other == name for other in table.column_names[: len(names)])
        names.append(f"{name}.{again}" if again else name)
    return table.rename_columns(names)


def _moments(table: Any, name: str) -> Any:
    """Give the column of times; where it holds hours only, with the day beside it."""
    pyarrow = need("pyarrow", "finance")
    column = table.column(name)
    days = next((one for one in table.column_names if one.strip().lower() == "date"), None)
    if not pyarrow.types.is_time(column.type) or days is None:
        return column
    compute = need("pyarrow.compute", "finance")
    day = table.column(days).cast(pyarrow.timestamp("us"))
    hours = column.cast(pyarrow.time64("us")).cast(pyarrow.int64()).cast(pyarrow.duration("us"))
    return compute.add(day, hours)


def _read_table(path: Path) -> Any:
    """Read a table; Arrow's own words tell what is wrong with it."""
    pyarrow = need("pyarrow", "finance")
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            return need("pyarrow.parquet", "finance").read_table(path)
        if name.endswith((".ndjson", ".jsonl", ".json")):
            return need("pyarrow.json", "finance").read_json(path)
        return need("pyarrow.csv", "finance").read_csv(path)
    except FileNotFoundError as err:
        raise NotFound(
            "file.missing", f"expected a table at {path!s:.200}, found none", hint="Check the path."
        ) from err
    except (pyarrow.ArrowException, OSError, ValueError) as err:
        raise InputError(
            "graph.table",
            f"expected a table in CSV, Parquet or NDJSON, but: {str(err)[:160]}",
            hint="Check the file, and that its ending says what it is.",
        ) from err


def _column(names: Sequence[str], what: str, asked: str | None) -> str:
    """Find a column: as it was asked for, or by its usual names in any case."""
    if what == "amount" and asked == NONE:
        return NONE
    low = {name.strip().lower().replace(" ", "_"): name for name in reversed(names)}
    wanted = _NAMES[what] if asked is None else (asked,)
    for name in wanted:
        if name in names:
            return name
        if asked is None and name in low:
            return low[name]
    raise InputError(
        "graph.column",
        f"expected a column for the {what}, found {', '.join(names)[:200]}",
        hint=f"Name it: --{what} COLUMN"
        + (f", or --{what} {NONE} where there is none." if what == "amount" else "."),
    )


def _texts(table: Any, name: str) -> Any:
    pyarrow = need("pyarrow", "finance")
    column = table.column(name).combine_chunks().cast(pyarrow.string())
    if column.null_count:
        raise InputError(
            "graph.column",
            f"expected an account in every row of {name[:60]!a}, found {column.null_count} without",
            hint="Leave out rows that have only one end.",
        )
    coded = column.dictionary_encode()
    words = np.asarray(coded.dictionary.to_pylist(), dtype=str)
    return words[coded.indices.to_numpy(zero_copy_only=False)]


def _numbers(table: Any, name: str) -> Any:
    pyarrow = need("pyarrow", "finance")
    try:
        column = table.column(name).cast(pyarrow.float64())
    except pyarrow.ArrowException as err:
        raise InputError(
            "graph.column",
            f"expected numbers in {name[:60]!a}, but: {str(err)[:120]}",
            hint="Name another column with --amount.",
        ) from err
    return column.to_numpy()


def _times(column: Any, unit: str | None, name: str) -> Any:
    """Turn times into seconds."""
    pyarrow = need("pyarrow", "finance")
    kind = column.type
    try:
        if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
            column = _read_texts(column)
            kind = column.type
        if pyarrow.types.is_date(kind):
            column = column.cast(pyarrow.timestamp("s"))
            kind = column.type
        if column.null_count:
            raise pyarrow.ArrowInvalid(f"{column.null_count} rows have none")
        if pyarrow.types.is_timestamp(kind):
            whole = column.cast(pyarrow.timestamp("us", tz=kind.tz)).cast(pyarrow.int64())
            return whole.to_numpy() // 1_000_000
        numbers = column.cast(pyarrow.float64()).to_numpy()
    except pyarrow.ArrowException as err:
        raise InputError(
            "graph.time",
            f"expected times in {name[:60]!a}, but: {str(err)[:120]}",
            hint="ISO 8601 such as 2026-11-29T10:00:00Z, or numbers with --unit.",
        ) from err
    return np.floor(numbers * _unit(numbers, unit, name)).astype(np.int64)


def _read_texts(column: Any) -> Any:
    """Read times in text, all of them with a zone or all without, which means UTC."""
    pyarrow, compute = need("pyarrow", "finance"), need("pyarrow.compute", "finance")
    plain = compute.replace_substring(column, "/", "-")
    try:
        return plain.cast(pyarrow.timestamp("us", tz="UTC"))
    except pyarrow.ArrowException:
        return plain.cast(pyarrow.timestamp("us"))


def _unit(numbers: Any, unit: str | None, name: str) -> float:
    if unit is not None:
        return _UNITS[unit]
    least, most = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 0.0)
    if name == "at_ms" or least > _EPOCH_MS:
        return _UNITS["ms"]
    if most < _EPOCH_MS and least > _EPOCH_S:
        return _UNITS["s"]
    raise InputError(
        "graph.unit",
        f"expected times since 1970, found {least:g} to {most:g} in {name[:60]!a}",
        hint="Say what one is: --unit s, ms, h or d.",
    )

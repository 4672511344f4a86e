"""Read a trace to replay from a CSV file: fees by block, or what arrived, with times.

Columns that are not named are found by the names that they usually have. Fees may be given, or
follow from how full blocks were (EIP-1559). This module refuses to sort, and to guess between two.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from counterfoil.errors import InputError
from counterfoil.ops.series_files import finite, open_csv, seconds
from counterfoil.ports import Channel

__all__ = ["BLOCK_S", "Trace", "read_trace"]

BLOCK_S: Final = 12.0
"""Seconds between two rows where no times are given: Ethereum's blocks."""

_FIRST_FEE_WEI: Final = 10**9
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "fee": (
        "base_fee_per_gas",
        "base_fee",
        "basefee",
        "basefeepergas",
        "gas_price",
        "avg_gas_price",
        "value (wei)",
        "fee",
    ),
    "gas_used": ("gas_used", "gasused"),
    "gas_limit": ("gas_limit", "gaslimit"),
    "arrivals": ("arrivals", "records", "requests", "count"),
    "time": ("timestamp", "time", "at", "block_timestamp", "unixtimestamp", "datetime", "date"),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What was read.

    rows: in the file. fees: one a row; None where there are none. arrivals: how many came in each
    row's step; None where not given. times: Unix seconds by row; None where not given. step_s:
    usual seconds between two rows. notes: what a reader should know.
    """

    rows: int
    fees: list[float] | None
    arrivals: list[float] | None
    times: list[float] | None
    step_s: float
    notes: list[str] = field(default_factory=list)


def read_trace(file: Path, named: Mapping[str, str | None], channel: Channel | None) -> Trace:
    """Read a trace. named: fee, gas_used, gas_limit, arrivals, time -> column, or None to look.

    Raises NotFound with code file.missing, InputError with code series.csv, series.column,
    series.order, trace.number or trace.empty.
    """
    table = _columns(file, named, channel)
    notes: list[str] = []
    used, limit = table.get("gas_used"), table.get("gas_limit")
    fees = _numbers(table["fee"], "fee") if "fee" in table else None
    if fees is None and used is not None and limit is not None:
        fees = _by_rule(_numbers(used, "gas used"), _numbers(limit, "gas limit"))
        notes.append("base fees follow from the gas used by the EIP-1559 rule, from 1 gwei on")
    arrivals = _numbers(table["arrivals"], "arrivals") if "arrivals" in table else None
    times = _times(table["time"]) if "time" in table else None
    rows = max(map(len, table.values()), default=0)
    if rows == 0 or (fees is None and arrivals is None and times is None):
        raise InputError(
            "trace.empty",
            f"expected fees, arrivals or times in {file}, found none",
            hint="Name columns with --fee, --gas-used and --gas-limit, --arrivals or --time.",
        )
    step_s = BLOCK_S
    if times is not None and len(times) > 1:
        step_s = median(b - a for a, b in pairwise(times)) or BLOCK_S
    elif fees is not None or arrivals is not None:
        notes.append(f"no times are given: rows count as {BLOCK_S:g} s apart")
    return Trace(rows, fees, arrivals, times, step_s, notes)


def _columns(
    file: Path, named: Mapping[str, str | None], channel: Channel | None
) -> dict[str, list[str]]:
    """Read the columns that are named or usual, as text."""
    with open_csv(file, channel) as stream:
        rows = csv.reader(stream)
        try:
            heading = [name.strip() for name in next(rows, [])]
            places = _places(heading, named)
            found: dict[str, list[str]] = {name: [] for name in places}
            for cells in rows:
                for name, at in places.items():
                    found[name].append(cells[at] if at < len(cells) else "")
        except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile) as err:
            raise InputError(
                "series.csv",
                f"expected a CSV file in UTF-8, but after line {rows.line_num}: {err}",
                hint="Export the table as CSV with a heading.",
            ) from err
    return found


def _places(heading: Sequence[str], named: Mapping[str, str | None]) -> dict[str, int]:
    plain = [name.lower() for name in heading]
    places = {}
    for what, usual in _USUAL.items():
        given = named.get(what)
        if given is not None:
            if heading.count(given) != 1:
                raise InputError(
                    "series.column",
                    f"expected one column {given!a}, found {', '.join(heading)[:200] or 'none'}",
                    hint="Name a column of the first line.",
                )
            places[what] = heading.index(given)
        else:
            at = next((plain.index(name) for name in usual if plain.count(name) == 1), None)
            if at is not None and at not in places.values():
                places[what] = at
    return places


def _numbers(cells: Sequence[str], what: str) -> list[float]:
    found = []
    for row, cell in enumerate(cells):
        number = finite(cell)
        if number is None or number < 0:
            raise InputError(
                "trace.number",
                f"expected a number of at least 0 as {what} in row {row}, found {cell[:40]!a}",
                hint="Leave out rows without numbers.",
            )
        found.append(number)
    return found


def _times(cells: Sequence[str]) -> list[float] | None:
    found = [at for at in map(seconds, cells) if at is not None]
    if len(found) < len(cells):
        return None
    for row in range(1, len(found)):
        if found[row] < found[row - 1]:
            raise InputError(
                "series.order",
                f"expected rows by rising time, but row {row} is earlier than the one before",
                hint="Sort the file by time.",
            )
    return found


def _by_rule(used: Sequence[float], limit: Sequence[float]) -> list[float]:
    """Follow base fees from how full blocks were, wei."""
    from counterfoil.learn.forecast.basefee import next_base_fee

    fees = [_FIRST_FEE_WEI]
    for spent, most in zip(used[:-1], limit[:-1], strict=True):
        fees.append(next_base_fee(fees[-1], int(spent), int(most)))
    return [float(fee) for fee in fees]

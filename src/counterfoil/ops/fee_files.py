"""Read base fees, block by block, from a file: an answer of a node, or a table.

Whole numbers of wei stay whole. This module refuses gaps between blocks, and to guess a fee.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.ops.files import read_input
from counterfoil.ops.series_files import open_csv
from counterfoil.ports import Channel

__all__ = ["FeeBlocks", "read_fee_file"]

_JSON_MAX_BYTES: Final = 64 << 20
_NAMES: Final = {
    "fee": ("base_fee_per_gas", "baseFeePerGas", "base_fee"),
    "used": ("gas_used", "gasUsed"),
    "limit": ("gas_limit", "gasLimit"),
    "block": ("block_number", "number", "block"),
}


@dataclass(frozen=True, slots=True)
class FeeBlocks:
    """Base fees of blocks in a row, wei, the oldest first.

    first: the first one's number; None where not told. used, limit: gas of the newest block; None
    where not told. ahead: the last fee is that of a block to come, as a node said.
    """

    first: int | None
    fees: list[int]
    used: int | None
    limit: int | None
    ahead: bool


def read_fee_file(file: Path, channel: Channel) -> FeeBlocks:
    """Read `eth_feeHistory`'s answer (.json), or a CSV file (.gz, too) with `base_fee_per_gas`.

    Columns gas_used, gas_limit and block_number are read where they are there. Raises NotFound with
    code file.missing, InputError with code fees.file, series.csv or series.column.
    """
    if file.suffix == ".json":
        return _answer(read_input(file, channel, _JSON_MAX_BYTES))
    with open_csv(file, channel) as stream:
        rows = csv.reader(stream)
        try:
            heading = [name.strip() for name in next(rows, [])]
            table = [cells for cells in rows if cells]
        except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile) as err:
            raise InputError(
                "series.csv",
                f"expected a CSV file in UTF-8, but after line {rows.line_num}: {err}",
                hint="Export the table as CSV with a heading.",
            ) from err
    places = {
        what: next((heading.index(name) for name in names if name in heading), None)
        for what, names in _NAMES.items()
    }
    if places["fee"] is None:
        raise InputError(
            "series.column",
            f"expected a column base_fee_per_gas, found {', '.join(heading)[:200] or 'no heading'}",
            hint="Base fees in wei, one row a block.",
        )
    found = {
        what: None if place is None else _whole(table, place, what)
        for what, place in places.items()
    }
    return _joined(found["fee"] or [], found["used"], found["limit"], found["block"])


def _joined(
    fees: list[int], used: list[int] | None, limit: list[int] | None, blocks: list[int] | None
) -> FeeBlocks:
    if not fees:
        raise _unfit("one row a block", "none")
    for row, (before, after) in enumerate(pairwise(blocks or []), start=1):
        if after != before + 1:
            raise _unfit(f"block {before + 1} in row {row}", f"block {after}")
    first = blocks[0] if blocks else None
    whole = used is not None and limit is not None
    return FeeBlocks(
        first, fees, used[-1] if whole and used else None, limit[-1] if limit else None, ahead=False
    )


def _whole(table: Sequence[Sequence[str]], place: int, what: str) -> list[int]:
    found = []
    for row, cells in enumerate(table):
        text = cells[place].strip() if place < len(cells) else ""
        if not (text.isascii() and text.isdigit()):
            raise _unfit(f"a whole number ({what}) in row {row}", f"{text[:40]!a}")
        found.append(int(text[:80]))
    return found


def _answer(data: bytes) -> FeeBlocks:
    """Read JSON-RPC's answer, or its result alone."""
    from counterfoil.chain.answers import fee_history

    try:
        found: Any = json.loads(data)
        if isinstance(found, dict) and "result" in found:
            found = found["result"]
        first, fees = fee_history(found)
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise _unfit("the answer to eth_feeHistory", f"{str(err)[:120]!a}") from err
    return FeeBlocks(first, fees, None, None, ahead=True)


def _unfit(expected: str, found: str) -> InputError:
    return InputError(
        "fees.file",
        f"expected {expected}, found {found}",
        hint="Give one row a block without gaps, fees in wei, or a node's answer as .json.",
    )

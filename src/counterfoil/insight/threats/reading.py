"""Read blocks for detectors from the tables of a chain, in order, with only the rows that matter.

A detector says in SQL which transfers, approvals and payments it could ever judge; the rest is
never made into Python objects. Failed transactions moved nothing and are left out. This module
refuses to guess an order: rows stand by block, transaction and event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge as merge_sorted
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

from counterfoil.insight.threats.events import Approval, Fold, Paid, SeenBlock, Transfer
from counterfoil.insight.threats.merging import merge
from counterfoil.ports import ChainTables, Finding

__all__ = ["ALERT", "ALL", "EVERYTHING", "NONE", "Wanted", "read_blocks", "run"]

_APPROVAL: Final = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
_FOR_ALL: Final = "0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31"
_BATCH: Final = 4096  # rows
_WORD: Final = 66  # 0x and 64 digits

MOVES: Final = """
moves AS (
    SELECT block_number, transaction_index, -1 AS log_index, '' AS token,
        from_address AS sender, to_address AS receiver, CAST(value AS DOUBLE) AS amount,
        hash AS tx, from_address AS signer, to_address AS called
    FROM transactions
    WHERE to_address IS NOT NULL AND coalesce(receipt_status, 1) = 1
        AND (value > 0 OR input = '0x')
    UNION ALL
    SELECT x.block_number, coalesce(t.transaction_index, 0), x.log_index,
        CASE WHEN x.amount IS NULL THEN x.token_address || '/' || x.value
            ELSE x.token_address END,
        x.from_address, x.to_address, coalesce(x.amount, 1.0), x.transaction_hash,
        coalesce(t.from_address, ''), coalesce(t.to_address, '')
    FROM token_transfers x LEFT JOIN transactions t ON t.hash = x.transaction_hash
)"""
"""A part of a query: every transfer of coins, tokens and NFTs, one row each."""

_APPROVALS: Final = f"""
approvals AS (
    SELECT l.block_number, l.transaction_index, l.log_index, l.address AS token,
        '0x' || right(l.topics[2], 40) AS owner, '0x' || right(l.topics[3], 40) AS spender,
        l.data, l.topics[1] = '{_FOR_ALL}' AS for_all,
        l.transaction_hash AS tx, coalesce(t.from_address, '') AS signer,
        coalesce(t.to_address, '') AS called
    FROM logs l LEFT JOIN transactions t ON t.hash = l.transaction_hash
    WHERE l.topics[1] IN ('{_APPROVAL}', '{_FOR_ALL}') AND len(l.topics) = 3
)"""  # noqa: S608 - constants alone

_PAID: Final = """
paid AS (
    SELECT block_number, transaction_index, hash AS tx, from_address AS signer,
        CAST(coalesce(receipt_effective_gas_price, gas_price) AS DOUBLE) AS price,
        CAST(coalesce(receipt_gas_used, gas) AS DOUBLE)
            * CAST(coalesce(receipt_effective_gas_price, gas_price) AS DOUBLE) AS fee,
        CAST(value AS DOUBLE) AS value
    FROM transactions WHERE coalesce(receipt_effective_gas_price, gas_price) IS NOT NULL
)"""

ALERT: Final = 0.5
"""Score from which on a finding is worth a person's look."""

ALL: Final = "true"
NONE: Final = "false"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a detector could judge: conditions in SQL over `moves`, `approvals` and `paid`.

    before: further parts of the query, each `name AS (...)`, that the conditions use. prices:
    whether the median of each block's prices is wanted. first, last: numbers of blocks.
    """

    transfers: str = ALL
    approvals: str = NONE
    paid: str = NONE
    before: str = ""
    prices: bool = False
    first: int = 0
    last: int = 2**62

    @property
    def span(self) -> str:
        """The blocks that are wanted, as a condition."""
        return f"block_number BETWEEN {int(self.first)} AND {int(self.last)}"


EVERYTHING: Final = Wanted(ALL, ALL, ALL, prices=True)
"""All rows, as a detector on a live chain sees them."""


def read_blocks(tables: ChainTables, wanted: Wanted = EVERYTHING) -> Iterator[SeenBlock]:
    """Yield blocks that hold something wanted, the oldest first; all of them where prices are.

    Raises InputError with code insight.query where a condition is no SQL.
    """
    usual, times = _prices(tables, wanted), _times(tables, wanted)
    streams = [
        _rows(tables, wanted, "moves", wanted.transfers, "log_index"),
        _rows(tables, wanted, "approvals", wanted.approvals, "log_index"),
        _rows(tables, wanted, "paid", wanted.paid, "tx"),
        _empty(usual),
    ]
    marked = [_marked(kind, stream) for kind, stream in enumerate(streams)]
    for number, group in groupby(merge_sorted(*marked), itemgetter(0)):
        held = {kind: rows for _, kind, rows in group}
        yield SeenBlock(
            number,
            times.get(number, 0),
            [Transfer(*row) for row in held.get(0, ())],
            [_approval(*row) for row in held.get(1, ())],
            [Paid(*row) for row in held.get(2, ())],
            usual.get(number, 0.0),
        )


def run(
    tables: ChainTables, fold: Fold[Any], wanted: Wanted, least: float = ALERT
) -> list[Finding]:
    """Run a detector over tables: one finding an account, the strongest first.

    least: score from which on a finding is given.
    """
    state = fold.start()
    return merge(
        finding
        for block in read_blocks(tables, wanted)
        for finding in fold.see(state, block)
        if finding.score >= least
    )


_COLUMNS: Final = {
    "moves": "token, sender, receiver, amount, tx, signer, called",
    "approvals": "token, owner, spender, data, for_all, tx, signer, called",
    "paid": "tx, signer, price, fee, value",
}


def _rows(
    tables: ChainTables, wanted: Wanted, part: str, condition: str, last: str
) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Yield the rows of each block; of the answer only a few thousand are Python at a time."""
    if condition == NONE:
        return
    parts = [MOVES, _APPROVALS, _PAID, *filter(None, [wanted.before])]
    query = (
        f"WITH {', '.join(parts)} SELECT block_number, {_COLUMNS[part]} FROM {part} "  # noqa: S608
        f"WHERE ({condition}) AND {wanted.span} ORDER BY block_number, transaction_index, {last}"
    )
    found = tables.sql(query)
    rows = chain.from_iterable(
        zip(*(column.to_pylist() for column in batch.columns), strict=True)
        for batch in found.to_batches(max_chunksize=_BATCH)
    )
    for number, group in groupby(rows, itemgetter(0)):
        yield number, [row[1:] for row in group]


def _empty(numbers: Iterable[int]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Yield blocks that are wanted even where nothing of them is."""
    for number in sorted(numbers):
        yield number, []


def _marked(
    kind: int, stream: Iterator[tuple[int, list[tuple[Any, ...]]]]
) -> Iterator[tuple[int, int, list[tuple[Any, ...]]]]:
    for number, rows in stream:
        yield number, kind, rows


def _approval(
    token: str, owner: str, spender: str, data: str, for_all: bool, *rest: str
) -> Approval:
    amount = int(data[2:_WORD] or "0", 16)
    if for_all:
        return Approval(token, owner, spender, float("inf") if amount else 0.0, *rest)
    return Approval(token, owner, spender, float(amount), *rest)


def _prices(tables: ChainTables, wanted: Wanted) -> dict[int, float]:
    if not wanted.prices:
        return {}
    found = tables.sql(
        f"WITH {_PAID} SELECT block_number, median(price) FROM paid WHERE {wanted.span} "  # noqa: S608
        "GROUP BY ALL"
    )
    return dict(zip(*(column.to_pylist() for column in found.columns), strict=True))


def _times(tables: ChainTables, wanted: Wanted) -> dict[int, int]:
    found = tables.sql(
        "SELECT block_number, min(block_timestamp) FROM transactions "  # noqa: S608
        f"WHERE block_timestamp IS NOT NULL AND {wanted.span} GROUP BY ALL"
    )
    return dict(zip(*(column.to_pylist() for column in found.columns), strict=True))

"""Figures of gas: what it is used for, how full blocks are, and what is paid for it.

What was paid above the base fee is the effective price less the base fee of the block. This module
refuses to price gas in another money.
"""

from __future__ import annotations

from typing import Final

from counterfoil.insight.figures.figure import Figure, Shape

__all__ = ["figures"]

_GAS: Final = "Gas"
_FEES: Final = "Fee pressure"
_BLOCK_GAS: Final = ("blocks.gas_used", "blocks.gas_limit")

_BURNERS: Final = """SELECT to_address AS account, sum(receipt_gas_used) AS gas,
  sum(receipt_gas_used) / (SELECT sum(receipt_gas_used) FROM transactions)::DOUBLE AS share,
  count(*) AS transactions
FROM transactions WHERE to_address IS NOT NULL
GROUP BY account ORDER BY gas DESC, account LIMIT 10"""

_CALLS: Final = """SELECT CASE WHEN to_address IS NULL THEN 'contract made'
    WHEN length(input) < 10 THEN 'coins only' ELSE left(input, 10) END AS call,
  sum(receipt_gas_used) AS gas,
  sum(receipt_gas_used) / (SELECT sum(receipt_gas_used) FROM transactions)::DOUBLE AS share,
  count(*) AS transactions
FROM transactions GROUP BY call ORDER BY gas DESC, call LIMIT 12"""

_FULLNESS: Final = """SELECT least(floor(20 * gas_used / gas_limit), 19) / 20 AS full,
  count(*) AS blocks
FROM blocks WHERE gas_limit > 0 GROUP BY 1 ORDER BY 1"""

_RULE: Final = """WITH pairs AS (
  SELECT number, base_fee_per_gas::HUGEINT AS fee, gas_used::HUGEINT AS used,
    gas_limit::HUGEINT // 2 AS target,
    lead(number) OVER (ORDER BY number) AS next_number,
    lead(base_fee_per_gas) OVER (ORDER BY number) AS next_fee
  FROM blocks WHERE base_fee_per_gas IS NOT NULL AND gas_limit > 1),
told AS (
  SELECT next_fee::HUGEINT AS next_fee, CASE
    WHEN used = target THEN fee
    WHEN used > target THEN fee + greatest(fee * (used - target) // target // 8, 1)
    ELSE fee - fee * (target - used) // target // 8 END AS by_rule
  FROM pairs WHERE next_number = number + 1)
SELECT count(*) AS blocks_with_parent, count(*) FILTER (WHERE next_fee = by_rule) AS by_rule
FROM told"""


def figures(shape: Shape) -> list[Figure]:
    """List the figures of gas and fees."""
    return [
        _gas_over_time(shape),
        Figure(
            "fullness",
            _GAS,
            "How full blocks are",
            "Blocks by the share of their gas limit that was used; EIP-1559 aims at a half.",
            _FULLNESS,
            "histogram",
            _BLOCK_GAS,
            "blocks",
        ),
        Figure(
            "gas-by-account",
            _GAS,
            "Where gas goes",
            "Contracts and accounts by the gas of transactions to them.",
            _BURNERS,
            "ranking",
            ("transactions.receipt_gas_used", "transactions.to_address"),
            "gas",
        ),
        Figure(
            "gas-by-call",
            _GAS,
            "What gas is spent on",
            "By the first four bytes of the call, which name the function.",
            _CALLS,
            "ranking",
            ("transactions.receipt_gas_used", "transactions.input"),
            "gas",
        ),
        _base_fee(shape),
        _priority(shape),
        Figure(
            "fee-rule",
            _FEES,
            "Base fees that follow from the block before",
            "On Ethereum each base fee is fixed by EIP-1559: less than all means another rule, or "
            "blocks that do not belong together.",
            _RULE,
            "tiles",
            ("blocks.base_fee_per_gas", *_BLOCK_GAS, "blocks.number"),
        ),
    ]


def _gas_over_time(shape: Shape) -> Figure:
    query = (
        f"SELECT {shape.of_blocks} AS since, sum(gas_used) AS gas,\n"
        "  sum(gas_used) / sum(gas_limit)::DOUBLE AS full\n"
        f"FROM blocks WHERE gas_limit > 0 AND {shape.moment_of_blocks} IS NOT NULL\n"
        "GROUP BY since ORDER BY since"
    )
    about = "Of all blocks in the time, and the share of their limits."
    return Figure(
        "gas-over-time",
        _GAS,
        "Gas used",
        about,
        query,
        "bars",
        (*_moment(shape), *_BLOCK_GAS),
        "gas",
    )


def _base_fee(shape: Shape) -> Figure:
    query = (
        f"SELECT {shape.of_blocks} AS since,\n"
        "  (min(base_fee_per_gas) / 1e9)::DOUBLE AS low,\n"
        "  (quantile_disc(base_fee_per_gas, 0.5) / 1e9)::DOUBLE AS median,\n"
        "  (max(base_fee_per_gas) / 1e9)::DOUBLE AS high\n"
        "FROM blocks\n"
        f"WHERE base_fee_per_gas IS NOT NULL AND {shape.moment_of_blocks} IS NOT NULL\n"
        "GROUP BY since ORDER BY since"
    )
    return Figure(
        "base-fee",
        _FEES,
        "Base fee",
        "Lowest, middle and highest of the blocks in the time; it is burnt.",
        query,
        "band",
        (*_moment(shape), "blocks.base_fee_per_gas"),
        "gwei",
    )


def _priority(shape: Shape) -> Figure:
    query = (
        f"WITH paid AS (\n  SELECT t.{shape.of_transactions} AS since,\n"  # noqa: S608
        "    coalesce(t.receipt_effective_gas_price, t.gas_price) - b.base_fee_per_gas AS tip\n"
        "  FROM transactions AS t JOIN blocks AS b ON b.number = t.block_number\n"
        "  WHERE b.base_fee_per_gas IS NOT NULL)\n"
        "SELECT since, (quantile_disc(tip, 0.1) / 1e9)::DOUBLE AS low,\n"
        "  (quantile_disc(tip, 0.5) / 1e9)::DOUBLE AS median,\n"
        "  (quantile_disc(tip, 0.9) / 1e9)::DOUBLE AS high\n"
        "FROM paid WHERE tip IS NOT NULL AND since IS NOT NULL GROUP BY since ORDER BY since"
    )
    return Figure(
        "priority-fee",
        _FEES,
        "Priority fee paid",
        "What transactions paid above the base fee: a tenth paid less than the band, a tenth more.",
        query,
        "band",
        (
            f"transactions.{shape.moment_of_transactions}",
            *("transactions.gas_price", "transactions.block_number"),
            *("blocks.base_fee_per_gas", "blocks.number"),
        ),
        "gwei",
    )


def _moment(shape: Shape) -> tuple[str, ...]:
    return (f"blocks.{shape.moment_of_blocks}",)

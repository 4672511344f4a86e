"""Figures of who moves how much, when, and how concentrated that is.

A reverted transaction moves nothing and is left out of coins, not out of counts. This module
refuses to guess prices: amounts are in coins of the chain.
"""

from __future__ import annotations

from typing import Final

from counterfoil.insight.figures.figure import Figure, Shape

__all__ = ["figures"]

_PART: Final = "Flows"
_SHARES: Final = "Concentration"
_VALUE: Final = ("transactions.from_address", "transactions.to_address", "transactions.value")
_MOVED: Final = "value > 0 AND receipt_status IS DISTINCT FROM 0"

_OVERVIEW: Final = """SELECT count(*) AS transactions,
  count(DISTINCT from_address) AS senders,
  count(DISTINCT to_address) AS receivers,
  min(block_number) AS first_block, max(block_number) AS last_block,
  min(block_timestamp) AS first_time, max(block_timestamp) AS last_time,
  (coalesce(sum(value) FILTER (WHERE receipt_status IS DISTINCT FROM 0), 0) / 1e18)::DOUBLE
    AS coins_moved,
  count(*) FILTER (WHERE receipt_status = 0) AS reverted,
  count(*) FILTER (WHERE to_address IS NULL) AS contracts_made,
  (SELECT count(*) FROM blocks) AS blocks,
  (SELECT count(*) FROM token_transfers) AS token_transfers
FROM transactions"""

_BLOCKS: Final = """SELECT count(*) AS blocks,
  min(number) AS first_block, max(number) AS last_block,
  min(timestamp) AS first_time, max(timestamp) AS last_time,
  sum(transaction_count) AS transactions, sum(gas_used) AS gas_used
FROM blocks"""

_PAIRS: Final = f"""SELECT from_address, to_address, (sum(value) / 1e18)::DOUBLE AS coins,
  count(*) AS transactions
FROM transactions
WHERE {_MOVED} AND to_address IS NOT NULL AND from_address <> to_address
GROUP BY ALL ORDER BY sum(value) DESC, from_address, to_address LIMIT 12"""  # noqa: S608

_CONCENTRATION: Final = f"""WITH moved AS (
  SELECT 'sent' AS side, from_address AS account, sum(value) AS wei
  FROM transactions WHERE {_MOVED} GROUP BY ALL
  UNION ALL
  SELECT 'received', to_address, sum(value)
  FROM transactions WHERE {_MOVED} AND to_address IS NOT NULL GROUP BY ALL),
ranked AS (
  SELECT side, account, wei::DOUBLE AS wei,
    row_number() OVER (PARTITION BY side ORDER BY wei, account) AS rank,
    count(*) OVER (PARTITION BY side) AS accounts,
    (sum(wei) OVER (PARTITION BY side))::DOUBLE AS total
  FROM moved)
SELECT side, any_value(accounts) AS accounts, any_value(total) / 1e18 AS coins,
  2 * sum(rank / accounts * (wei / total) ORDER BY rank) - (any_value(accounts) + 1)
    / any_value(accounts) AS gini,
  sum((wei / total) ** 2 ORDER BY rank) AS hhi,
  sum(wei / total ORDER BY rank) FILTER (WHERE rank > accounts - 1) AS top_1,
  sum(wei / total ORDER BY rank) FILTER (WHERE rank > accounts - 10) AS top_10,
  sum(wei / total ORDER BY rank) FILTER (WHERE rank > accounts - 100) AS top_100
FROM ranked GROUP BY side ORDER BY side DESC"""  # noqa: S608

_LORENZ: Final = f"""WITH moved AS (
  SELECT 'sent' AS side, from_address AS account, sum(value) AS wei
  FROM transactions WHERE {_MOVED} GROUP BY ALL
  UNION ALL
  SELECT 'received', to_address, sum(value)
  FROM transactions WHERE {_MOVED} AND to_address IS NOT NULL GROUP BY ALL),
placed AS (
  SELECT side, row_number() OVER w AS rank, count(*) OVER (PARTITION BY side) AS accounts,
    (sum(wei) OVER w)::DOUBLE / (sum(wei) OVER (PARTITION BY side))::DOUBLE AS share
  FROM moved WINDOW w AS (PARTITION BY side ORDER BY wei, account ROWS UNBOUNDED PRECEDING))
SELECT side, ceil(50 * rank / accounts) / 50 AS accounts, max(share) AS coins
FROM placed GROUP BY 1, 2 ORDER BY side DESC, 2"""  # noqa: S608


def figures(shape: Shape) -> list[Figure]:
    """List the figures of flows and concentration."""
    return [
        Figure("overview", "Overview", "Transactions", "What the data holds.", _OVERVIEW, "tiles"),
        Figure("blocks", "Overview", "Blocks", "Headers that the data holds.", _BLOCKS, "tiles"),
        *_over_time(shape),
        Figure(
            "largest-flows",
            _PART,
            "Largest flows between two accounts",
            "The wider a band, the more coins went from left to right.",
            _PAIRS,
            "bands",
            _VALUE,
            "coins",
        ),
        _top("top-senders", "Accounts that sent most", "from_address", "sent"),
        _top("top-receivers", "Accounts that received most", "to_address", "received"),
        Figure(
            "concentration",
            _SHARES,
            "How concentrated the coins that moved are",
            "Gini: 0 where all move the same, near 1 where one moves all. HHI: the sum of squared "
            "shares, 1 for a single account. Then the shares of the largest 1, 10 and 100.",
            _CONCENTRATION,
            "table",
            _VALUE,
        ),
        Figure(
            "lorenz",
            _SHARES,
            "Share of coins by share of accounts",
            "Accounts from the smallest to the largest; the further below the diagonal, the more "
            "a few move.",
            _LORENZ,
            "lorenz",
            _VALUE,
        ),
    ]


def _over_time(shape: Shape) -> list[Figure]:
    moment = f"transactions.{shape.moment_of_transactions}"
    counts = (
        f"SELECT {shape.of_transactions} AS since, count(*) AS transactions,\n"
        "  count(*) FILTER (WHERE receipt_status = 0) AS reverted\n"
        f"FROM transactions WHERE {shape.moment_of_transactions} IS NOT NULL\n"
        "GROUP BY since ORDER BY since"
    )
    coins = (
        f"SELECT {shape.of_transactions} AS since,\n"  # noqa: S608
        "  (coalesce(sum(value) FILTER (WHERE receipt_status IS DISTINCT FROM 0), 0) / 1e18)"
        "::DOUBLE AS coins\n"
        f"FROM transactions WHERE {shape.moment_of_transactions} IS NOT NULL\n"
        "GROUP BY since ORDER BY since"
    )
    return [
        Figure(
            "transactions-over-time",
            _PART,
            "Transactions",
            "How many stood in blocks; reverted ones are among them.",
            counts,
            "bars",
            (moment,),
            "transactions",
        ),
        Figure(
            "coins-over-time",
            _PART,
            "Coins moved",
            "Between accounts, by transactions that were not reverted.",
            coins,
            "bars",
            (moment, "transactions.value"),
            "coins",
        ),
    ]


def _top(name: str, title: str, column: str, verb: str) -> Figure:
    query = f"""SELECT {column} AS account, (sum(value) / 1e18)::DOUBLE AS coins,
  (sum(value)::DOUBLE / (SELECT sum(value) FROM transactions WHERE {_MOVED})::DOUBLE) AS share,
  count(*) AS transactions
FROM transactions WHERE {_MOVED} AND {column} IS NOT NULL
GROUP BY account ORDER BY sum(value) DESC, account LIMIT 10"""  # noqa: S608
    about = f"By coins {verb}, with the share of all."
    return Figure(name, _SHARES, title, about, query, "ranking", _VALUE, "coins")

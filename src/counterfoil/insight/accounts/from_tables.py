"""Make the table of accounts from the tables of a chain: what each account did there.

The same columns that the public data set has, so a model learned there scores accounts here.
Amounts of tokens count in units of 10^-18, since tables do not know a token's decimals; what went
to contracts stays 0, as it is in nearly all of the public rows. Failed transactions moved nothing.
This module refuses to describe accounts that hardly did anything.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.insight.accounts.table import COLUMNS, AccountTable
from counterfoil.insight.extra import need
from counterfoil.ports import ChainTables

__all__ = ["accounts_of"]

_QUERY: Final = """
WITH moves AS (
    SELECT from_address AS sender, to_address AS receiver, CAST(value AS DOUBLE) / 1e18 AS amount,
        block_timestamp / 60.0 AS minute, receipt_contract_address IS NOT NULL AS made
    FROM transactions WHERE coalesce(receipt_status, 1) = 1
), sent AS (
    SELECT sender AS account, count(*) AS sent, count(DISTINCT receiver) AS payees,
        min(amount) AS sent_least, max(amount) AS sent_most, avg(amount) AS sent_mean,
        sum(amount) AS sent_ether, count(*) FILTER (made) AS created,
        (max(minute) - min(minute)) / greatest(count(*) - 1, 1) AS sent_gap_min,
        min(minute) AS first_sent, max(minute) AS last_sent
    FROM moves GROUP BY ALL
), received AS (
    SELECT receiver AS account, count(*) AS received, count(DISTINCT sender) AS payers,
        min(amount) AS received_least, max(amount) AS received_most, avg(amount) AS received_mean,
        sum(amount) AS received_ether,
        (max(minute) - min(minute)) / greatest(count(*) - 1, 1) AS received_gap_min,
        min(minute) AS first_received, max(minute) AS last_received
    FROM moves WHERE receiver IS NOT NULL GROUP BY ALL
), token_sent AS (
    SELECT from_address AS account, count(*) AS token_out, sum(amount) / 1e18 AS token_sent_sum,
        count(DISTINCT to_address) AS token_payees, min(amount) / 1e18 AS token_sent_least,
        max(amount) / 1e18 AS token_sent_most, avg(amount) / 1e18 AS token_sent_mean,
        count(DISTINCT token_address) AS token_kinds_sent
    FROM token_transfers WHERE amount IS NOT NULL GROUP BY ALL
), token_received AS (
    SELECT to_address AS account, count(*) AS token_in, sum(amount) / 1e18 AS token_received_sum,
        count(DISTINCT from_address) AS token_payers, min(amount) / 1e18 AS token_received_least,
        max(amount) / 1e18 AS token_received_most, avg(amount) / 1e18 AS token_received_mean,
        count(DISTINCT token_address) AS token_kinds_received,
        count(DISTINCT token_address) AS token_contracts
    FROM token_transfers WHERE amount IS NOT NULL GROUP BY ALL
), joined AS (
    SELECT *, coalesce(sent, 0) + coalesce(received, 0) AS transactions,
        coalesce(received_ether, 0) - coalesce(sent_ether, 0) AS balance_ether,
        greatest(last_sent, last_received) - least(first_sent, first_received) AS active_min,
        coalesce(token_in, 0) + coalesce(token_out, 0) AS token_transfers,
        0 AS contract_most, 0 AS contract_mean, 0 AS contract_ether, 0 AS token_contract_sum,
        0 AS token_contract_payees
    FROM sent FULL JOIN received USING (account) FULL JOIN token_sent USING (account)
        FULL JOIN token_received USING (account)
)
SELECT account, {columns} FROM joined
WHERE transactions + token_transfers >= ? ORDER BY account
"""


def accounts_of(tables: ChainTables, least: int = 2) -> AccountTable:
    """Describe each account that took part in `least` transactions or transfers of tokens.

    Gives a table without labels, by address. Raises InputError with code insight.query.
    """
    np = need("numpy")
    columns = ", ".join(f"CAST(coalesce({name}, 0) AS DOUBLE) AS {name}" for name in COLUMNS)
    found: Any = tables.sql(_QUERY.replace("{columns}", columns), [least])
    values = [np.asarray(found[name].to_pylist(), dtype=np.float64) for name in COLUMNS]
    return AccountTable(np.column_stack(values), None, tuple(found["account"].to_pylist()))

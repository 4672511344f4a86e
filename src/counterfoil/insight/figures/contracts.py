"""Figures of new contracts, who makes them, whose code they share, and of tokens that move.

This module refuses to name a contract: an address is what the chain knows.
"""

from __future__ import annotations

from typing import Final

from counterfoil.insight.figures.figure import Figure, Shape

__all__ = ["figures"]

_PART: Final = "New contracts"
_MADE: Final = "receipt_contract_address IS NOT NULL AND receipt_status IS DISTINCT FROM 0"
_NEEDS: Final = ("transactions.receipt_contract_address",)

_MAKERS: Final = f"""SELECT from_address AS account, count(*) AS contracts,
  count(*) / (SELECT count(*) FROM transactions WHERE {_MADE})::DOUBLE AS share,
  min(receipt_contract_address) AS one_of_them
FROM transactions WHERE {_MADE}
GROUP BY account ORDER BY contracts DESC, account LIMIT 10"""  # noqa: S608

_COPIES: Final = """SELECT sha256(bytecode) AS code, count(*) AS contracts,
  length(any_value(bytecode)) // 2 - 1 AS bytes,
  bool_or(is_erc20) AS is_token, min(address) AS one_of_them
FROM contracts WHERE bytecode IS NOT NULL AND bytecode <> '0x'
GROUP BY code HAVING count(*) > 1 ORDER BY contracts DESC, code LIMIT 10"""

_NEWEST: Final = """SELECT c.address AS contract, c.block_number, t.from_address AS made_by,
  t.receipt_gas_used AS gas, c.is_erc20 AS is_token, c.is_erc721 AS is_nft
FROM contracts AS c LEFT JOIN transactions AS t ON t.receipt_contract_address = c.address
ORDER BY c.block_number DESC, contract LIMIT 10"""

_TOKENS: Final = """SELECT token_address AS account, count(*) AS transfers,
  count(*) / (SELECT count(*) FROM token_transfers)::DOUBLE AS share,
  count(DISTINCT from_address) AS senders, count(DISTINCT to_address) AS receivers,
  any_value(token_standard ORDER BY token_standard) AS standard
FROM token_transfers GROUP BY account ORDER BY transfers DESC, account LIMIT 10"""


def figures(shape: Shape) -> list[Figure]:
    """List the figures of contracts and tokens."""
    moment = shape.moment_of_transactions
    query = (
        f"SELECT {shape.of_transactions} AS since, count(*) AS contracts\n"
        f"FROM transactions WHERE {_MADE} AND {moment} IS NOT NULL\n"
        "GROUP BY since ORDER BY since"
    )
    return [
        Figure(
            "contracts-over-time",
            _PART,
            "Contracts made",
            "By transactions to nobody; contracts that other contracts made are not seen.",
            query,
            "bars",
            (*_NEEDS, f"transactions.{moment}"),
            "contracts",
        ),
        Figure(
            "contract-makers",
            _PART,
            "Who makes contracts",
            "By the number made, with the share of all and one of them.",
            _MAKERS,
            "ranking",
            _NEEDS,
            "contracts",
        ),
        Figure(
            "newest-contracts",
            _PART,
            "Newest contracts",
            "The last ten, with who made them and for how much gas.",
            _NEWEST,
            "table",
            ("contracts.address",),
        ),
        Figure(
            "same-code",
            _PART,
            "Contracts with the same code",
            "Copies of one code, to the byte; a factory or a campaign looks like this.",
            _COPIES,
            "table",
            ("contracts.bytecode",),
        ),
        Figure(
            "tokens",
            "Tokens",
            "Tokens by transfers",
            "Transfer events, with how many accounts they came from and went to.",
            _TOKENS,
            "ranking",
            ("token_transfers.token_address",),
            "transfers",
        ),
    ]

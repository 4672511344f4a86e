"""Embedded chains for tests: made once in a folder, with accounts that have coins."""

from __future__ import annotations

from pathlib import Path

from counterfoil.chain import Account, NodeChain, account_of, create_embedded, faucet_of, fund

__all__ = ["COINS", "embedded", "funded", "numbered_account"]

COINS = 10**20
"""What each account of a test gets, wei."""


def embedded(folder: Path) -> tuple[NodeChain, Account]:
    """Make an embedded chain in a folder; gives it and its faucet."""
    path = folder / "chain.db"
    chain = create_embedded(path)
    return chain, faucet_of(path)


def numbered_account(number: int) -> Account:
    """Give the same account for the same number, on every chain."""
    return account_of(number.to_bytes(32, "big"))


def funded(chain: NodeChain, faucet: Account, number: int) -> Account:
    """Give an account with coins."""
    account = numbered_account(number)
    fund(chain, faucet, account.address, COINS)
    return account

"""The accounts by which a ledger acts: one key, one purpose, each in a file of its own.

`owner` governs, `guardian` may halt, `actor` pays for what contracts do, `funder` is whose money a
reorder desk holds. None of them anchors, so that an action that is stuck never holds up an anchor.
On the ledger's own chain they are given coins; elsewhere people do that. This module refuses to
overwrite a key, and to show one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from counterfoil.chain import create_account, faucet_of, fund, load_account
from counterfoil.errors import InputError, Refused

if TYPE_CHECKING:
    from counterfoil.chain import Account, NodeChain
    from counterfoil.ledger import Ledger

__all__ = ["Role", "account_of_ledger", "ensure_funds"]

Role = Literal["owner", "guardian", "actor", "funder"]

_ROLES: Final = ("owner", "guardian", "actor", "funder")
_COINS_WEI: Final = 10**21
_TRIES: Final = 8


def account_of_ledger(ledger: Ledger, role: str) -> Account:
    """Load the account of a role (`owner`, `guardian`, `actor`, `funder`), or make it.

    Raises Unavailable with code chain.key-file, InputError with code chain.key.
    """
    if role not in _ROLES:
        raise ValueError(f"expected a role of an account, found {role}")
    path = ledger.layout.keys / "evm" / f"{role}.key"
    try:
        return load_account(path) if path.exists() else create_account(path)
    except InputError as err:
        if err.code != "chain.key-exists":  # else another process made it just now
            raise
        return load_account(path)


def ensure_funds(ledger: Ledger, chain: NodeChain, address: str) -> None:
    """Give an account coins on the ledger's own chain, where it has few; elsewhere do nothing.

    Raises what a chain raises.
    """
    if chain.kind != "embedded":
        return
    faucet = faucet_of(ledger.layout.chain)
    for attempt in range(1, _TRIES + 1):
        if chain.balance(address) >= _COINS_WEI // 100:
            return
        try:
            fund(chain, faucet, address, _COINS_WEI)
        except Refused as err:
            # the faucet has no book: another process used the same nonce a moment before
            if err.code != "chain.nonce" or attempt == _TRIES:
                raise

"""Money for tests: the project's own token, made by its owner."""

from __future__ import annotations

from counterfoil.act import Actor
from counterfoil.act.token_contract import TokenContract
from counterfoil.chain import transact

__all__ = ["mint"]


def mint(actor: Actor, token: str, account: str, amount: int) -> None:
    """Give an account money; amount: in the token's smallest unit."""
    call = TokenContract(actor.chain, token).mint(account, amount)
    transact(actor.chain, actor.account("owner"), call)

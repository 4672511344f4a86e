"""Money for tests: the project's own token, made by its owner."""

from __future__ import annotations

from counterfoil.act import Actor
from counterfoil.chain import ContractAbi, transact
from counterfoil.contracts import load_artifact
from counterfoil.ports import ChainCall

__all__ = ["mint"]


def mint(actor: Actor, token: str, account: str, amount: int) -> None:
    """Give an account money; amount: in the token's smallest unit."""
    abi = ContractAbi(load_artifact("token").abi)
    call = ChainCall(token, abi.encode("mint", account, amount))
    transact(actor.chain, actor.account("owner"), call)

"""Speak with a token: what it calls itself, how amounts are written, and money made by its owner.

What a token says of itself is its own word. Names and decimals are optional in ERC-20, so that a
token without them is no error where people only look. This module refuses to send: it makes calls,
and reads. Source: ERC-20, EIP-5267; `contracts/token.vy`.
"""

from __future__ import annotations

from typing import Any

from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import address_of
from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError
from counterfoil.ports import Chain, ChainCall

__all__ = ["TokenContract"]


class TokenContract:
    """The token at an address of a chain. Reads raise what `Chain.call` raises."""

    def __init__(self, chain: Chain, address: str) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(load_artifact("token").abi)

    def domain(self) -> tuple[str, str]:
        """Ask for the name and version of its EIP-712 domain (EIP-5267)."""
        _, name, version, *_ = self._view("eip712Domain")
        return name, version

    def shown(self, amount: int) -> str:
        """Write an amount for people: by the token's decimals and symbol, where it has them.

        amount: in its smallest unit.
        """
        try:
            (decimals,), (symbol,) = self._view("decimals"), self._view("symbol")
        except CounterfoilError:
            return f"{amount} of the smallest unit"
        whole, rest = divmod(amount, 10**decimals)
        return f"{whole}.{rest:0{decimals}d} {symbol}" if decimals else f"{whole} {symbol}"

    def balance(self, account: str) -> int:
        """Tell what an account has, in the token's smallest unit."""
        return int(self._view("balanceOf", account)[0])

    def mint(self, account: str, amount: int) -> ChainCall:
        """Make the call by which the owner of a token of ours makes money for an account.

        amount: in the token's smallest unit.
        """
        return ChainCall(self.address, self._abi.encode("mint", account, amount))

    def transfer(self, account: str, amount: int) -> ChainCall:
        """Make the call by which an account pays another. amount: in the smallest unit."""
        return ChainCall(self.address, self._abi.encode("transfer", account, amount))

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        call = ChainCall(self.address, self._abi.encode(function, *arguments))
        data = self.chain.call(call)
        return self._abi.decode(function, data)

"""What detectors of threats see of a chain: block by block, who moved, approved and paid what.

One shape for coins, tokens and NFTs, so a detector is written once. This module refuses to know
where blocks come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from counterfoil.ports import Finding

__all__ = ["COIN", "NOBODY", "Approval", "Fold", "Paid", "SeenBlock", "Transfer"]

COIN = ""
"""The token of a transfer of the chain's own coin."""

NOBODY = frozenset(
    {"0x0000000000000000000000000000000000000000", "0x000000000000000000000000000000000000dead"}
)
"""Accounts that nobody owns: tokens come from there when made, and go there when burnt."""

S = TypeVar("S")


class Transfer(NamedTuple):
    """Something was moved.

    token: its contract, with `/` and its number for an NFT; `COIN` for coins. amount: in the
    smallest unit, nearest float; 1 for an NFT. tx: hash of the transaction. signer: who signed
    that; called: the account that it called, which may be the receiver.
    """

    token: str
    sender: str
    receiver: str
    amount: float
    tx: str
    signer: str
    called: str


class Approval(NamedTuple):
    """An owner allowed somebody to move what is theirs.

    amount: in the smallest unit; infinite for all NFTs of a contract. The rest as of `Transfer`.
    """

    token: str
    owner: str
    spender: str
    amount: float
    tx: str
    signer: str
    called: str


class Paid(NamedTuple):
    """What a transaction cost. price: wei for a unit of gas. fee: wei. value: wei that it sent."""

    tx: str
    signer: str
    price: float
    fee: float
    value: float


class SeenBlock(NamedTuple):
    """A block, as far as detectors look at it. time_s: Unix s. Each list is in the chain's order.

    usual_price: median of the prices in it, wei for a unit of gas; 0 where not known.
    """

    number: int
    time_s: int
    transfers: Sequence[Transfer] = ()
    approvals: Sequence[Approval] = ()
    paid: Sequence[Paid] = ()
    usual_price: float = 0.0


class Fold(Protocol[S]):
    """A detector: a state and a block give findings, and nothing else matters.

    kind: of what it finds. The state is a `msgspec.Struct` that is changed in place, so that it
    can be saved as JSON between two blocks.
    """

    @property
    def kind(self) -> str:
        """The kind of its findings."""

    def start(self) -> S:
        """Make the state before any block."""

    def see(self, state: S, block: SeenBlock) -> Iterator[Finding]:
        """Find what this block shows, by it and by what came before; then learn it.

        An account may be found again, when more is known of it.
        """

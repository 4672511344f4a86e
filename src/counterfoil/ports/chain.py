"""What is asked of an EVM chain: few reads, one write, and every failure in our own words.

Two engines keep these promises: the embedded EVM and any JSON-RPC address (`chain`). Whoever
writes a third runs `counterfoil.testing.chains`. This module refuses to know a node's wire format,
and no type here imports web3 when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["BlockRef", "Chain", "ChainCall", "ChainKind", "ChainLog", "Fees", "TxReceipt"]

ChainKind = Literal["embedded", "rpc"]


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block: its number (0 is genesis), hash (32 bytes) and time (Unix time, s)."""

    number: int
    hash: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction sent now should offer, wei for one unit of gas.

    max_fee: the most that it pays. priority_fee: what the block's maker gets of it.
    legacy: the chain has no base fee (no EIP-1559); then `max_fee` is the gas price.
    """

    max_fee: int
    priority_fee: int
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class ChainCall:
    """What a transaction or a view does.

    to: address with its EIP-55 checksum; None makes a contract of `data`. data: selector and
    arguments. sender: address; None where nobody in particular looks. value_wei: coins sent.
    """

    to: str | None
    data: bytes = b""
    sender: str | None = None
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class ChainLog:
    """An event of a contract.

    address: of the contract, EIP-55. topics: at most 4 of 32 bytes; the first names the event.
    block, block_hash: where it stands. tx_hash: 32 bytes. index: its place in the block.
    """

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: bytes
    tx_hash: bytes
    index: int


@dataclass(frozen=True, slots=True)
class TxReceipt:
    """What became of a transaction that stands in a block.

    ok: False when it was reverted. gas_used: units. gas_price: paid, wei for one unit.
    contract: the address that it made, EIP-55; None when it made none.
    """

    tx_hash: bytes
    ok: bool
    block: int
    block_hash: bytes
    gas_used: int
    gas_price: int
    contract: str | None
    logs: tuple[ChainLog, ...]


class Chain(Protocol):
    """An EVM chain. Methods may be called from any thread.

    Each method raises Unavailable with code chain.unreachable when nobody answers in time or what
    comes is not an answer, VerificationError with code chain.wrong-network when another chain
    answers, and with code chain.lied when an answer contradicts an earlier one or itself.
    """

    @property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""

    @property
    def kind(self) -> ChainKind:
        """Which engine this is."""

    @property
    def url(self) -> str:
        """Where it is, without any credentials."""

    @property
    def run_by(self) -> str:
        """Who runs it, in words that follow "anchored on chain 1, "."""

    @property
    def confirmations(self) -> int:
        """Blocks after which a block counts as final where the chain itself does not say."""

    @property
    def web3(self) -> Web3:
        """The Web3 under it, for encoding; what is called on it raises web3's own errors."""

    def head(self) -> BlockRef:
        """Read the newest block."""

    def safe(self) -> BlockRef:
        """Read the newest block that is unlikely to go: `safe`, else `final`."""

    def final(self) -> BlockRef:
        """Read the newest final block: `finalized`, else head less `confirmations`."""

    def block(self, number: int) -> BlockRef | None:
        """Read a block of the canonical chain; None when it is not there (yet)."""

    def balance(self, address: str) -> int:
        """Read an account's coins, wei."""

    def nonce(self, address: str, *, pending: bool = False) -> int:
        """Count an account's transactions; pending: with those that wait for a block."""

    def fees(self) -> Fees:
        """Suggest what to pay now."""

    def call(self, call: ChainCall, block: int | None = None) -> bytes:
        """Run a view at a block (None: the head) and give what it returns.

        Raises Refused with code chain.reverted and the reason.
        """

    def estimate(self, call: ChainCall) -> int:
        """Tell how much gas a transaction needs at least.

        Raises Refused with code chain.reverted or chain.underfunded.
        """

    def send_raw(self, raw: bytes) -> bytes:
        """Send a signed transaction and give its hash; one that is known already is fine.

        It may not stand in a block yet: see `tx_receipt`. Raises Refused with code chain.reverted
        (an embedded chain refuses what would revert), chain.underfunded, chain.nonce (used, or
        too far ahead), chain.fee (too low) or chain.refused; VerificationError with code
        chain.wrong-network when it is signed for another chain.
        """

    def knows(self, tx_hash: bytes) -> bool:
        """Tell whether a transaction waits for a block or stands in one."""

    def tx_receipt(self, tx_hash: bytes) -> TxReceipt | None:
        """Read what became of a transaction; None while it stands in no block."""

    def logs(
        self, address: str, first: int, last: int, topics: Sequence[bytes | None] = ()
    ) -> Iterator[ChainLog]:
        """List a contract's events from block `first` to block `last`, both included, in order.

        topics: what the first, second ... topic must be; None for any.
        """

    def code(self, address: str) -> bytes:
        """Read the runtime code at an address; empty when there is none."""

    def close(self) -> None:
        """Let go of it. Calling it again does nothing."""

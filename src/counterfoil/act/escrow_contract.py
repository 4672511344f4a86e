"""Speak with an escrow: pay in, let the clock settle, appeal, take out, and ask what stands there.

What needs a verdict is named in `actions` and `settlement`. This module refuses to send: it makes
calls, and reads. Source: `contracts/escrow.vy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from counterfoil.act.actions import Batch, PaymentTerms
from counterfoil.act.settlement import Settlement
from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import address_of
from counterfoil.errors import NotFound
from counterfoil.ports import Chain, ChainCall

__all__ = ["EscrowContract", "PaymentState", "Standing"]


class PaymentState(StrEnum):
    """The states of `contracts/escrow.vy`."""

    NONE = "none"
    OPEN = "open"
    HELD = "held"
    PENDING = "pending"
    APPEALED = "appealed"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a payment stands, as was last written.

    left: of its amount, in the token's smallest unit. held: also where a decision waits. pending:
    how much the decision that waits moves, to_payee: to whom; until_s: when, POSIX seconds, 0 where
    none waits.
    """

    state: PaymentState
    left: int
    held: bool
    pending: int
    to_payee: bool
    until_s: int

    def falls_to(self, terms: PaymentTerms, now_s: int) -> str | None:
        """Say who gets what is left if it is settled now; None while the clock decides nothing.

        now_s: POSIX seconds. A decision that waits goes first, and may leave less.
        """
        if self.left == 0 or (self.pending and now_s < self.until_s):
            return None
        if terms.due_s and not self.held and now_s >= terms.due_s:
            return terms.payee
        return terms.payer if now_s >= terms.deadline_s else None


class EscrowContract:
    """The escrow at an address of a chain.

    abi: as `contracts.load_artifact` gives it. Reads raise what `Chain.call` raises, and
    VerificationError with code chain.answer when no such contract stands there.
    """

    def __init__(self, chain: Chain, address: str, abi: Sequence[dict[str, Any]]) -> None:
        self.chain = chain
        self.address = address_of(address)
        self._abi = ContractAbi(abi)

    def payment_id(self, terms: PaymentTerms) -> bytes:
        """Compute a payment's id here, 32 bytes."""
        return terms.payment_id(self.chain.chain_id, self.address)

    def standing(self, terms: PaymentTerms) -> Standing:
        """Tell where a payment stands."""
        found = self._view("standing_of", self.payment_id(terms))
        known, held, left, pending, to_payee, appealed, until_s = found
        state = PaymentState.HELD if held else PaymentState.OPEN
        if not known:
            state = PaymentState.NONE
        elif left == 0:
            state = PaymentState.SETTLED
        elif pending:
            state = PaymentState.APPEALED if appealed else PaymentState.PENDING
        return Standing(state, left, held, pending, to_payee, until_s)

    def terms_of(self, payment_id: bytes, first: int = 0) -> PaymentTerms:
        """Read a payment's terms from the event of its deposit.

        payment_id: 32 bytes. first: block from which on to look. Raises NotFound with code
        act.payment.
        """
        topics = [self._abi.topic("Deposited"), payment_id]
        for log in self.chain.logs(self.address, first, self.chain.head().number, topics):
            event = self._abi.event(log)
            if event is not None:
                return PaymentTerms.of_words(event[1]["terms"])
        raise NotFound(
            "act.payment",
            f"expected a payment {payment_id.hex()} in escrow {self.address}, found none",
            hint="It was deposited on another chain, or before the block that was looked from.",
        )

    def credit(self, token: str, account: str) -> int:
        """Tell what an account may withdraw, in the token's smallest unit."""
        found: int = self._view("credit_of", token, account)[0]
        return found

    def batch_left(self, terms: PaymentTerms, batch: Batch) -> int:
        """Tell what is left of a batch; 0 for one that is unknown, claimed or closed."""
        (batch_id,) = self._view("batch_action", terms.words, batch.words)
        found: int = self._view("batch_left", batch_id)[0]
        return found

    def deposit(self, terms: PaymentTerms) -> ChainCall:
        """Make the call by which a payer pays in what it allowed."""
        return self._call("deposit", terms.words)

    def deposit_with_authorization(
        self, terms: PaymentTerms, valid_after_s: int, valid_before_s: int, signature: bytes
    ) -> ChainCall:
        """Make the call by which anybody brings what a payer signed: 65 bytes, r, s, v."""
        r, s, v = signature[:32], signature[32:64], signature[64]
        name = "deposit_with_authorization"
        return self._call(name, terms.words, valid_after_s, valid_before_s, v, r, s)

    def settle(self, terms: PaymentTerms) -> ChainCall:
        """Make the call by which anybody does what the clock has decided."""
        return self._call("settle", terms.words)

    def appeal(self, terms: PaymentTerms) -> ChainCall:
        """Make the call by which payer, payee or arbiter object to a decision that waits."""
        return self._call("appeal", terms.words)

    def rule(self, terms: PaymentTerms, to_payee: int) -> ChainCall:
        """Make the call by which the arbiter rules: how much of what waits the payee gets."""
        return self._call("rule", terms.words, to_payee)

    def waive(self, terms: PaymentTerms) -> ChainCall:
        """Make the call by which the payee gives back what is left."""
        return self._call("waive", terms.words)

    def withdraw(self, token: str) -> ChainCall:
        """Make the call by which an account takes all of its credit."""
        return self._call("withdraw", token)

    def withdraw_to(self, token: str, to: str, amount: int) -> ChainCall:
        """Make the call by which an account takes a part of its credit to any account."""
        return self._call("withdraw_to", token, to, amount)

    def push(self, token: str, account: str) -> ChainCall:
        """Make the call that sends a credit that nobody took for 30 days to its account."""
        return self._call("push", token, account)

    def apply_chunk(
        self, terms: PaymentTerms, batch: Batch, settlement: Settlement, index: int
    ) -> ChainCall:
        """Make the call that credits every row of a chunk."""
        return self._rows("apply_chunk", terms, batch, settlement, index)

    def claim(
        self, terms: PaymentTerms, batch: Batch, settlement: Settlement, index: int
    ) -> ChainCall:
        """Make the call by which a payee claims its row, and takes all of its credit."""
        return self._rows("claim", terms, batch, settlement, index)

    def close_batch(self, terms: PaymentTerms, batch: Batch) -> ChainCall:
        """Make the call that credits the payer with what nobody claimed in time."""
        return self._call("close_batch", terms.words, batch.words)

    def _rows(
        self, name: str, terms: PaymentTerms, batch: Batch, settlement: Settlement, index: int
    ) -> ChainCall:
        path, rows = settlement.path(index), settlement.chunks[index]
        return self._call(name, terms.words, batch.words, index, rows, path)

    def _view(self, function: str, *arguments: object) -> tuple[Any, ...]:
        data = self.chain.call(ChainCall(self.address, self._abi.encode(function, *arguments)))
        return self._abi.decode(function, data)

    def _call(self, function: str, *arguments: object) -> ChainCall:
        return ChainCall(self.address, self._abi.encode(function, *arguments))

"""The escrow's rules in Python, with nothing of the contract's code: what must pass, and what then.

Each method says whether the contract has to take a call, and if so does to the model what it does.
Money is counted here a second time; the machine compares.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from counterfoil.act.actions import NOBODY, Batch, PaymentTerms
from counterfoil.act.settlement import Settlement

__all__ = ["DORMANCY", "EscrowModel", "OpenBatch", "Paid", "Waiting"]

DORMANCY = 30 * 86_400
MAX_TERM = 5 * 365 * 86_400


@dataclass
class Waiting:
    """A decision that waits."""

    amount: int
    to_payee: bool
    until: int
    appealed: bool = False


@dataclass
class Paid:
    """A payment that was deposited."""

    terms: PaymentTerms
    left: int
    held: bool = False
    waiting: Waiting | None = None


@dataclass
class OpenBatch:
    """A batch that was released."""

    told: PaymentTerms
    batch: Batch
    made: Settlement
    left: int
    applied: set[int] = field(default_factory=set)


class EscrowModel:
    """What the escrow has to know. escrow: its address. now: POSIX seconds, set by the caller."""

    def __init__(self, escrow: str) -> None:
        self.escrow = escrow
        self.now = 0
        self.payments: dict[bytes, Paid] = {}
        self.batches: dict[bytes, OpenBatch] = {}
        self.credits: dict[tuple[str, str], tuple[int, int]] = {}  # amount, since

    def owed(self, token: str) -> int:
        """Add up all that is not out yet of a token."""
        return (
            sum(paid.left for paid in self.payments.values() if paid.terms.token == token)
            + sum(each.left for each in self.batches.values() if each.told.token == token)
            + sum(amount for (of, _), (amount, _) in self.credits.items() if of == token)
        )

    def may_deposit(self, payment_id: bytes, told: PaymentTerms) -> bool:
        """Say whether these terms can be deposited now; the token may still refuse."""
        many = told.payee == NOBODY
        return (
            payment_id not in self.payments
            and told.payee not in (self.escrow, told.payer)
            and self.now < told.deadline_s <= self.now + MAX_TERM
            and told.window_s <= DORMANCY
            and (told.window_s == 0) == (told.arbiter == NOBODY)
            and told.arbiter not in ({told.payer, told.payee} - {NOBODY})
            and (told.due_s == 0 or self.now < told.due_s <= told.deadline_s)
            and not (many and (told.window_s or told.due_s))
        )

    def deposit(self, payment_id: bytes, told: PaymentTerms, arrived: int) -> None:
        self.payments[payment_id] = Paid(told, arrived)

    def is_due(self, paid: Paid) -> bool:
        due_s = paid.terms.due_s
        return bool(due_s) and not paid.held and self.now >= due_s

    def may_decide(self, paid: Paid | None) -> bool:
        """Say whether a verdict on a payment still counts."""
        return (
            paid is not None
            and paid.left > 0
            and paid.waiting is None
            and self.now < paid.terms.deadline_s
            and not self.is_due(paid)
        )

    def decide(self, paid: Paid, amount: int, to_payee: bool) -> None:
        if paid.terms.window_s:
            until = self.now + paid.terms.window_s
            paid.waiting = Waiting(amount, to_payee, until)
        else:
            self.move(paid, amount, to_payee)

    def move(self, paid: Paid, amount: int, to_payee: bool) -> None:
        paid.left -= amount
        assert paid.left >= 0
        self.credit(paid.terms.token, paid.terms.payee if to_payee else paid.terms.payer, amount)

    def credit(self, token: str, account: str, amount: int) -> None:
        if amount:
            had, since = self.credits.get((token, account), (0, self.now))
            self.credits[token, account] = (had + amount, since)

    def settle(self, paid: Paid | None) -> bool:
        if paid is None or paid.left == 0:
            return False
        waiting = paid.waiting
        if waiting:
            if self.now < waiting.until:
                return False
            paid.waiting = None
            self.move(paid, waiting.amount, waiting.to_payee)
        if self.is_due(paid):
            self.move(paid, paid.left, to_payee=True)
        elif self.now >= paid.terms.deadline_s:
            self.move(paid, paid.left, to_payee=False)
        else:
            return waiting is not None
        return True

    def appeal(self, paid: Paid, sender: str) -> bool:
        waiting = paid.waiting
        parties = {paid.terms.payer, paid.terms.payee, paid.terms.arbiter}
        if waiting is None or waiting.appealed or sender not in parties:
            return False
        if self.now >= waiting.until:
            return False
        paid.waiting = Waiting(
            waiting.amount, waiting.to_payee, self.now + paid.terms.window_s, appealed=True
        )
        return True

    def rule(self, paid: Paid, sender: str, to_payee: int) -> bool:
        waiting = paid.waiting
        if waiting is None or not waiting.appealed or self.now >= waiting.until:
            return False
        if sender != paid.terms.arbiter or to_payee > waiting.amount:
            return False
        paid.waiting = None
        self.move(paid, to_payee, to_payee=True)
        self.move(paid, waiting.amount - to_payee, to_payee=False)
        return True

    def waive(self, paid: Paid, sender: str) -> bool:
        if sender != paid.terms.payee or paid.held or paid.waiting or not paid.left:
            return False
        self.move(paid, paid.left, to_payee=False)
        return True

    def release_batch(self, paid: Paid, batch_id: bytes, opened: OpenBatch) -> None:
        paid.left -= opened.batch.total
        assert paid.left >= 0
        assert batch_id not in self.batches
        self.batches[batch_id] = opened

    def apply(self, opened: OpenBatch, index: int) -> bool:
        if opened.left == 0 or self.now >= opened.batch.until_s or index in opened.applied:
            return False
        opened.applied.add(index)
        chunk = opened.made.chunks[index]
        for at in range(0, len(chunk), 36):
            account = "0x" + chunk[at : at + 20].hex()
            amount = int.from_bytes(chunk[at + 20 : at + 36], "big")
            if account in (NOBODY, self.escrow.lower()) or not 0 < amount <= opened.left:
                continue
            opened.left -= amount
            self.credit(opened.told.token, checksummed(account), amount)
        return True

    def close(self, opened: OpenBatch) -> bool:
        if opened.left == 0 or self.now < opened.batch.until_s:
            return False
        self.credit(opened.told.token, opened.told.payer, opened.left)
        opened.left = 0
        return True

    def take(self, token: str, account: str, amount: int) -> bool:
        """Say whether an account has this credit, and take it."""
        had, since = self.credits.get((token, account), (0, 0))
        if not 0 < amount <= had:
            return False
        if amount == had:
            del self.credits[token, account]
        else:
            self.credits[token, account] = (had - amount, since)
        return True

    def may_push(self, token: str, account: str) -> bool:
        had, since = self.credits.get((token, account), (0, 0))
        return had > 0 and self.now >= since + DORMANCY


def checksummed(account: str) -> str:
    """Give an address as contracts' answers have it."""
    from counterfoil.chain.quantities import address_of

    return address_of(account)

"""Turn a stream of payments into features, each from what was known the moment before.

One fold does it for training, for scoring a file and for deciding on a live stream, so that a
model meets in service what it learned from. Labels reach the memory when they are known: after the
delay of the settings, or when they were told. This module refuses to know a model.
"""

from __future__ import annotations

import heapq
from typing import Final

from counterfoil.apps.finance.fraud.features import Named, describe
from counterfoil.apps.finance.fraud.memory import Card, Memory, Party, Word, size_of
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.windows import DAY_MS

__all__ = ["Fold"]

_BASE_KEEP: Final = 0.9999
_ALL_KEEP: Final = 0.9995
_FORGET_MS: Final = 120 * DAY_MS  # parties that were silent for so long are forgotten
_SWEEP_EVERY: Final = 50_000  # payments
_WORDS: Final = 20_000  # words of one column that are remembered
_OPEN: Final = 500_000  # payments whose label may yet be told


class Fold:
    """Features of payments, one after the other.

    named: what the data has, see `Named`. delay_ms: from a payment to its label. memory: what is
    known so far; it changes with each payment.
    """

    def __init__(self, named: Named, delay_ms: int, memory: Memory | None = None) -> None:
        self._named, self._delay_ms = named, delay_ms
        self.memory = Memory() if memory is None else memory
        if not self.memory.words:
            self.memory.words = [{} for _ in named.words]

    def see(self, payment: Payment) -> list[float]:
        """Give a payment's features, then learn it; times that fall back count as the latest.

        The list is in the order of `Named.features`, each a float that 32 bits hold; NaN where
        nothing is known. The payment's own label has no part in it.
        """
        memory = self.memory
        now = memory.clock.advance(payment.at_ms)
        self._tell_until(now)
        card, terminal = self._parties(payment)
        values = describe(self._named, memory, payment, now, card, terminal)
        self._learn(payment, now, card, terminal)
        return values

    def tell(self, payment_id: str, label: int) -> bool:
        """Learn the label of a payment that was seen without one, as of the latest moment.

        label: 1 fraud, 0 genuine. Gives False where no such payment is open.
        """
        found = self.memory.open.pop(payment_id, None)
        if found is None:
            return False
        paid_ms, card, terminal, words = found
        self._tell(self.memory.clock.last_ms, paid_ms, card, terminal, label, words)
        return True

    def _parties(self, payment: Payment) -> tuple[Card | None, Party | None]:
        memory = self.memory
        card = terminal = None
        if payment.card is not None:
            card = memory.cards.get(payment.card)
            if card is None:
                card = memory.cards[payment.card] = Card()
        if payment.terminal is not None:
            terminal = memory.terminals.get(payment.terminal)
            if terminal is None:
                terminal = memory.terminals[payment.terminal] = Party()
        return card, terminal

    def _learn(self, payment: Payment, now: int, card: Card | None, terminal: Party | None) -> None:
        memory, amount = self.memory, payment.amount
        size = size_of(amount)
        if card is not None:
            card.visit(now, amount, payment.terminal, payment.words)
            card.pay(now, amount, size)
        if terminal is not None:
            terminal.pay(now, amount, size)
        for known, word in zip(memory.words, payment.words, strict=True):
            if word is not None:
                found = known.get(word)
                if found is None:
                    found = known[word] = Word()
                    if len(known) > _WORDS:
                        del known[min(known, key=lambda one: known[one].count)]
                found.count += 1
        if size is not None:
            memory.level.add(size, _ALL_KEEP)
        memory.seen += 1
        self._expect(payment, now)
        if memory.seen % _SWEEP_EVERY == 0:
            self._forget(now - _FORGET_MS)

    def _expect(self, payment: Payment, now: int) -> None:
        memory = self.memory
        who = (payment.card, payment.terminal)
        if payment.label is None:
            memory.open[payment.id] = (now, *who, payment.words)
            if len(memory.open) > _OPEN:
                del memory.open[next(iter(memory.open))]
            return
        known = payment.known_ms if payment.known_ms is not None else now + self._delay_ms
        due = (max(known, now), memory.seen, now, *who, payment.label, payment.words)
        heapq.heappush(memory.waiting, due)

    def _tell_until(self, now: int) -> None:
        """Learn the labels that have become known."""
        waiting = self.memory.waiting
        while waiting and waiting[0][0] <= now:
            known, _, paid_ms, card, terminal, label, words = heapq.heappop(waiting)
            self._tell(known, paid_ms, card, terminal, label, words)

    def _tell(
        self,
        known_ms: int,
        paid_ms: int,
        card: str | None,
        terminal: str | None,
        label: int,
        words: tuple[str | None, ...],
    ) -> None:
        memory = self.memory
        memory.base.add(label, _BASE_KEEP)
        if card is not None and (found := memory.cards.get(card)) is not None:
            found.tell(known_ms, paid_ms, label)
        if terminal is not None and (party := memory.terminals.get(terminal)) is not None:
            party.tell(known_ms, paid_ms, label)
        for column, word in zip(memory.words, words, strict=True):
            if word is not None and (one := column.get(word)) is not None:
                one.tell(label)

    def _forget(self, before_ms: int) -> None:
        """Forget parties that have been silent, so that memory is bounded by those that pay."""
        memory = self.memory
        memory.cards = {k: one for k, one in memory.cards.items() if one.last_ms >= before_ms}
        memory.terminals = {
            k: one for k, one in memory.terminals.items() if one.last_ms >= before_ms
        }

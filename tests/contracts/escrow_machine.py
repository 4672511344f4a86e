"""A machine that does to the escrow whatever comes to its mind, right and wrong.

A good part of all calls is by the wrong account, too late, twice, or with another verdict; and one
of the two tokens changes its habits as it goes. There is one rule with many deeds, so that each
story has all of them: rules of their own would be switched off at random, and stories stay dull.
Each story is drawn from one seed, so that any value is as likely as any other.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis.stateful import rule

from counterfoil.act.actions import (
    HOLD_SCOPE,
    NOBODY,
    RELEASE_SCOPE,
    RETURN_SCOPE,
    PaymentTerms,
    hold,
    release,
    release_batch,
    return_,
)
from counterfoil.act.settlement import make_settlement
from tests.contracts.bank import ARBITER, LIMIT, PAYEES, PAYERS, STRANGER
from tests.contracts.escrow_model import DORMANCY, OpenBatch, Paid
from tests.contracts.escrow_stage import PEOPLE, EscrowStage
from tests.contracts.signing import Domain

__all__ = ["EscrowMachine"]

DAY: Final = 86_400
DEEDS: Final = (
    ["deposit"] * 4
    + ["decide"] * 4
    + ["dispute", "settle", "settle", "waive", "replay", "wait", "wait", "disturb", "disturb"]
    + ["release_batch", "batch", "batch", "withdraw", "withdraw"]
)

DELTAS: Final = [0, 1, 60, 3600, DAY, DAY, 40 * DAY, 40 * DAY]


class EscrowMachine(EscrowStage):
    """Calls of an escrow in any order."""

    @rule()
    def act(self) -> None:
        deed = self.random.choice(DEEDS)
        self.model.now = self.now
        if deed != "disturb" and not self.model.payments:
            deed = "deposit"
        getattr(self, deed)()

    def deposit(self) -> None:
        model, odd = self.model, self.seldom()
        payer = self.random.choice(PAYERS)
        payee = self.random.choice([*(each.address for each in PAYEES), NOBODY, NOBODY])
        token = self.random.choice([0, 0, 1])
        amount = self.random.randint(1, 1000)
        appeals = self.often() and (payee != NOBODY or odd)
        deadline = self.now + self.random.choice(DELTAS[not odd :])
        due = self.now + self.random.choice(DELTAS) if self.often() else 0
        if not odd:
            due = 0 if payee == NOBODY or not self.now < due <= deadline else due
        self.salt += not (odd and self.often())
        told = PaymentTerms(
            payer=payer.address,
            payee=self.random.choice(PEOPLE) if odd else payee,
            token=self.tokens[token].address,
            amount=amount,
            arbiter=ARBITER.address if appeals else NOBODY,
            window_s=self.random.choice([60, 3600]) if appeals else 0,
            due_s=due,
            deadline_s=deadline,
            salt=self.salt.to_bytes(32, "big"),
        )
        payment_id = self.bank.payment_id(told)
        kept = amount * self.fee // 100 if token else 0
        right = (
            model.may_deposit(payment_id, told)
            and self.moves(token, payer.address, self.bank.escrow.address)
            and kept < amount
        )
        sender, name, arguments = payer.address, "deposit", (told.words,)
        if odd and self.often():
            sender, right = STRANGER.address, False
        elif token == 0 and self.seldom():
            name, sender = "deposit_with_authorization", STRANGER.address
            arguments = self.authorized(payer, told, payment_id)
        if self.expect(right, name, *arguments, sender=sender):
            assert self.answer == amount - kept
            model.deposit(payment_id, told, amount - kept)

    def authorized(self, payer: Any, told: PaymentTerms, payment_id: bytes) -> tuple[Any, ...]:
        domain = Domain(self.bank.world.chain_id, told.token, "Test Euro")
        until = self.now + 60
        said = (told.payer, self.bank.escrow.address, told.amount, 0, until, payment_id)
        signed = domain.sign(payer, "ReceiveWithAuthorization", *said)
        return (told.words, 0, until, signed[64], signed[:32], signed[32:64])

    def decide(self) -> None:
        bank, model, paid = self.bank, self.model, self.pick()
        kind = self.random.choice(["hold", "release", "release", "return_"])
        wrongs = ["amount", "left", "other", "scope", "cap"]
        wrong = self.random.choice(wrongs) if self.seldom() else None
        told = paid.terms
        amount = self.random.choice([paid.left, max(1, paid.left // 3), 1])
        amount = paid.left + 1 if wrong == "amount" else amount
        left = max(paid.left - amount + (wrong == "left"), 0)
        call: tuple[Any, ...] = (told.words,)
        if kind == "hold":
            named, scope, moved = hold(bank.escrow.address, told), HOLD_SCOPE, paid.left
        else:
            action = release if kind == "release" else return_
            scope = RELEASE_SCOPE if kind == "release" else RETURN_SCOPE
            named, moved = action(bank.escrow.address, told, amount, left), amount
            call = (told.words, amount, left)
        right = model.may_decide(paid) and self.now >= self.halted_until
        right = right and not (kind == "hold" and paid.held)
        right = right and not (kind == "release" and told.payee == NOBODY)
        right = right and (kind == "hold" or wrong not in ("amount", "left"))
        limit = moved - 1 if wrong == "cap" else LIMIT
        if wrong == "other":
            others = self.random.choice(list(model.payments.values())).terms
            named = hold(bank.escrow.address, others)
            right = right and kind == "hold" and others == told
        if wrong == "scope":
            scope = RETURN_SCOPE if scope == RELEASE_SCOPE else RELEASE_SCOPE
        right = right and wrong not in ("scope", "cap")
        packed = self.verdict(scope, named, max(limit, 0))
        if self.expect(right, kind, *call, packed, sender=STRANGER.address):
            self.old.append((kind, (*call, packed)))
            if kind == "hold":
                paid.held = True
            else:
                model.decide(paid, amount, kind == "release")

    def replay(self) -> None:
        """A call that passed never passes again."""
        if self.old:
            kind, arguments = self.random.choice(self.old)
            self.expect(False, kind, *arguments, sender=STRANGER.address)

    def settle(self) -> None:
        paid = self.pick()
        right = self.model.settle(paid)
        self.expect(right, "settle", paid.terms.words, sender=STRANGER.address)

    def dispute(self) -> None:
        waiting = [paid for paid in self.model.payments.values() if paid.waiting]
        if not waiting:
            return
        paid = self.random.choice(waiting)
        assert paid.waiting is not None
        odd = self.seldom()
        sender = self.random.choice(PEOPLE) if odd else ARBITER.address
        if paid.waiting.appealed != odd:
            to_payee = self.random.randint(0, paid.waiting.amount + odd)
            right = self.model.rule(paid, sender, to_payee)
            self.expect(right, "rule", paid.terms.words, to_payee, sender=sender)
        else:
            right = self.model.appeal(paid, sender)
            self.expect(right, "appeal", paid.terms.words, sender=sender)

    def waive(self) -> None:
        paid = self.pick()
        wrong = self.often() or paid.terms.payee == NOBODY
        sender = self.random.choice(PEOPLE) if wrong else paid.terms.payee
        right = self.model.waive(paid, sender)
        self.expect(right, "waive", paid.terms.words, sender=sender)

    def release_batch(self) -> None:
        bank, model = self.bank, self.model
        pots = [each for each in model.payments.values() if many(each)]
        if not pots and not self.seldom():
            return
        paid = self.random.choice(pots or list(model.payments.values()))
        rows = [
            (self.random.choice(PEOPLE), self.random.randint(1, 200))
            for _ in range(self.random.randint(1, 5))
        ]
        made = make_settlement(rows, rows_per_chunk=self.random.randint(1, 3))
        told, until, wrong = paid.terms, self.random.choice(DELTAS), self.seldom()
        batch = made.batch(max(paid.left - made.total, 0) + wrong, self.now + until)
        named = release_batch(bank.escrow.address, told, batch)
        packed = self.verdict(RELEASE_SCOPE, named, LIMIT)
        right = model.may_decide(paid) and made.total <= paid.left and not wrong
        right = right and many(paid) and until > 0 and self.now >= self.halted_until
        call = (told.words, batch.words, packed)
        if self.expect(right, "release_batch", *call, sender=self.random.choice(PEOPLE)):
            self.old.append(("release_batch", call))
            opened = OpenBatch(told, batch, made, made.total)
            model.release_batch(paid, named.action_hash(bank.world.chain_id), opened)

    def batch(self) -> None:
        model = self.model
        if not model.batches:
            self.release_batch()
            return
        opened = self.random.choice(list(model.batches.values()))
        words = (opened.told.words, opened.batch.words)
        sender = self.random.choice(PEOPLE)
        what = self.random.choice(["apply", "apply", "claim", "close"])
        if what == "close":
            self.expect(model.close(opened), "close_batch", *words, sender=sender)
            return
        index = self.random.randint(0, len(opened.made.chunks) - 1)
        call = (*words, index, opened.made.chunks[index], opened.made.path(index))
        if what == "apply":
            self.expect(model.apply(opened, index), "apply_chunk", *call, sender=sender)
        else:
            self.claim(opened, index, call, sender)

    def claim(self, opened: OpenBatch, index: int, call: tuple[Any, ...], sender: str) -> None:
        """A claim applies the chunk and pays, or does neither."""
        model, address = self.model, opened.told.token
        before = (dict(model.credits), opened.left, set(opened.applied))
        right = index in opened.applied or model.apply(opened, index)
        amount = model.credits.get((address, sender), (0, 0))[0]
        right = right and amount > 0 and self.pays(self.index_of(address), sender)
        if right:
            model.take(address, sender, amount)
        else:
            model.credits, opened.left, opened.applied = before
        self.expect(right, "claim", *call, sender=sender)

    def withdraw(self) -> None:
        model = self.model
        owners = list(model.credits) or [(self.tokens[0].address, STRANGER.address)]
        address, account = self.random.choice(owners)
        amount = model.credits.get((address, account), (0, 0))[0]
        token = self.index_of(address)
        what = self.random.choice(["all", "all", "part", "push"])
        if what == "push":
            right = model.may_push(address, account) and self.pays(token, account)
            passed = self.expect(right, "push", address, account, sender=self.random.choice(PEOPLE))
        elif what == "all":
            right = amount > 0 and self.pays(token, account)
            passed = self.expect(right, "withdraw", address, sender=account)
        else:
            total, to = amount, self.random.choice(PEOPLE)
            amount = self.random.randint(0, amount + 1)
            right = 0 < amount <= total and self.pays(token, to)
            passed = self.expect(right, "withdraw_to", address, to, amount, sender=account)
        if passed:
            assert model.take(address, account, amount)

    def disturb(self) -> None:
        """The strange token changes its ways, the guardian halts, or somebody gives money away."""
        what = self.random.choice(["habits", "bar", "call", "give", "halt"])
        if what == "habits":
            self.fee = self.random.choice([0, 0, 3, 100])
            self.toll, self.lying = self.random.choice([0, 0, 1]), self.seldom()
            silent = self.often() and not self.lying
            self.strange("set_habits", silent, self.lying, self.fee, self.toll)
        elif what == "bar":
            account, barred = self.random.choice(PEOPLE), self.often()
            (self.barred.add if barred else self.barred.discard)(account)
            self.strange("set_barred", account, barred)
        elif what == "call":
            self.prepare_call()
        elif what == "give":
            self.give()
        elif self.seldom() and self.now >= self.halted_until + 7 * DAY:
            self.bank.halt()
            self.halted_until = self.now + 7 * DAY

    def prepare_call(self) -> None:
        """The strange token calls back from now on, whenever it moves."""
        if not self.model.payments:
            return
        told = self.pick().terms
        name = self.random.choice(["withdraw", "settle", "deposit", "push"])
        arguments: tuple[Any, ...] = (told.words,)
        if name == "withdraw":
            arguments = (self.strange.address,)
        elif name == "push":
            arguments = (self.strange.address, self.random.choice(PEOPLE))
        call = self.bank.escrow.abi.encode(name, *arguments)
        self.strange("set_call", self.bank.escrow.address, call)
        self.calls = True

    def give(self) -> None:
        """Money that nobody deposited is nobody's, and disturbs nothing."""
        token, payer = self.random.choice([0, 1]), self.random.choice(PAYERS)
        if token and (self.fee or not self.pays(1, payer.address) or self.calls):
            return  # with nobody in the midst of the escrow, its call would be like any other
        amount = self.random.randint(1, 50)
        name = "give" if token else "transfer"
        self.tokens[token](name, self.bank.escrow.address, amount, sender=payer.address)
        self.given[token] += amount

    def wait(self) -> None:
        times = [1, 59, 60, 60, 3600, 3600, DAY, DORMANCY]
        self.bank.world.wait(self.random.choice(times))


def many(paid: Paid) -> bool:
    """Tell whether something is left of a payment to many."""
    return paid.terms.payee == NOBODY and paid.left > 0

"""Bring jobs on one chain to their end, step by step: nothing is lost, nothing is done twice.

Each step looks at what was written down and at what the chain shows, does one thing, and writes it
down; a transaction is written down before it is sent. So this may be killed anywhere, and the chain
may lose blocks, be slow, be away: the next step goes on from what is true then. Each account has at
most one transaction that stands in no block. This module refuses to know what a job is about: its
`Work` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from counterfoil.act.book import ActBook
from counterfoil.act.book_tables import ActJob
from counterfoil.chain import Account
from counterfoil.chain.anchor_state import (
    REVERTS_MAX,
    Attempt,
    Job,
    Mined,
    Sight,
    Step,
    decide,
    raised_fees,
)
from counterfoil.chain.transactions import prepare
from counterfoil.errors import CounterfoilError, Refused, Unavailable, VerificationError
from counterfoil.ports import Chain, ChainCall, Clock, TxReceipt

__all__ = ["STUCK_MS", "ActQueue", "Work", "never_passes"]

STUCK_MS: Final = 180_000
"""After this long in no block, a transaction is replaced by one that pays more, ms."""

_STEPS_MAX: Final = 64
_UNDER_WAY: Final = ("signed", "sent")
_NEVER: Final = ("gate.expired", "gate.revoked", "gate.vetoed")


class Work(Protocol):
    """What a kind of job is about."""

    def record(self, job: ActJob) -> int | None:
        """Put into the log what has to stand there first; gives its index, None for nothing."""

    def call(self, job: ActJob) -> ChainCall:
        """Make the call to send now.

        Raises Refused where the chain would refuse it, or would not yet take it.
        """

    def effect(self, job: ActJob, receipts: Sequence[TxReceipt]) -> Mined | None:
        """Find where a job took effect, by whomever it was sent; None where it did not.

        receipts: of its transactions that stand in a block and were not reverted.
        """

    def explain(self, err: Refused) -> CounterfoilError:
        """Turn what refused the call into an error that says what to do."""

    def state(self, job: ActJob) -> int:
        """Record the statement that says what was done; gives its index. Calling again is safe."""


class ActQueue:
    """What is to happen on one chain.

    accounts: address -> account, for those at hand. works: kind of job -> what it is about.
    stuck_ms: see `STUCK_MS`.
    """

    def __init__(
        self,
        book: ActBook,
        chain: Chain,
        accounts: Callable[[str], Account],
        works: Mapping[str, Work],
        clock: Clock,
        *,
        stuck_ms: int = STUCK_MS,
    ) -> None:
        self._book, self._chain, self._accounts = book, chain, accounts
        self._works, self._clock, self._stuck_ms = works, clock, stuck_ms

    def advance(self) -> dict[int, CounterfoilError]:
        """Do all that can be done now; gives what keeps jobs from going on, by their numbers.

        Raises Unavailable where the chain cannot be asked, Conflict with code act.busy.
        """
        with self._book.turn():
            for _ in range(_STEPS_MAX):
                errors: dict[int, CounterfoilError] = {}
                jobs = self._book.open_jobs(self._chain.chain_id)
                busy = {job.account for job in jobs if job.phase in _UNDER_WAY}
                moved = 0
                for job in jobs:
                    moved += self._try(job, busy, errors)
                if not moved:
                    return errors
        return errors

    def _try(self, job: ActJob, busy: set[str], errors: dict[int, CounterfoilError]) -> bool:
        try:
            return self._step(job, busy)
        except Unavailable:
            raise
        except CounterfoilError as err:
            errors[job.number] = err
            self._book.note_trouble(job.number, (err.code, err.message))
            if never_passes(err) and job.phase in ("planned", "recorded"):
                self._book.drop(job.number)
            return False

    def _step(self, job: ActJob, busy: set[str]) -> bool:
        work = self._works[job.kind]
        if job.phase == "planned":
            self._book.note_recorded(job.number, work.record(job))
            return True
        if job.phase == "final":
            self._book.note_done(job.number, work.state(job))
            return True
        sight = self._look(job, work)
        if job.phase == "recorded":
            return self._begin(job, work, sight, busy)
        return self._go_on(job, work, sight)

    def _begin(self, job: ActJob, work: Work, sight: Sight, busy: set[str]) -> bool:
        """Sign, write down and send, unless it took effect already."""
        if sight.mined is not None:
            self._book.note_phase(job.number, "mined", sight.mined)
            return True
        if job.account in busy:
            return False
        if sight.reverted >= REVERTS_MAX:
            raise Refused(
                "act.reverted",
                f"expected the contract to accept job {job.number}, but {sight.reverted} "
                f"transactions for it were reverted on chain {self._chain.chain_id}",
                hint="Look at the transactions; something changes between trying and sending.",
            )
        call = work.call(job)
        attempt = self._sign(job, work, call)
        self._book.add_attempt(job.number, call, attempt)
        busy.add(job.account)
        attempts = (*job.attempts, attempt)
        target = call.to or ""
        self._send(replace(job, attempts=attempts, target=target, data=call.data), work)
        return True

    def _go_on(self, job: ActJob, work: Work, sight: Sight) -> bool:
        step = decide(_as_anchor(job), sight, self._stuck_ms)
        number = job.number
        if step is Step.WAIT:
            return False
        if step is Step.SEND:
            self._send_again(job, work, sight)
        elif step is Step.REPLACE:
            self._replace(job, work)
        elif step in (Step.SIGN, Step.GIVE_UP):
            self._book.note_phase(number, "recorded")
        elif step is Step.NOTE_MINED:
            self._book.note_phase(number, "mined", sight.mined)
        elif step is Step.NOTE_LOST:
            self._book.note_phase(number, "signed" if job.attempts else "recorded")
        elif step is Step.NOTE_FINAL:
            self._book.note_phase(number, "final", sight.mined)
        return True

    def _look(self, job: ActJob, work: Work) -> Sight:
        """See what the chain shows about a job, and refuse what cannot be true."""
        final = self._chain.final().number
        nonce = self._chain.nonce(job.account)
        receipts = [self._chain.tx_receipt(attempt.hash) for attempt in job.attempts]
        found = [receipt for receipt in receipts if receipt is not None]
        mined = work.effect(job, [receipt for receipt in found if receipt.ok])
        if mined is not None:
            self._check_place(mined)
        known = mined is not None
        if not known and job.attempts:
            known = self._chain.knows(job.attempts[-1].hash)
        return Sight(
            now_ms=self._clock.now_ms(),
            nonce=nonce,
            standing=0,
            mined=mined,
            reverted=sum(not receipt.ok for receipt in found),
            known=known,
            final=final,
        )

    def _check_place(self, mined: Mined) -> None:
        block = self._chain.block(mined.block)
        if block is not None and block.hash != mined.block_hash:
            raise VerificationError(
                "act.lied",
                f"expected block {mined.block} of chain {self._chain.chain_id} to be "
                f"0x{block.hash.hex()}, found an event in 0x{mined.block_hash.hex()}",
                hint="The chain is changing just now, or the node lies: try again, or use another "
                "node of the same chain.",
            )

    def _sign(self, job: ActJob, work: Work, call: ChainCall) -> Attempt:
        try:
            made = prepare(self._chain, self._accounts(job.account), call)
        except Refused as err:
            raise work.explain(err) from err
        now_ms = self._clock.now_ms()
        return Attempt(made.raw, made.hash, made.nonce, made.gas, made.fees, now_ms)

    def _send(self, job: ActJob, work: Work) -> None:
        attempt = job.attempts[-1]
        try:
            self._chain.send_raw(attempt.raw)
        except Refused as err:
            if err.code == "chain.fee":
                self._replace(job, work)
                return
            if err.code == "chain.nonce":
                if self._chain.nonce(job.account) < attempt.nonce:  # a gap before it
                    self._book.note_phase(job.number, "recorded")
                return  # else it was used: the next step sees by what
            self._book.note_phase(job.number, "recorded")
            raise work.explain(err) from err
        self._book.note_phase(job.number, "sent")

    def _send_again(self, job: ActJob, work: Work, sight: Sight) -> None:
        """Send what was signed before a crash or a lost block, if it would still pass as it is."""
        last = job.attempts[-1]
        try:
            call = work.call(job)
        except Refused:
            self._book.note_phase(job.number, "recorded")  # so that it holds up no other
            raise
        if call == ChainCall(job.target, job.data):
            self._send(job, work)
        elif sight.known:
            self._book.add_attempt(job.number, call, self._raised(job, call, last))
        else:
            self._book.note_phase(job.number, "recorded")  # with another proof, it is signed anew

    def _replace(self, job: ActJob, work: Work) -> None:
        """Sign a job again with the same nonce and higher fees; either may be mined.

        What would no longer pass is sent all the same: reverted, it frees the account.
        """
        last = job.attempts[-1]
        try:
            call = work.call(job)
        except Refused:
            call = ChainCall(job.target, job.data)
        self._book.add_attempt(job.number, call, self._raised(job, call, last))

    def _raised(self, job: ActJob, call: ChainCall, last: Attempt) -> Attempt:
        account = self._accounts(job.account)
        fees = raised_fees(last.fees, self._chain.fees())
        nonce, gas = last.nonce, last.gas
        made = prepare(self._chain, account, call, nonce=nonce, fees=fees, gas=gas)
        now_ms = self._clock.now_ms()
        return replace(last, raw=made.raw, hash=made.hash, fees=fees, at_ms=now_ms)


def never_passes(err: CounterfoilError) -> bool:
    """Tell whether what was refused can never pass: a new verdict is needed."""
    return err.code in _NEVER


def _as_anchor(job: ActJob) -> Job:
    """Show a job to the machine that decides about anchors: it is the same for any transaction."""
    phase = job.phase
    if phase not in ("signed", "sent", "mined", "final"):  # pragma: no cover - `_step` sees to it
        raise ValueError(phase)
    return Job(1, b"", 0, b"", job.data, phase, job.attempts, job.mined)

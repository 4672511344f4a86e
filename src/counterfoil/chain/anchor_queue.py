"""Anchor a log on one chain, step by step, so that nothing is lost and nothing is done twice.

Each step looks at what was written down and at what the chain shows, does one thing, and writes
it down; a transaction is written down before it is sent. So this may be killed anywhere, and the
chain may lose blocks, be slow, be away: the next step goes on from what is true then. What a node
shows is held against our own log and against itself before it is believed.

This module refuses to anchor what it cannot prove, to take a node's word against our own log, and
to hold several unmined transactions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from counterfoil.chain.accounts import Account
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_contract import (
    AnchorContract,
    Anchored,
    Standing,
    refused_by_contract,
)
from counterfoil.chain.anchor_state import (
    Attempt,
    Job,
    Mined,
    Sight,
    Step,
    choose_exact,
    decide,
    raised_fees,
)
from counterfoil.chain.anchor_tables import Alarm, ChainNote
from counterfoil.chain.transactions import prepare
from counterfoil.errors import CounterfoilError, FatalLogError, Refused, VerificationError
from counterfoil.ports import ChainCall, Clock, Fees, TxReceipt

__all__ = ["LOW_ANCHORS", "STUCK_MS", "AnchorQueue", "AnchorSource", "check_standing"]

STUCK_MS: Final = 180_000
"""After this long in no block, a transaction is replaced by one that pays more, ms."""

LOW_ANCHORS: Final = 20
"""An account that can pay for fewer anchors than this is worth an alarm."""

_STEPS_MAX: Final = 16


class AnchorSource(Protocol):
    """The log that is anchored, as it is published."""

    def published(self) -> tuple[int, bytes, bytes]:
        """Read the published checkpoint: size, root (32 bytes), signed note."""

    def root(self, size: int) -> bytes:
        """Compute the root at an earlier size, 32 bytes."""

    def prove(self, old: int, new: int) -> Sequence[bytes]:
        """Prove that the tree of `new` entries extends that of `old` (RFC 9162, 2.1.4)."""


class AnchorQueue:
    """What is to be anchored on one chain.

    contract: on that chain. account: of the log's anchor key. known: what the book has of the
    chain. source: the log. stuck_ms: see `STUCK_MS`.
    """

    def __init__(
        self,
        book: AnchorBook,
        contract: AnchorContract,
        account: Account,
        known: ChainNote,
        source: AnchorSource,
        clock: Clock,
        *,
        stuck_ms: int = STUCK_MS,
    ) -> None:
        self._book, self._contract, self._account = book, contract, account
        self._log_id, self._first_block = known.log_id, known.block
        self._source, self._clock, self._stuck_ms = source, clock, stuck_ms
        self.chain = contract.chain
        self._id = self.chain.chain_id

    def advance(self, *, due: bool) -> bool:
        """Do all that can be done now; due: anchor the published checkpoint, too.

        Gives whether something is still under way. What keeps us from going on is written down
        and raised: Unavailable when the chain cannot be asked; Refused with code
        chain.underfunded, anchor.key, anchor.quorum or anchor.reverted; FatalLogError with code
        anchor.ahead and VerificationError with code anchor.forked or anchor.lied, with an alarm.
        """
        try:
            waiting = self._advance(due=due)
        except CounterfoilError as err:
            now = self._clock.now_ms()
            self._book.note_trouble(self._id, err.code, err.message, now)
            if isinstance(err, VerificationError | FatalLogError):
                self._alarm(err, {"chain_id": self._id, "url": self.chain.url})
            raise
        self._book.clear_trouble(self._id)
        return waiting

    def _advance(self, *, due: bool) -> bool:
        for _ in range(_STEPS_MAX):
            standing = check_standing(self._contract, self._log_id, self._source)
            moved = False
            for job in self._book.open_jobs(self._id):
                step = self._step(job, standing)
                moved = moved or step is not Step.WAIT
                if step is not Step.WAIT or job.phase != "mined":
                    break
            else:
                moved = self._begin(standing, due=due)
                due = False
            if not moved:
                break
        return bool(self._book.open_jobs(self._id))

    # What is new -------------------------------------------------------------------------------

    def _begin(self, standing: Standing, *, due: bool) -> bool:
        """Sign and write down the next anchor, if one is wanted."""
        wishes = self._book.wishes()
        wish = choose_exact(wishes, standing.size)
        size, root, note = self._source.published()
        notes = {wish.size: wish.note for wish in wishes if wish.exact} | {size: note}
        if self._adopt(standing, notes.get(standing.size)):
            return True
        if wish is not None and wish.size <= size:
            size, root, note = wish.size, self._source.root(wish.size), wish.note
        elif not due:
            return False
        else:  # the same checkpoint as on other chains is worth more than a newer one
            other = self._book.newest_note(standing.size)
            wanted = max((wish.size for wish in wishes if wish.size <= size), default=0)
            if other is not None and wanted <= other[0] <= size:
                size, root, note = other
        if size <= standing.size:
            return False
        sizes = (standing.size, size)
        proof = self._source.prove(*sizes) if standing.size else ()
        call = self._contract.anchor(self._log_id, sizes, root, proof)
        attempt = self._sign(call)
        self._book.begin(
            self._id, Job(size, root, standing.size, note, call.data, "signed", (attempt,))
        )
        return True

    def _adopt(self, standing: Standing, note: bytes | None) -> bool:
        """Write down an anchor that stands and is not in the book: another process made it."""
        if note is None or standing.size == 0:
            return False
        if self._book.job(self._id, standing.size) is not None:
            return False
        found = self._find(standing.size, standing.root)
        if found is None:
            return False
        dummy = Attempt(b"", found.tx_hash, 0, 0, Fees(0, 0), self._clock.now_ms())
        job = Job(standing.size, standing.root, 0, note, b"", "signed", (dummy,))
        self._book.begin(self._id, job)
        self._book.note_phase(self._id, standing.size, "mined", _mined(found))
        return True

    def _sign(self, call: ChainCall, nonce: int | None = None) -> Attempt:
        try:
            made = prepare(self.chain, self._account, call, nonce=nonce)
        except Refused as err:
            reason = refused_by_contract(err, self._account.address)
            if reason is err:
                raise
            raise reason from err
        balance = self.chain.balance(self._account.address)
        cost = made.gas * made.fees.max_fee
        self._book.note_funds(self._id, balance, cost)
        left = balance // cost if cost else LOW_ANCHORS
        if left < LOW_ANCHORS:
            self._alarm(
                Refused(
                    "anchor.funds-low",
                    f"expected coins for {LOW_ANCHORS} anchors on account "
                    f"{self._account.address} on chain {self._id}, found enough for fewer",
                ),
                {"balance_wei": str(balance), "cost_wei": str(cost)},
            )
        return Attempt(made.raw, made.hash, made.nonce, made.gas, made.fees, self._clock.now_ms())

    # What is under way -------------------------------------------------------------------------

    def _step(self, job: Job, standing: Standing) -> Step:
        sight = self._look(job, standing)
        step = decide(job, sight, self._stuck_ms)
        if step is Step.SEND:
            self._send(job, job.attempts[-1])
        elif step is Step.REPLACE:
            self._replace(job)
        elif step is Step.SIGN:
            self._sign_anew(job)
        elif step is Step.NOTE_MINED:
            self._book.note_phase(self._id, job.size, "mined", sight.mined)
        elif step is Step.NOTE_LOST and not job.attempts[-1].raw:
            self._book.drop(self._id, job.size)  # another's transaction: not ours to send again
        elif step is Step.NOTE_LOST:
            self._book.note_phase(self._id, job.size, "signed", None)
        elif step is Step.NOTE_FINAL:
            self._book.note_phase(self._id, job.size, "final", sight.mined)
        elif step is Step.FIND:
            self._settle(job)
        elif step is Step.GIVE_UP:
            raise Refused(
                "anchor.reverted",
                f"expected the anchor of {job.size} entries to be accepted on chain {self._id}, "
                "but every transaction for it was reverted",
                hint="Look at the transactions; more gas or another anchor key may be needed.",
            )
        return step

    def _look(self, job: Job, standing: Standing) -> Sight:
        """See what the chain shows about a job, and refuse what cannot be true."""
        final = self.chain.final().number
        nonce = self.chain.nonce(self._account.address)
        mined: Mined | None = None
        reverted = 0
        for attempt in reversed(job.attempts):
            receipt = self.chain.tx_receipt(attempt.hash)
            if receipt is None:
                continue
            if receipt.ok:
                mined = self._event_of(receipt, job)
                break
            reverted += 1
        if mined is None and job.phase == "mined":
            mined = self._relayed(job)
        return Sight(
            now_ms=self._clock.now_ms(),
            nonce=nonce,
            standing=standing.size,
            mined=mined,
            reverted=reverted,
            known=mined is not None or self.chain.knows(job.attempts[-1].hash),
            final=final,
        )

    def _relayed(self, job: Job) -> Mined | None:
        """See whether an anchor that somebody else sent still stands where it was found."""
        if job.mined is None or any(a.hash == job.mined.tx_hash and a.raw for a in job.attempts):
            return None
        found = self._find(job.size, job.root)
        return None if found is None else _mined(found)

    def _event_of(self, receipt: TxReceipt, job: Job) -> Mined:
        """Read our event from a receipt of ours, or find it where the size stood before."""
        event = self._contract.find_event(receipt, self._log_id, job.size)
        if event is None:
            found = self._find(job.size, job.root)
            if found is None:
                raise self._lie(job, f"the receipt 0x{receipt.tx_hash.hex()} without it")
            return _mined(found)
        self._check_event(job.size, job.root, event)
        return _mined(event)

    def _check_event(self, size: int, root: bytes, event: Anchored) -> None:
        stands = self._contract.anchored(self._log_id, size, event.time_s)
        block = self.chain.block(event.block)
        if event.root != root or stands != root:
            shown = event.root if event.root != root else stands
            raise self._lie_of(size, root, f"root {'none' if shown is None else shown.hex()}")
        if block is not None and block.hash == event.block_hash and block.time_s != event.time_s:
            raise self._lie_of(size, root, f"time {event.time_s} in a block of {block.time_s}")

    def _find(self, size: int, root: bytes) -> Anchored | None:
        head = self.chain.head().number
        for event in self._contract.events(self._log_id, size, self._first_block, head):
            self._check_event(size, root, event)
            return event
        return None

    def _settle(self, job: Job) -> None:
        """Take over an anchor that another transaction made, or give up one that never can be."""
        found = self._find(job.size, job.root)
        if found is None:
            self._book.drop(self._id, job.size)
        else:
            self._book.note_phase(self._id, job.size, "mined", _mined(found))

    def _send(self, job: Job, attempt: Attempt) -> None:
        try:
            self.chain.send_raw(attempt.raw)
        except Refused as err:
            if err.code == "chain.fee":
                self._replace(job)
                return
            if err.code == "chain.nonce":
                if self.chain.nonce(self._account.address) < attempt.nonce:  # a gap before it
                    self._sign_anew(job)
                return  # else it was used: the next step sees by what
            raise refused_by_contract(err, self._account.address) from err
        self._book.note_phase(self._id, job.size, "sent", None)

    def _sign_anew(self, job: Job) -> None:
        attempt = self._sign(ChainCall(self._contract.address, job.data))
        self._book.add_attempt(self._id, job.size, attempt)

    def _replace(self, job: Job) -> None:
        """Sign the same anchor with the same nonce and higher fees; either may be mined."""
        last = job.attempts[-1]
        fees = raised_fees(last.fees, self.chain.fees())
        call = ChainCall(self._contract.address, job.data)
        made = prepare(self.chain, self._account, call, nonce=last.nonce, fees=fees, gas=last.gas)
        attempt = replace(last, raw=made.raw, hash=made.hash, fees=fees, at_ms=self._clock.now_ms())
        self._book.add_attempt(self._id, job.size, attempt)

    def _lie(self, job: Job, found: str) -> VerificationError:
        return self._lie_of(job.size, job.root, found)

    def _lie_of(self, size: int, root: bytes, found: str) -> VerificationError:
        return VerificationError(
            "anchor.lied",
            f"expected the anchor of {size} entries with root {root.hex()} from the chain at "
            f"{self.chain.url}, found {found}",
            hint="Do not trust this node: use another one of the same chain.",
        )

    def _alarm(self, err: CounterfoilError, evidence: dict[str, object]) -> None:
        text = json.dumps(evidence, sort_keys=True)
        self._book.raise_alarm(Alarm(self._id, err.code, err.message, text, self._clock.now_ms()))


def _mined(event: Anchored) -> Mined:
    return Mined(event.tx_hash, event.block, event.block_hash, event.time_s)


def check_standing(contract: AnchorContract, log_id: bytes, source: AnchorSource) -> Standing:
    """Read what is anchored last, and hold it against our log.

    Raises FatalLogError with code anchor.ahead, VerificationError with code anchor.forked, and as
    `AnchorContract.latest`.
    """
    found, chain_id = contract.latest(log_id), contract.chain.chain_id
    size, _, _ = source.published()
    if found.size > size:
        raise FatalLogError(
            "anchor.ahead",
            f"expected at most the {size} entries of this log to be anchored on chain "
            f"{chain_id}, found {found.size}: our key anchored what is not here",
            hint="This ledger was put back, another copy of it is being written, or the node "
            "lies: ask another node, stop, and look at `counterfoil audit`.",
        )
    root = source.root(found.size)
    if found.root != root:
        raise VerificationError(
            "anchor.forked",
            f"expected root {root.hex()} for the {found.size} entries anchored on chain "
            f"{chain_id}, found {found.root.hex()}",
            hint="This ledger was rewritten, or the node lies: ask another node, and look at "
            "`counterfoil audit`.",
        )
    return found

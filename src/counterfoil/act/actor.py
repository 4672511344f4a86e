"""Act on recorded decisions by contracts, and see the loop closed: the room's facade.

A decision becomes a verdict, which is signed by its decider, recorded, anchored, checked, sent to
the contract that it names, and followed back into the log as an action. Whatever is under way is in
`act.db`: after a crash the same call, or `settle`, goes on. This module refuses to decide.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final

from counterfoil.act.accounts import account_of_ledger, ensure_funds
from counterfoil.act.acted import Acted, acted_of, no_job, read_acted
from counterfoil.act.book import ActBook
from counterfoil.act.book_tables import ActJob
from counterfoil.act.deploying import address_of_contract
from counterfoil.act.following import follow
from counterfoil.act.gate import GateContract
from counterfoil.act.packing import chain_note, is_anchored
from counterfoil.act.planning import Place, plan
from counterfoil.act.queue import STUCK_MS, ActQueue, Work
from counterfoil.act.registry import RegistryContract
from counterfoil.act.verdict_work import VerdictWork
from counterfoil.act.verdicts import Wanted
from counterfoil.act.works import make_works
from counterfoil.chain import Account, read_deployments
from counterfoil.errors import CounterfoilError, NotFound, Refused
from counterfoil.ledger.chain_access import choose_place
from counterfoil.ports import Clock, Progress, SystemClock, no_progress
from counterfoil.proofs.merkle import leaf_hash

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain
    from counterfoil.chain.anchor_tables import ChainNote
    from counterfoil.ledger import Ledger, Recorded

__all__ = ["Actor"]

_POLL_S: Final = (0.02, 2.0)
_SALT_BYTES: Final = 16
_ANCHOR_WITHIN_S: Final = 60.0
_WAITING: Final = frozenset(
    {
        "act.not-anchored",
        "gate.count",
        "gate.halted",
        "gate.order",
        "gate.postdated",
        "gate.rate",
        "gate.too-early",
        "gate.unannounced",
        "gate.window",
        "gate.young",
    }
)
"""What passes with time, or by another step: waited for, and told when the time is over."""


class Actor:
    """Acts for a ledger on one of its chains. Use it as a context manager, or call `close`.

    chain: as in the ledger's `anchor_chains`, or its name; the first when None. opened: the chain,
    where the caller has it open; it stays the caller's. stuck_ms: see `queue.STUCK_MS`.
    Raises Refused with code anchor.no-chain, NotFound with code act.chain, Unavailable with code
    act.book, and as `Ledger.open_chain`.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        chain: str | None = None,
        opened: NodeChain | None = None,
        clock: Clock | None = None,
        stuck_ms: int = STUCK_MS,
    ) -> None:
        self.ledger = ledger
        self._place = choose_place(ledger.config, chain)
        self._clock, self._stuck_ms = clock or SystemClock(), stuck_ms
        self._owned = opened is None
        self.chain = opened or ledger.open_chain(self._place)
        try:
            self.book = ActBook(ledger.layout.act_book, create=True)
        except BaseException:
            self.close_chain()
            raise
        self._works: dict[str, Work] | None = None

    # Where it acts -----------------------------------------------------------------------------

    @property
    def note(self) -> ChainNote:
        """Where the log is registered on the chain; it is registered there if need be."""
        try:
            return chain_note(self.ledger, self.chain.chain_id)
        except NotFound:
            self.ledger.anchor(_ANCHOR_WITHIN_S, only=self._place)
        return chain_note(self.ledger, self.chain.chain_id)

    @property
    def gate(self) -> GateContract:
        """The gate. Raises NotFound with code act.not-deployed."""
        return GateContract(
            self.chain, address_of_contract(self.ledger, self.chain, "decision_gate")
        )

    @property
    def registry(self) -> RegistryContract:
        """The registry. Raises NotFound with code act.not-deployed."""
        return RegistryContract(
            self.chain, address_of_contract(self.ledger, self.chain, "model_registry")
        )

    def account(self, role: str) -> Account:
        """Give the account of a role, with coins where the chain is the ledger's own."""
        found = account_of_ledger(self.ledger, role)
        ensure_funds(self.ledger, self.chain, found.address)
        return found

    # Acting ------------------------------------------------------------------------------------

    def act(
        self,
        decision: int | str,
        wanted: Wanted,
        *,
        subject: str | None = None,
        wait_s: float = 60.0,
    ) -> Acted:
        """Have a contract act on a decision, and wait until its action is recorded.

        decision: index or leaf hash. subject: whom or what it is about; the verdict has a salted
        digest of it. wait_s: then it is told how far it is; `settle` goes on. The same decision for
        the same call is done once, however often it is asked for.
        Raises as `propose` and `settle`.
        """
        return self.settle(self.propose(decision, wanted, subject=subject).number, wait_s=wait_s)

    def propose(self, decision: int | str, wanted: Wanted, *, subject: str | None = None) -> Acted:
        """Sign the verdict and write down what is to happen; nothing is recorded or sent yet.

        Raises InputError with code decision.kind or act.*, Refused with code act.replaced,
        NotFound with code act.decider or act.not-deployed.
        """
        return acted_of(self._plan(decision, wanted, subject))

    def check(self, decision: int | str, wanted: Wanted) -> Acted:
        """Record the verdict, anchor it, and check whether the gate would let it pass now.

        Nothing is sent. Raises as `propose`, and Refused with a code `gate.*`.
        """
        job = self._anchored(self._plan(decision, wanted, None))
        if job.open and job.phase == "recorded":
            self._verdict_work().check(job)
        return acted_of(job)

    def settle(self, number: int | None = None, *, wait_s: float = 60.0) -> Acted:
        """Go on with what was proposed until its action is recorded, and give it.

        number: of the job. wait_s: as for `act`. Raises NotFound with code act.job; Refused with a
        code `gate.*`, act.consumer, act.unused, act.reverted or chain.underfunded; Unavailable
        when the chain cannot be asked; VerificationError with code act.lied or act.disagreed.
        Whatever is raised, nothing is lost: it may be called again.
        """
        until, pause_s = time.monotonic() + wait_s, _POLL_S[0]
        again = False
        while True:
            job = self._anchored(self.job(number))
            self._announce_if_asked(job)
            errors = self._queue().advance()
            job, error = self.job(job.number), errors.get(job.number)
            if job.phase == "done":
                return acted_of(job)
            if error is not None and error.code == "act.not-anchored" and not again:
                again = True  # the chain lost the anchor with a block: it is made there anew
                self.ledger.anchor(_ANCHOR_WITHIN_S, only=self._place)
                continue
            if error is not None and error.code not in _WAITING:
                raise error
            if job.phase == "dropped":
                raise _dropped(job)
            if time.monotonic() >= until:
                if error is not None:
                    raise error
                return acted_of(job)
            if job.phase not in ("planned", "signed", "final"):
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, _POLL_S[1])

    def go_on(self) -> dict[int, CounterfoilError]:
        """Take each job under way as far as it goes now; gives what keeps them, by number.

        Raises Unavailable when the chain cannot be asked.
        """
        for job in self.book.open_jobs(self.chain.chain_id):
            if job.kind == "verdict":
                self._announce_if_asked(self._anchored(job))
        return self._queue().advance()

    def follow(self, progress: Progress = no_progress) -> Iterator[Recorded]:
        """Record an action for each use of a verdict of this log, from where it was left off.

        See `following.follow`.
        """
        gate = self.gate
        yield from follow(self.ledger, self.book, gate, self._first_block(), progress)

    # Looking -----------------------------------------------------------------------------------

    def ls(self, limit: int = 50) -> list[Acted]:
        """List what was asked of contracts, newest first."""
        return list(read_acted(self.ledger.layout.act_book, limit))

    def get(self, number: int) -> Acted:
        """Show what was proposed. Raises NotFound with code act.job."""
        return acted_of(self.job(number))

    def job(self, number: int | None) -> ActJob:
        """Read a job. Raises NotFound with code act.job."""
        found = None if number is None else self.book.job(number)
        if found is None:
            raise no_job(number)
        return found

    def close(self) -> None:
        """Let go of the chain and of the book."""
        self.close_chain()
        self.book.close()

    def close_chain(self) -> None:
        """Let go of the chain, unless it is the caller's."""
        if self._owned:
            self.chain.close()

    def __enter__(self) -> Actor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Behind it ---------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Tell the time, Unix ms."""
        return self._clock.now_ms()

    def advance(self) -> dict[int, CounterfoilError]:
        """Do what can be done now for all jobs on the chain; see `ActQueue.advance`."""
        return self._queue().advance()

    def _plan(self, decision: int | str, wanted: Wanted, subject: str | None) -> ActJob:
        """Write down the job of a decision and a call; see `planning.plan`."""
        own = self.chain.kind == "embedded"  # whose blocks are made when they are wanted
        place = Place(
            chain_id=self.chain.chain_id,
            gate=self.gate.address,
            log_id=self.note.log_id,
            account=self.account("actor").address,
            latest_s=None if own else self.chain.head().time_s,
        )
        return plan(self.ledger, self.book, decision, wanted, subject, place, self.now_ms())

    def _anchored(self, job: ActJob) -> ActJob:
        """Bring a job so far that an anchor covers its verdict, where none does."""
        if job.kind != "verdict" or job.phase not in ("planned", "recorded", "signed"):
            return job
        index = job.index
        if index is None:
            with self.book.turn():
                job = self.job(job.number)
                if job.phase == "planned":
                    self.book.note_recorded(job.number, self._works_here()["verdict"].record(job))
            job = self.job(job.number)
            index = job.index
        if index is not None and not is_anchored(self.ledger, self.chain.chain_id, index):
            self.ledger.anchor(_ANCHOR_WITHIN_S, only=self._place)
        return job

    def _announce_if_asked(self, job: ActJob) -> None:
        """Plan to announce a verdict whose approval has a veto window."""
        if job.trouble is None or job.trouble[0] != "gate.unannounced" or job.index is None:
            return
        leaf = leaf_hash(job.entry)
        if self.gate.announced(leaf).usable_from:
            return
        self.book.plan(
            ActJob(
                *(0, leaf, job.chain_id, "announce", job.account, {}, job.entry, job.at_ms),
                "recorded",
                job.index,
            )
        )

    def _queue(self) -> ActQueue:
        return ActQueue(
            self.book,
            self.chain,
            self._account_at,
            self._works_here(),
            self._clock,
            stuck_ms=self._stuck_ms,
        )

    def _works_here(self) -> dict[str, Work]:
        if self._works is None:
            anchor, first = self.note.contract, self._first_block()
            self._works = make_works(self.ledger, self.gate, self.registry, anchor, first)
        return self._works

    def _verdict_work(self) -> VerdictWork:
        work = self._works_here()["verdict"]
        assert isinstance(work, VerdictWork)  # noqa: S101  # it was put there
        return work

    def _account_at(self, address: str) -> Account:
        for role in ("actor", "owner", "guardian"):
            found = account_of_ledger(self.ledger, role)
            if found.address == address:
                return found
        raise NotFound(
            "act.account",
            f"expected the key of account {address}, which began this, found another one",
            hint="Put its file back into keys/evm/.",
        )

    def _first_block(self) -> int:
        found = read_deployments(self.ledger.layout.deployments, self.chain)
        return found.contracts["decision_gate"].block


def _dropped(job: ActJob) -> Refused:
    code, text = job.trouble or ("act.dropped", "it can never pass")
    return Refused(
        "act.dropped",
        f"expected a verdict that can pass, found that job {job.number} was given up: {text} "
        f"[{code}]",
        hint="Ask for the same again: a new verdict is made.",
    )

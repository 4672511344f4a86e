"""One chain of a ledger's settings: opened when it is needed, and left alone while it fails.

This module refuses to decide when to anchor: the pace does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from counterfoil.ledger.anchor_fees import AnchorFees
from counterfoil.ledger.anchor_setup import (
    EMBEDDED,
    RecordStatement,
    anchor_account,
    name_of_place,
    open_place,
    register,
)
from counterfoil.ledger.anchor_source import PublishedLog
from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.policy_file import own_keys
from counterfoil.ledger.results import AnchorState
from counterfoil.ports import Choice, Clock, Waiting

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain
    from counterfoil.chain.anchor_book import AnchorBook
    from counterfoil.chain.anchor_queue import AnchorQueue
    from counterfoil.chain.anchor_tables import ChainNote

__all__ = ["AnchorPlace", "state_of"]

_REST_S: Final = (1.0, 300.0)  # how long a chain that failed is left alone, ever longer


class AnchorPlace:
    """A chain of `anchor_chains`. Used under one lock."""

    def __init__(
        self,
        layout: Layout,
        config: Config,
        place: str,
        record: RecordStatement,
        source: PublishedLog,
        clock: Clock,
    ) -> None:
        self._layout, self._config, self._place = layout, config, place
        self._record, self._source, self._clock = record, source, clock
        self._book: AnchorBook | None = None
        self._chain: NodeChain | None = None
        self._queue: AnchorQueue | None = None
        self._behind_ms: int | None = None
        self._rest_s, self._rests_until = 0.0, 0.0
        self._trouble: CounterfoilError | None = None
        self._fees: AnchorFees | None = None  # our own chain asks for nothing
        if place != EMBEDDED:
            self._fees = AnchorFees(self._open_chain, config.anchor_max_wait_s)

    @property
    def stated(self) -> int | None:
        """Index of the entry that names this chain; None before it is there."""
        note = self._note(self._book)
        return None if note is None else note.stated

    def use(self, book: AnchorBook) -> None:
        """Keep the book in which everything is written down."""
        self._book = book

    def resting(self) -> bool:
        """Tell whether the chain failed a moment ago and is left alone."""
        return time.monotonic() < self._rests_until

    def waiting(self, book: AnchorBook | None) -> Waiting:
        """Tell what waits to be anchored here."""
        from counterfoil.chain.anchor_state import wish_due_ms

        now_ms = self._clock.now_ms()
        note = self._note(book)
        newest = 0 if note is None or book is None else book.newest(note.chain_id)
        try:
            size, _, _ = self._source.published()
        except NotFound:
            size = 0
        behind = self._behind_ms if note is None else note.behind_ms
        if size <= newest:
            behind = None
        elif behind is None:
            behind = now_ms
            if note is not None and book is not None:
                book.note_behind(note.chain_id, now_ms)
        self._behind_ms = behind
        wishes = [] if book is None else [w for w in book.wishes() if w.size <= size]
        fees = None if self._fees is None else self._fees.seen
        return Waiting(now_ms, behind, wish_due_ms(wishes, newest), self.shown, fees)

    def has_open(self, book: AnchorBook | None) -> bool:
        """Tell whether an anchor is under way."""
        note = self._note(book)
        return note is not None and book is not None and bool(book.open_jobs(note.chain_id))

    def open(self) -> AnchorQueue:
        """Open the chain, register the log there if need be, and give its queue."""
        from counterfoil.chain.anchor_queue import AnchorQueue

        if self._queue is not None:
            return self._queue
        book, settings = self._require_book(), self._config
        try:
            chain = self._open_chain()
        except CounterfoilError as err:
            self._note_trouble(err)
            raise
        try:
            self._require_once(chain)
            keys = own_keys(self._layout, settings.origin).keys
            contract, note = register(self._layout, self._place, chain, keys, book, self._record)
            account = anchor_account(self._layout)
            queue = AnchorQueue(book, contract, account, note, self._source, self._clock)
        except BaseException as err:
            chain.close()
            if isinstance(err, CounterfoilError):
                self._note_trouble(err)
            raise
        self._chain, self._queue = chain, queue
        return queue

    def own_chain(self) -> NodeChain:
        """Open the chain as `open` does, and give it; it stays this place's to close."""
        self.open()
        assert self._chain is not None  # noqa: S101  # `open` keeps it
        return self._chain

    @property
    def place(self) -> str:
        """The chain's address, as in the settings."""
        return self._place

    @property
    def embedded(self) -> bool:
        """Tell whether it is the ledger's own chain."""
        return self._place == EMBEDDED

    def advance(self, choice: Choice | None = None) -> bool:
        """Do all that can be done now, and write down why an anchor was begun.

        See `AnchorQueue.advance`.
        """
        before = self._newest()
        try:
            waiting = self.open().advance(due=choice is not None and choice.due)
        except CounterfoilError as err:
            self._note_trouble(err)
            raise
        finally:
            self._note_choice(choice, before)
        self._trouble, self._rest_s = None, 0.0
        book, note = self._require_book(), self._note(self._book)
        if note is not None and not waiting:
            finals = [book.newest_final(other.chain_id) for other in book.chains()]
            if len(finals) >= len(self._config.anchor_chains):
                book.forget_wishes(min(finals))
        return waiting

    def try_advance(self, choice: Choice) -> bool:
        """Advance; a chain that fails is left alone for a while, ever longer."""
        try:
            return self.advance(choice)
        except CounterfoilError:
            self._rest()
            raise

    def note_unexpected(self, err: Exception) -> None:
        """Write down what only a bug can raise, and leave the chain alone for a while."""
        self._rest()
        self._note_trouble(
            Unavailable(
                "anchor.unexpected",
                f"expected to anchor on {self.shown}, but: {type(err).__name__}: {err!s:.200}",
                hint="Please report it. Nothing is lost: it is tried again.",
            )
        )

    def state(self, size: int) -> AnchorState:
        """Tell how the anchor of a checkpoint stands here."""
        found = state_of(self.shown, self._note(self._book), self._book, size)
        if self._trouble is None:
            return found
        from dataclasses import replace

        return replace(found, trouble=(self._trouble.code, self._trouble.message))

    @property
    def shown(self) -> str:
        """The chain's address, without credentials."""
        return name_of_place(self._place)

    def close(self) -> None:
        """Let go of the chain."""
        if self._chain is not None:
            self._chain.close()
        if self._fees is not None:
            self._fees.close()
        self._chain = self._queue = None

    def _open_chain(self) -> NodeChain:
        confirmations = self._config.anchor_confirmations
        return open_place(self._layout, self._place, confirmations, self._clock)

    def _newest(self) -> int:
        note = self._note(self._book)
        return 0 if note is None else self._require_book().newest(note.chain_id)

    def _note_choice(self, choice: Choice | None, before: int) -> None:
        note, size = self._note(self._book), self._newest()
        if choice is not None and choice.due and note is not None and size > before:
            now_ms = self._clock.now_ms()
            self._require_book().note_choice(note.chain_id, size, choice, now_ms)

    def _rest(self) -> None:
        self._rest_s = min(max(2 * self._rest_s, _REST_S[0]), _REST_S[1])
        self._rests_until = time.monotonic() + self._rest_s

    def _require_once(self, chain: NodeChain) -> None:
        """Refuse a chain that is in the settings twice: two queues would use one nonce."""
        known = self._require_book().chain(chain.chain_id)
        others = set(map(name_of_place, self._config.anchor_chains)) - {self.shown}
        if known is not None and known.url in others:
            raise InputError(
                "anchor.chain-twice",
                f"expected each chain once in anchor_chains, found chain {chain.chain_id} at "
                f"{known.url} and at {self.shown}",
                hint="Name one node of each chain.",
            )

    def _note_trouble(self, err: CounterfoilError) -> None:
        self._trouble = err
        note = self._note(self._book)
        if note is not None:
            now_ms = self._clock.now_ms()
            self._require_book().note_trouble(note.chain_id, err.code, err.message, now_ms)

    def _note(self, book: AnchorBook | None) -> ChainNote | None:
        if book is None:
            return None
        shown = self.shown
        return next((note for note in book.chains() if note.url == shown), None)

    def _require_book(self) -> AnchorBook:
        assert self._book is not None  # noqa: S101  # `use` comes first
        return self._book


def state_of(shown: str, note: ChainNote | None, book: AnchorBook | None, size: int) -> AnchorState:
    """Tell how the anchor of a checkpoint of `size` entries stands, by what is written down."""
    if note is None or book is None:
        return AnchorState(shown, None, None, None, None, size, "none")
    job = book.job(note.chain_id, size)
    trouble = None if note.trouble is None else (note.trouble, note.trouble_text or "")
    known = (shown, note.chain_id, note.run_by, note.contract, note.owner, size)
    if job is None:
        return AnchorState(*known, "none", trouble=trouble)
    if job.mined is None:
        last = f"0x{job.attempts[-1].hash.hex()}"
        return AnchorState(*known, job.phase, last, trouble=trouble)
    place = job.mined
    return AnchorState(
        *known, job.phase, f"0x{place.tx_hash.hex()}", place.block, place.time_s, trouble
    )

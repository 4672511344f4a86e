"""Decide a live stream: each payment is on record, explained if held, before it is answered.

One thread takes what has come, computes, writes it to the journal and hands the decisions to the
ledger; another answers what has become durable. While one batch is written the next gathers, so
that many payments share a commit. A payment that comes again gets its first answer. This module
refuses to answer what is not durable.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.deciding import Decided, Decider
from counterfoil.apps.finance.fraud.journal import Answered, Event, Journal, State
from counterfoil.apps.finance.fraud.kept import Kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.stating import Statements
from counterfoil.apps.finance.payments import payment_digest
from counterfoil.errors import Conflict, CounterfoilError, Unavailable
from counterfoil.ledger import Ledger, RecordedMany
from counterfoil.provenance.models import Explained

__all__ = ["Answer", "Live"]

_BATCH: Final = 64
_WRITING: Final = 4  # batches that are being written at a time
_WAITING: Final = 4_096
_ANSWERED: Final = 500_000  # payments whose answer is remembered
_SAVE_EVERY: Final = 200_000  # payments
_REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered for a payment, once its decision is durable.

    score: calibrated probability of fraud. threshold: it was compared with. outcome: pay or hold.
    index: of the decision in the log. reasons: features that say most, where it is held, in
    log-odds. again: it was decided before, and this is that decision.
    """

    id: str
    score: float
    threshold: float
    outcome: str
    index: int
    reasons: dict[str, float]
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    event: Event
    answer: Future[Any]


class Live:
    """A stream of payments; a context manager. Safe for threads.

    model: as recorded in the ledger: leaf, digest or name. folder: where its state is kept.
    sealed: inputs and explanations are sealed under the key of the card's holder.
    """

    def __init__(
        self, ledger: Ledger, kept: Kept, model: Any, folder: Path, *, sealed: bool = True
    ) -> None:
        self._ledger, self._kept = ledger, kept
        self._statements = Statements(ledger, model, sealed=sealed)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = Journal(folder)
        self._asked: queue.Queue[_Asked | None] = queue.Queue(_WAITING)
        self._written: queue.Queue[Any] = queue.Queue(_WRITING)
        self._failed: BaseException | None = None
        self._underway: dict[str, list[Future[Any]]] = {}
        self._door = threading.Lock()  # of what is under way
        self.recovered = 0
        self._state, self._decider = self._restore()
        self._threads = [
            threading.Thread(target=self._work, name="fraud-deciding", daemon=True),
            threading.Thread(target=self._answer_all, name="fraud-answering", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decide(self, payment: Payment) -> Future[Answer]:
        """Take a payment; the future gives its answer when that is durable.

        Waits where too many wait already. Raises Unavailable with code fraud.stopped.
        """
        return self._ask(Event(payment=payment, at_ms=time.time_ns() // 1_000_000))

    def tell(self, payment_id: str, label: int) -> Future[bool]:
        """Take the label of an earlier payment; the future says whether it was known."""
        return self._ask(Event(id=payment_id, label=label))

    def close(self) -> None:
        """Answer what was taken, and save the state."""
        if self._threads[0].is_alive():
            self._asked.put(None)
        for thread in self._threads:
            thread.join()
        if self._failed is None:
            self._journal.save(self._state)
        self._journal.close()

    def _ask(self, event: Event) -> Future[Any]:
        if self._failed is not None:
            raise _stopped(self._failed)
        asked = _Asked(event, Future())
        self._asked.put(asked)
        self._refuse_waiting()  # where it failed just now, and nobody takes any more
        return asked.answer

    def _refuse_waiting(self) -> None:
        """Tell all who wait that the stream has stopped, if it has: nobody may wait for ever."""
        while (failed := self._failed) is not None:
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                return
            if asked is not None:
                asked.answer.set_exception(_stopped(failed))

    # Going on where it ended -------------------------------------------------------------------

    def _restore(self) -> tuple[State, Decider]:
        state, events = self._journal.load(self._kept.digest)
        if state is None:
            series = f"fraud/{self._kept.digest[:16]}/{secrets.token_hex(8)}"
            state = State(self._kept.digest, series, memory=self._kept.fresh_memory())
            self._journal.save(state)
            return state, Decider(self._kept, state.memory)
        decider = Decider(self._kept, state.memory)
        number, taken = self._journal.first, list[tuple[Event, Decided]]()
        for event in events:
            if event.payment is None:
                if number >= state.number:
                    decider.fold.tell(event.id, event.label)
                continue
            number += 1
            if number <= state.number:
                continue  # the state was saved, and the journal not yet begun anew
            decided = decider.decide(event.payment)
            self._remember(state, decided)
            taken.append((event, decided))
        for begin in range(0, len(taken), _BATCH):
            part = taken[begin : begin + _BATCH]
            self._record_again(state, part, state.number - len(taken) + begin)
        self._journal.save(state)
        return state, decider

    def _record_again(
        self, state: State, part: Sequence[tuple[Event, Decided]], first: int
    ) -> None:
        """Record what was journalled; what is on record already is answered with its place."""
        try:
            done = self._record(part, state.stream, first).result()
        except Conflict:  # said by another build of the libraries: what is on record stands
            if len(part) > 1:
                for at, one in enumerate(part):
                    self._record_again(state, [one], first + at)
            return
        self.recovered += done.new
        for (_, decided), index in zip(part, done.indices, strict=True):
            name = decided.payment.id
            if name in state.answered:
                state.answered[name] = msgspec.structs.replace(state.answered[name], index=index)

    # Deciding ----------------------------------------------------------------------------------

    def _work(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._take()
            if not batch:
                continue
            try:
                self._decide(batch)
            except BaseException as err:  # whoever waits must hear of it
                self._fail(batch, err)
                ended = True
        self._written.put(None)
        self._refuse_waiting()

    def _take(self) -> tuple[list[_Asked], bool]:
        first = self._asked.get()
        if first is None:
            return [], True
        batch = [first]
        while len(batch) < _BATCH:
            try:
                more = self._asked.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch.append(more)
        return batch, False

    def _decide(self, batch: Sequence[_Asked]) -> None:
        events: list[Event] = []
        made: list[tuple[_Asked, Decided]] = []
        simple: list[tuple[_Asked, Any]] = []
        first = self._state.number
        if self._failed is not None:  # nothing may be recorded behind what is not
            raise _stopped(self._failed)
        for asked in batch:
            event = asked.event
            if event.payment is None:
                events.append(event)
                simple.append((asked, self._decider.fold.tell(event.id, event.label)))
                continue
            known = self._state.answered.get(event.payment.id)
            if known is not None:
                self._again(asked, event.payment.id, known)
                continue
            decided = self._decider.decide(event.payment)
            self._remember(self._state, decided)
            with self._door:
                self._underway[event.payment.id] = []
            events.append(event)
            made.append((asked, decided))
        if events:
            self._journal.append(events)
        for asked, value in simple:
            asked.answer.set_result(value)
        if made:
            parts = [(asked.event, decided) for asked, decided in made]
            self._written.put((made, first, self._record(parts, self._state.stream, first)))
        if self._state.number // _SAVE_EVERY > first // _SAVE_EVERY:
            self._settle()
            self._journal.save(self._state)

    def _again(self, asked: _Asked, name: str, known: Answered) -> None:
        """Answer a payment that came before; where that is being written, when it is."""
        with self._door:
            waiting = self._underway.get(name)
            if waiting is not None:
                waiting.append(asked.answer)
                return
        found = self._state.answered.get(name, known)
        if found.index < 0:  # it was recorded before a crash, and its place is not remembered
            found = msgspec.structs.replace(found, index=self._place_of(name))
            self._state.answered[name] = found
        asked.answer.set_result(_answer(name, found, None, again=True))

    def _place_of(self, name: str) -> int:
        query = f"kind=decision source={_quoted(self._state.stream)} "
        page = self._ledger.search(f"{query}subject.sha256={payment_digest(name)}", limit=1)
        return page.hits[0].index if page.hits else -1

    def _remember(self, state: State, decided: Decided) -> None:
        state.answered[decided.payment.id] = Answered(
            state.number, decided.score, decided.threshold, decided.outcome
        )
        if len(state.answered) > _ANSWERED:
            del state.answered[next(iter(state.answered))]
        state.number += 1

    def _record(
        self, made: Sequence[tuple[Event, Decided]], series: str, first: int
    ) -> Future[RecordedMany]:
        said = [self._statements.said(event.at_ms, decided) for event, decided in made]
        return self._ledger.record_statements(said, source=series, first=first)

    # Answering ---------------------------------------------------------------------------------

    def _answer_all(self) -> None:
        while (item := self._written.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            made, first, future = item
            try:
                indices = future.result().indices
            except BaseException as err:
                self._failed = err
                for asked, _ in made:
                    asked.answer.set_exception(_stopped(err))
                continue
            for number, ((asked, decided), index) in enumerate(zip(made, indices, strict=True)):
                name = decided.payment.id
                known = Answered(
                    first + number, decided.score, decided.threshold, decided.outcome, index
                )
                if name in self._state.answered:
                    self._state.answered[name] = known
                with self._door:
                    others = self._underway.pop(name, [])
                asked.answer.set_result(_answer(name, known, decided.explained))
                for other in others:
                    other.set_result(_answer(name, known, decided.explained, again=True))

    def _settle(self) -> None:
        """Wait until all that was handed over is answered."""
        done = threading.Event()
        self._written.put(done)
        done.wait()

    def _fail(self, batch: Sequence[_Asked], err: BaseException) -> None:
        self._failed = err
        for asked in batch:
            if not asked.answer.done():
                asked.answer.set_exception(
                    err if isinstance(err, CounterfoilError) else _stopped(err)
                )


def _answer(
    name: str, known: Answered, explained: Explained | None, *, again: bool = False
) -> Answer:
    reasons: dict[str, float] = {}
    if explained is not None:
        order = sorted(explained.contributions.items(), key=lambda one: -abs(one[1]))
        reasons = {feature: round(share, 4) for feature, share in order[:_REASONS]}
    return Answer(name, known.score, known.threshold, known.outcome, known.index, reasons, again)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _stopped(err: BaseException) -> CounterfoilError:
    if isinstance(err, CounterfoilError):
        return err.renewed(f"the stream has stopped: {err.message}")
    return Unavailable(
        "fraud.stopped",
        f"expected to decide payments, but the stream has stopped: {err!r:.200}",
        hint="Run it again: what was answered is on record, and the rest is decided then.",
    )

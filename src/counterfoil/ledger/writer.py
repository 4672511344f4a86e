"""Turn what is to be recorded into submissions, and answers of the log into results.

Signing and queueing happen under one lock, so numbers, key changes and places in the log keep one
order. What is in the log already is answered with its first place. This module refuses to touch
files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import msgspec

from counterfoil.errors import Conflict, CounterfoilError, InputError, Refused
from counterfoil.formats.predicates import ContentRef, Header, Record
from counterfoil.formats.sealed import Sealed
from counterfoil.formats.statement import sha256_subject
from counterfoil.ledger.issuers import PREFIX
from counterfoil.ledger.numbering import HOLES_WITHIN, Numbering, check_place
from counterfoil.ledger.producer import INLINE_CONTENT_MAX_BYTES, Producer
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.sameness import says_the_same
from counterfoil.log import AlreadyRecorded, Appended, Log, Submission
from counterfoil.log.submission import Condition
from counterfoil.ports import LogStore, Span
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.storage import PayloadFiles

__all__ = [
    "FROZEN",
    "HEADER_OPTIONS",
    "Draft",
    "Gatekeeper",
    "Writer",
    "promise",
    "refuse_reserved",
]

FROZEN: Final = "log/frozen"
"""Counter that is set with a log's last entry: the successor's origin, or `no successor`."""

HEADER_OPTIONS: Final = frozenset(
    ("at_ms", "audience", "corrects", "expect", "nonce", "on_behalf_of", "supersedes")
)
"""Fields of a record's header that its author chooses; the others are the ledger's."""

_T = TypeVar("_T")


class Gatekeeper(Protocol):
    """Is asked before registered statements are recorded, whoever says them."""

    def admit(self, said: Iterable[tuple[str, Header]]) -> None:
        """Let them pass, or raise Refused; said: URI and predicate of each."""

    def knows(self, uri: str, predicate: Callable[[], Header]) -> bool:
        """Tell, without a look at the log, that one passes."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement before it has a number.

    make: builds the statement's payload for a number. source: its series. number: its place
    there; None takes the next. expect: counter -> (old, new). same: tells whether a recorded
    entry says what this one's does.
    """

    make: Callable[[int], bytes]
    source: str
    number: int | None
    expect: Mapping[str, Condition]
    same: Callable[[bytes, bytes], bool] = says_the_same


class Writer:
    """Writes one organisation's statements into one log."""

    def __init__(
        self, log: Log, store: LogStore, producer: Producer, payloads: PayloadFiles
    ) -> None:
        self.log, self.store, self.payloads = log, store, payloads
        self.producer = producer
        self.gate: Gatekeeper | None = None  # set by who opens the ledger
        self._frozen = store.counter(FROZEN)
        self.door = threading.RLock()  # held while signing and queueing, and for key changes
        organisation = producer.organisation
        self.numbering = Numbering(
            lambda source: store.next_number(organisation, source), self._holes
        )

    @property
    def default_source(self) -> str:
        """The series of statements that name none: one a producer key."""
        return f"api:{self.producer.key.keyid[:16]}"

    def record(
        self,
        content: bytes,
        header: Mapping[str, Any],
        source: str,
        number: int | None,
        sealed: Sequence[Sealed] = (),
        same: Callable[[bytes, bytes], bool] = says_the_same,
    ) -> Future[Recorded]:
        """Record one JSON object.

        content: compact JSON, as `json_text.normalise_object` returns it. header: further fields
        of the predicate's header, of HEADER_OPTIONS. sealed: personal fields of it that were
        sealed. same: as of `Draft`. Raises InputError with code record.header,
        record.source, record.number or predicate.malformed; the future Conflict with code
        log.expect or record.number-taken, and what `Sequencer.submit` names.
        """
        check_place(source, number)
        said = {**_checked(header), "issuer": self.producer.organisation, "source": source}
        if sealed:
            said["sealed"] = tuple(sealed)
        if len(content) > INLINE_CONTENT_MAX_BYTES:
            make = self._beside(said, content)
        else:
            make = self._with_sealed(said, content) if sealed else self._inline(said, content)
        return self.submit(Draft(make, source, number, said.get("expect") or {}, same))

    def _with_sealed(self, said: Mapping[str, Any], content: bytes) -> Callable[[int], bytes]:
        subjects = [sha256_subject("content", content)]
        text = msgspec.Raw(content)
        return lambda number: self.producer.statement(
            Record(number=number, content=text, **said), subjects
        )

    def _inline(self, said: Mapping[str, Any], content: bytes) -> Callable[[int], bytes]:
        return lambda number: self.producer.record_statement(Header(number=number, **said), content)

    def _beside(self, said: Mapping[str, Any], content: bytes) -> Callable[[int], bytes]:
        reference = ContentRef(self.payloads.put(content), len(content))
        subjects = [sha256_subject("content", content)]
        return lambda number: self.producer.statement(
            Record(number=number, content_ref=reference, **said), subjects
        )

    def submit(self, draft: Draft) -> Future[Recorded]:
        """Sign a statement and queue it; errors as for `record`."""
        check_place(draft.source, draft.number)
        answer: Future[Recorded] = promise()
        with self.door:
            given = draft.number is not None
            number = self.numbering.take(draft.source) if draft.number is None else draft.number
            try:
                entry = self.producer.sign(draft.make(number))
                if given:
                    self.numbering.use(draft.source, number)
                span = Span(self.producer.organisation, draft.source, number, 1, 0)
                queued = self.queue(Submission([entry], [span], expect=draft.expect))
            except BaseException:
                if not given:
                    self.numbering.give_back(draft.source, number)
                raise
        queued.add_done_callback(lambda done: self._settle(done, answer, draft, number, entry))
        return answer

    def queue(self, submission: Submission) -> Future[Appended]:
        """Hand entries to the log, unless it ended; the caller holds the door.

        Raises Refused with code log.frozen, and as `Log.submit`.
        """
        if self._frozen is not None:
            raise Refused(
                "log.frozen",
                f"expected a log that goes on, found {self.log.origin} frozen",
                hint=f"Its story goes on in: {self._frozen}.",
            )
        queued = self.log.submit(submission)
        if FROZEN in submission.expect:
            queued.add_done_callback(self._heed_end)
        return queued

    def _heed_end(self, done: Future[Appended]) -> None:
        """Refuse what comes after the log's last entry; only this process writes."""
        if not done.cancelled() and done.exception() is None:
            self._frozen = self.store.counter(FROZEN)

    def _settle(
        self,
        done: Future[Appended],
        answer: Future[Recorded],
        draft: Draft,
        number: int,
        entry: bytes,
    ) -> None:
        try:
            first = done.result().first
            leaf = leaf_hash(entry).hex()
            answer.set_result(Recorded(first, leaf, draft.source, number))
        except AlreadyRecorded as err:
            try:
                answer.set_result(self._first_receipt(err, entry, draft, number))
            except Exception as conflict:  # whoever waits must hear of it
                answer.set_exception(conflict)
        except CounterfoilError as err:
            if draft.number is None:
                self.numbering.give_back(draft.source, number)
            answer.set_exception(err)

    def _first_receipt(
        self, found: AlreadyRecorded, entry: bytes, draft: Draft, number: int
    ) -> Recorded:
        """Answer a repeated statement with its first place, or refuse one that differs."""
        held, source = self.log.reader.entry(found.index), draft.source
        if not draft.same(held, entry):
            raise Conflict(
                "record.number-taken",
                f"expected number {number} of {source} to be free, found entry {found.index} "
                "with other content",
                hint="Use another source, or record a correction with `corrects`.",
            )
        return Recorded(found.index, leaf_hash(held).hex(), source, number, duplicate=True)

    def append_foreign(
        self,
        entry: bytes,
        span: Span | None,
        identity: bytes,
        expect: Mapping[str, Condition],
        same: Callable[[bytes, bytes], bool] = says_the_same,
    ) -> Future[Recorded]:
        """Append what somebody else signed, as it is; the caller has verified it.

        span: its number in its issuer's series; None for a statement without one, which is then
        known by its identity. A repeated one is answered with its first place. same: of `Draft`.
        """
        if span is None:
            submission = Submission([entry], identities={identity: 0}, expect=expect)
        else:
            submission = Submission([entry], [span], expect=expect)
        source, number = ("", 0) if span is None else (span.source, span.first)
        draft = Draft(lambda _: entry, source, number, expect, same)
        answer: Future[Recorded] = promise()
        with self.door:
            if span is not None and span.issuer == self.producer.organisation:
                self.numbering.use(source, number)
            queued = self.queue(submission)
        queued.add_done_callback(lambda done: self._settle(done, answer, draft, number, entry))
        return answer

    def holds(self, issuer: str, source: str, number: int) -> bool:
        """Tell whether a place is taken already; what comes there again is answered, never new."""
        return self.store.find_span(issuer, source, number, 1) is not None

    def admit(self, said: Iterable[tuple[str, Header]]) -> None:
        """Ask the gate, where there is one; raises what it raises."""
        if self.gate is not None:
            self.gate.admit(said)

    def _holes(self, source: str, below: int) -> Iterator[int]:
        """List numbers that our own series lacks; another's gaps are its own to explain."""
        if source != self.default_source:
            return
        at = max(0, below - HOLES_WITHIN)
        while at < below:
            span = self.store.find_span(self.producer.organisation, source, at, below - at)
            if span is None:  # pragma: no cover - the number before `below` is recorded
                return
            yield from range(at, span.first)
            at = span.first + span.count


def promise() -> Future[_T]:
    """Make a future that cannot be cancelled: what is queued will be recorded."""
    answer: Future[_T] = Future()
    answer.set_running_or_notify_cancel()
    return answer


def _checked(header: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse fields that are not the author's to choose; counters get the form they are kept in."""
    unknown = sorted(set(header) - HEADER_OPTIONS)
    if unknown:
        raise InputError(
            "record.header",
            f"expected options of {', '.join(sorted(HEADER_OPTIONS))}, found {unknown[0][:80]!a}",
            hint="What is recorded stands in the content.",
        )
    said = dict(header)
    if said.get("expect"):
        said["expect"] = _counters(said["expect"])
        refuse_reserved(said["expect"])
    return said


def refuse_reserved(expect: Mapping[str, object]) -> None:
    """Refuse conditions on what only the log's own statements set: its end, and foreign keys.

    Raises InputError with code record.expect-reserved.
    """
    if any(key.startswith(PREFIX) for key in expect):
        raise InputError(
            "record.expect-reserved",
            f"expected a counter of your own, found one under {PREFIX}",
            hint="Keys of issuers are added by `counterfoil scitt trust`.",
        )
    if FROZEN in expect:
        raise InputError(
            "record.expect-reserved",
            f"expected a counter of your own, found {FROZEN}",
            hint="A log is ended by `counterfoil network freeze`.",
        )


def _counters(expect: object) -> dict[str, tuple[object, ...]]:
    try:
        return {key: tuple(change) for key, change in dict(expect).items()}  # type: ignore[call-overload]  # checked by trying
    except (TypeError, ValueError) as err:
        raise InputError(
            "record.expect",
            f"expected counters with (old, new) each, found {str(expect)[:80]!a}",
            hint='For example expect={"seat/12A": (None, "sold")}.',
        ) from err

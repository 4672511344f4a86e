"""Record many statements at once under batch signatures, and find those that are there already.

A killed run is simply run again: rows that stand in the log are answered with their first place,
and nothing is recorded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace

import msgspec

from counterfoil.errors import Conflict, CounterfoilError, InputError
from counterfoil.formats.predicates import ContentRef, Record
from counterfoil.formats.sealed import Sealed
from counterfoil.formats.statement import sha256_subject
from counterfoil.ledger.numbering import check_place
from counterfoil.ledger.producer import INLINE_CONTENT_MAX_BYTES
from counterfoil.ledger.results import RecordedMany
from counterfoil.ledger.sameness import statement_says
from counterfoil.ledger.writer import Writer, promise
from counterfoil.log import AlreadyRecorded, Appended, Submission
from counterfoil.ports import Span

__all__ = ["RowWriter"]

_Row = tuple[int, bytes]
"""(offset in the rows that were given, statement)."""


class RowWriter:
    """Writes rows through a ledger's writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._under_way: dict[Future[Appended], tuple[str, int, int]] = {}

    def record(
        self, source: str, first: int | None, contents: Sequence[bytes]
    ) -> Future[RecordedMany]:
        """Record many JSON objects under batch signatures.

        contents: compact JSON, as `json_text.normalise_object` returns it, at least one.
        first: number of the first; None takes the next ones. Rows that are in the log already
        are answered with their first place. Raises InputError with code record.empty,
        record.source or record.number; the future Conflict with code record.number-taken and what
        `Sequencer.submit` names.
        """
        return self.record_made(
            source, first, len(contents), lambda start: self._row_payloads(source, start, contents)
        )

    def record_sealed(
        self,
        source: str,
        first: int | None,
        contents: Sequence[bytes],
        sealed: Sequence[Sequence[Sealed]],
    ) -> Future[RecordedMany]:
        """Record JSON objects whose personal fields were sealed; otherwise as `record`.

        sealed: of each row, its groups.
        """

        def make(start: int) -> list[bytes]:
            return [
                self._sealed_payload(source, number, content, tuple(groups))
                for number, (content, groups) in enumerate(
                    zip(contents, sealed, strict=True), start
                )
            ]

        return self.record_made(source, first, len(contents), make)

    def record_made(
        self,
        source: str,
        first: int | None,
        count: int,
        make: Callable[[int], list[bytes]],
        admit: Callable[[Iterable[int]], None] | None = None,
    ) -> Future[RecordedMany]:
        """Record `count` statements that `make` builds for the number of the first.

        admit: hears, before anything is signed, the offsets of those that are new in the log, and
        raises where they must not be. Raises as `record`, and what `make` and `admit` raise.
        """
        if not count:
            raise InputError("record.empty", "expected at least one record, found none")
        check_place(source, first, count)
        numbering = self._writer.numbering
        with self._writer.door:
            if first is not None:
                payloads = make(first)
                numbering.use(source, first, count)
                return self._record(source, first, payloads, lambda: None, admit)
            taken = numbering.take(source, count)

            def give_back() -> None:
                numbering.give_back(source, taken, count)

            try:
                return self._record(source, taken, make(taken), give_back, admit)
            except BaseException:
                give_back()
                raise

    def _record(
        self,
        source: str,
        first: int,
        payloads: Sequence[bytes],
        refused: Callable[[], None],
        admit: Callable[[Iterable[int]], None] | None,
    ) -> Future[RecordedMany]:
        self.await_twins(source, first, first + len(payloads))
        held = self._held(source, first, payloads)
        new = [(at, p) for at, p in enumerate(payloads) if at not in held]
        if admit is not None and new:
            admit(at for at, _ in new)
        return self._submit_rows(source, first, len(payloads), held, new, refused)

    def await_twins(self, source: str, first: int, end: int) -> None:
        """Let rows of the same numbers arrive that are on their way; then they are found.

        A client that sends again what it thinks is lost, while it is not, must not be refused.
        """
        wait(
            [
                future
                for future, (other, start, stop) in list(self._under_way.items())
                if other == source and start < end and first < stop
            ]
        )

    def _row_payloads(self, source: str, first: int, contents: Sequence[bytes]) -> list[bytes]:
        if max(map(len, contents)) <= INLINE_CONTENT_MAX_BYTES:
            return self._writer.producer.row_statements(source, first, contents)
        payloads = []
        for number, content in enumerate(contents, first):
            if len(content) <= INLINE_CONTENT_MAX_BYTES:
                payloads += self._writer.producer.row_statements(source, number, [content])
                continue
            payloads.append(self._sealed_payload(source, number, content, ()))
        return payloads

    def _sealed_payload(
        self, source: str, number: int, content: bytes, sealed: tuple[Sealed, ...]
    ) -> bytes:
        inline = len(content) <= INLINE_CONTENT_MAX_BYTES
        payloads = self._writer.payloads
        record = Record(
            issuer=self._writer.producer.organisation,
            source=source,
            number=number,
            content=msgspec.Raw(content) if inline else msgspec.UNSET,
            content_ref=None if inline else ContentRef(payloads.put(content), len(content)),
            sealed=sealed,
        )
        return self._writer.producer.statement(record, [sha256_subject("content", content)])

    def _held(self, source: str, first: int, payloads: Sequence[bytes]) -> dict[int, int]:
        """Find the rows that are in the log already: offset -> index."""
        held: dict[int, int] = {}
        at = 0
        issuer = self._writer.producer.organisation
        while span := self._writer.store.find_span(issuer, source, first + at, len(payloads) - at):
            start = max(span.first, first + at)
            end = min(span.first + span.count, first + len(payloads))
            index = span.index + start - span.first
            recorded = self._writer.log.reader.entries(index, index + end - start)
            for number, entry in zip(range(start, end), recorded, strict=True):
                if not statement_says(entry, payloads[number - first]):
                    raise Conflict(
                        "record.number-taken",
                        f"expected row {number} of {source} to be new or the same, found entry "
                        f"{span.index + number - span.first} with other content",
                        hint="The source changed since it was recorded: give it another name.",
                    )
                held[number - first] = span.index + number - span.first
            at = end - first
            if at >= len(payloads):
                break
        return held

    def _submit_rows(
        self,
        source: str,
        first: int,
        count: int,
        held: dict[int, int],
        new: list[_Row],
        refused: Callable[[], None],
    ) -> Future[RecordedMany]:
        answer: Future[RecordedMany] = promise()
        if not new:
            indices = tuple(held[at] for at in range(count))
            size = self._writer.log.head.size
            answer.set_result(RecordedMany(source, first, count, 0, size, indices))
            return answer
        batch_entries: list[bytes] = []
        spans: list[Span] = []
        offsets: dict[int, int] = {}
        producer, at_ms = self._writer.producer, self._writer.log.clock.now_ms()
        for run in _runs(new):
            start = run[0][0]
            signed = producer.sign_batch([p for _, p in run], at_ms, source, first + start)
            base = len(batch_entries)
            spans += [replace(span, index=span.index + base) for span in signed.spans]
            offsets |= {start + k: base + at for k, at in enumerate(signed.offsets)}
            batch_entries += signed.entries
        queued = self._writer.queue(Submission(batch_entries, spans))
        self._under_way[queued] = (source, first, first + count)

        def settle(done: Future[Appended]) -> None:
            self._under_way.pop(done, None)
            try:
                appended = done.result()
            except CounterfoilError as err:
                if not isinstance(err, AlreadyRecorded):
                    refused()
                answer.set_exception(err)
                return
            indices = tuple(
                held[at] if at in held else appended.first + offsets[at] for at in range(count)
            )
            answer.set_result(RecordedMany(source, first, count, len(new), appended.size, indices))

        queued.add_done_callback(settle)
        return answer


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Cut rows where an offset is missing: a batch signs numbers that follow each other."""
    run: list[_Row] = []
    for row in rows:
        if run and row[0] != run[-1][0] + 1:
            yield run
            run = []
        run.append(row)
    yield run

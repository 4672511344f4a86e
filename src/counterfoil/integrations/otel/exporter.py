"""Export spans into a ledger, where a batch processor or a simple one hands them over.

Whatever happens, the application hears nothing of it but a line in the log: what could not be
recorded is counted. A disk or owner that is away for a moment is tried again. This module refuses
to record content openly.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from counterfoil.errors import CounterfoilError, InputError, Refused, Unavailable
from counterfoil.integrations.otel import names
from counterfoil.integrations.otel.spans import decision_of, is_genai, plain_record_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from counterfoil.ledger import Ledger
    from counterfoil.ports import Said

__all__ = ["Content", "CounterfoilSpanExporter", "Others"]

Content = Literal["seal", "omit"]
"""What becomes of prompts, answers, arguments and results."""

Others = Literal["skip", "record"]
"""What becomes of spans that are about no model, tool or agent."""

_LOG: Final = logging.getLogger("counterfoil")
_FIRST_PAUSE_S: Final = 0.1


class CounterfoilSpanExporter(SpanExporter):
    """Records spans of models, tools and agents as decision statements. Safe for threads.

    ledger: an open one that can be written; it stays the caller's to close, after the SDK's
    shutdown. content: seal it under the person's key, or leave it out. person: attributes that may
    tell whose it is, the first found; else the conversation's, else the trace's. attributes:
    further ones to record openly. others: record other spans as plain records. retry_s: how long
    a batch is tried again while the ledger is unavailable, seconds, from 0.

    recorded, dropped, skipped: how many spans so far. bare: those recorded without their content,
    which was too large or could not be sealed.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        content: Content = "seal",
        person: Sequence[str] = names.PERSON,
        attributes: Sequence[str] = (),
        others: Others = "skip",
        retry_s: float = 10.0,
    ) -> None:
        for what, value, known in (
            ("content", content, ("seal", "omit")),
            ("others", others, ("skip", "record")),
        ):
            if value not in known:
                raise InputError(
                    "otel.option", f"expected {what} to be one of {known}, found {value!a:.80}"
                )
        hidden = sorted(set(attributes) & (names.CONTENT | set(person)))
        if hidden:
            raise InputError(
                "otel.attributes",
                f"expected attributes that may stand openly, found {hidden[0]}",
                hint="What people wrote, and who they are, is sealed or left out.",
            )
        self._ledger, self._content, self._others = ledger, content, others
        self._person, self._attributes = tuple(person), tuple(attributes)
        self._retry_s = retry_s
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.recorded = self.dropped = self.skipped = self.bare = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Record finished spans and wait until they are durable; never raises."""
        if self._ended.is_set():
            self._count(dropped=len(spans))
            return SpanExportResult.FAILURE
        genai = [span for span in spans if is_genai(span)]
        others = [span for span in spans if not is_genai(span)]
        lost = self._guard(genai, self._record_genai)
        if self._others == "record":
            lost += self._guard(others, self._record_others)
        else:
            self._count(skipped=len(others))
        return SpanExportResult.FAILURE if lost else SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Answer that nothing waits here: `export` returns when it is durable."""
        return timeout_millis >= 0

    def shutdown(self) -> None:
        """Take no more, and stop trying again; the ledger stays open. Again: nothing."""
        self._ended.set()

    def _guard(
        self,
        spans: Sequence[ReadableSpan],
        record: Callable[[Sequence[ReadableSpan]], int],
    ) -> int:
        """Record spans, whatever they hold; how many were lost."""
        if not spans:
            return 0
        try:
            lost = record(spans)
        except Exception as err:  # an exporter must never raise into the application
            _LOG.warning("%d spans were not recorded: %s", len(spans), err)
            lost = len(spans)
        self._count(recorded=len(spans) - lost, dropped=lost)
        return lost

    def _record_genai(self, spans: Sequence[ReadableSpan]) -> int:
        said = [self._said(span, seal=self._content == "seal") for span in spans]
        try:
            self._write(said)
        except (InputError, Refused):
            return sum(not self._record_one(span) for span in spans)  # one is at fault, not all
        return 0

    def _record_one(self, span: ReadableSpan) -> bool:
        """Record one span, without its content where that cannot be sealed."""
        for seal in (True, False) if self._content == "seal" else (False,):
            try:
                self._write([self._said(span, seal=seal)])
            except InputError as err:
                _LOG.warning("span %s was not recorded%s: %s", span.name, " whole" * seal, err)
            except CounterfoilError as err:
                _LOG.warning("span %s was not recorded: %s", span.name, err)
                return False
            else:
                self._count(bare=self._content == "seal" and not seal)
                return True
        return False

    def _record_others(self, spans: Sequence[ReadableSpan]) -> int:
        made = [plain_record_of(span, self._attributes) for span in spans]
        self._again(lambda: self._ledger.record_many(made))
        return 0

    def _said(self, span: ReadableSpan, *, seal: bool) -> Said:
        return decision_of(span, seal=seal, person=self._person, attributes=self._attributes)

    def _write(self, said: Sequence[Said]) -> None:
        self._again(lambda: self._ledger.record_statements(said).result())

    def _again(self, write: Callable[[], Any]) -> None:
        """Write; again while the ledger is unavailable: then nothing was stored."""
        end, pause = time.monotonic() + self._retry_s, _FIRST_PAUSE_S
        while True:
            try:
                write()
            except Unavailable as err:
                left = end - time.monotonic()
                if left <= 0 or err.code == "ledger.closed" or self._ended.wait(min(pause, left)):
                    raise
                pause *= 2
            else:
                return

    def _count(
        self, *, recorded: int = 0, dropped: int = 0, skipped: int = 0, bare: int = 0
    ) -> None:
        with self._lock:
            self.recorded += recorded
            self.dropped += dropped
            self.skipped += skipped
            self.bare += bare

"""The verbs that change a ledger, wherever its owner is.

`LocalRecorder` does them in this process, which owns the ledger; `forward_client` has another
process do them. The facade knows only this protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from counterfoil.errors import InputError, Refused
from counterfoil.ledger.anchorer import Anchorer, check_by
from counterfoil.ledger.block_writer import record_block
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing
from counterfoil.ledger.results import AnchorState, Recorded, RecordedMany
from counterfoil.ledger.row_writer import RowWriter
from counterfoil.ledger.statement_writer import (
    append_envelope,
    draft_statement,
    record_statement,
)
from counterfoil.ledger.writer import promise
from counterfoil.ports import Said, Sealer

__all__ = ["LocalRecorder", "Recorder"]


class Recorder(Protocol):
    """Records for one organisation. The futures raise what `Ledger.record` names."""

    def record(
        self, content: bytes, header: Mapping[str, Any], source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record compact JSON text; header: further fields of the predicate's header."""

    def record_rows(
        self, contents: Sequence[bytes], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record rows of compact JSON text under batch signatures."""

    def record_block(
        self, contents: Sequence[bytes], source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record rows of compact JSON text as one statement."""

    def record_statement(
        self, said: Said, source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record a statement that is no plain record."""

    def record_statements(
        self, said: Sequence[Said], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record statements that are no plain records, under batch signatures."""

    def append(self, envelope: bytes) -> Future[Recorded]:
        """Append a statement that somebody else signed."""

    def wait_published(self, size: int) -> None:
        """Wait until a checkpoint of at least `size` entries is published."""

    def want_anchor(self, size: int, by_ms: int) -> None:
        """Have `size` entries anchored by a time, Unix ms; durable when this returns."""

    def anchor(self, timeout_s: float) -> Future[list[AnchorState]]:
        """Anchor the published checkpoint on every chain."""

    def close(self) -> None:
        """Finish what was begun and let go."""


class LocalRecorder:
    """Records in this process.

    writing: what the ledger's owner has. admin: its keys. anchorer: anchors it; None where
    nothing is ever anchored. sealer: seals what is personal; None where nothing is.
    """

    def __init__(
        self,
        writing: Writing,
        admin: KeyAdmin,
        anchorer: Anchorer | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self._writing, self._admin, self._anchorer = writing, admin, anchorer
        self._sealer = sealer
        self._rows = RowWriter(writing.writer)

    def record(
        self, content: bytes, header: Mapping[str, Any], source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record compact JSON text; see `Writer.record`."""
        writer = self._writing.writer
        timed = {"at_ms": self._writing.log.clock.now_ms(), **header}
        return writer.record(content, timed, self._series(source, number), number)

    def record_rows(
        self, contents: Sequence[bytes], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record rows; see `RowWriter.record`."""
        return self._rows.record(self._series(source, first), first, contents)

    def record_block(
        self, contents: Sequence[bytes], source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record rows as one statement; see `block_writer.record_block`."""
        writer, now = self._writing.writer, self._writing.log.clock.now_ms()
        return record_block(writer, contents, self._series(source, number), number, now)

    def record_statement(
        self, said: Said, source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record a statement; see `statement_writer.record_statement`."""
        series = self._series(source, number)
        (sealed,) = self._seal([said])
        return record_statement(self._writing.writer, sealed, series, number)

    def record_statements(
        self, said: Sequence[Said], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record statements; see `statement_writer.draft_statement`."""
        writer, series = self._writing.writer, self._series(source, first)
        drafts = [draft_statement(writer, one, series) for one in self._seal(said)]
        for draft in drafts:
            draft.require_many()

        def make(start: int) -> list[bytes]:
            return [draft.make(number) for number, draft in enumerate(drafts, start)]

        return self._rows.record_made(series, first, len(drafts), make)

    def append(self, envelope: bytes) -> Future[Recorded]:
        """Append an envelope; see `statement_writer.append_envelope`."""
        return append_envelope(self._writing.writer, lambda: self._admin.keyring, envelope)

    def wait_published(self, size: int) -> None:
        """Wait for publication; see `Log.wait_published`."""
        self._writing.log.wait_published(size)

    def want_anchor(self, size: int, by_ms: int) -> None:
        """Have entries anchored by a time; see `Anchorer.want`."""
        anchorer = self._require_anchorer()
        anchorer.require_chain()
        check_by(by_ms, self._writing.log.clock.now_ms())
        if size:  # else it was only asked whether it could be
            anchorer.want(size, by_ms)

    def anchor(self, timeout_s: float) -> Future[list[AnchorState]]:
        """Anchor the published checkpoint; see `Anchorer.anchor`."""
        answer: Future[list[AnchorState]] = promise()
        try:
            answer.set_result(self._require_anchorer().anchor(timeout_s))
        except Exception as err:  # whoever waits must hear of it
            answer.set_exception(err)
        return answer

    def _require_anchorer(self) -> Anchorer:
        if self._anchorer is None:
            raise Refused("anchor.no-chain", "expected a ledger that can anchor, found none")
        return self._anchorer

    def close(self) -> None:
        """Commit and publish what waits, and give the ledger up."""
        try:
            if self._anchorer is not None:
                self._anchorer.close()
        finally:
            self._writing.close()

    def _seal(self, said: Sequence[Said]) -> list[Said]:
        """Replace what is to be sealed by what the log may know of it."""
        wanted = [wanted for one in said for wanted in one.seal.values()]
        if not wanted:
            return list(said)
        if self._sealer is None:
            raise Refused("person.no-vault", "expected a ledger with a vault, found none")
        sealed = iter(self._sealer.seal(wanted))
        return [
            Said(
                one.kind, {**one.fields, **{name: next(sealed) for name in one.seal}}, one.subjects
            )
            for one in said
        ]

    def _series(self, source: str | None, number: int | None) -> str:
        """Name the series of what is recorded; ours, where none is named."""
        if source is not None:
            return source
        if number is not None:
            raise InputError(
                "record.source",
                "expected a source with a number, found none",
                hint="Our own series numbers itself: leave the number out, or name a source.",
            )
        return self._writing.writer.default_source

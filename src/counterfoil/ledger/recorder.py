"""The verbs that change a ledger, wherever its owner is.

`LocalRecorder` does them in this process, which owns the ledger; `forward_client` has another
process do them. The facade knows only this protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from typing import Any, Protocol, TypeVar

from counterfoil.errors import FatalLogError, InputError, Refused
from counterfoil.formats.sealed import Sealed
from counterfoil.ledger.anchorer import Anchorer, check_by
from counterfoil.ledger.block_writer import record_block
from counterfoil.ledger.energy import EnergyMeter, Spent
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing
from counterfoil.ledger.people.desk import Desk
from counterfoil.ledger.people.keeper import Keeper
from counterfoil.ledger.people.sealing import LedgerSealer
from counterfoil.ledger.results import AnchorState, Recorded, RecordedMany
from counterfoil.ledger.row_writer import RowWriter
from counterfoil.ledger.statement_writer import (
    append_envelope,
    ask_gate,
    draft_statement,
    record_statement,
)
from counterfoil.ledger.verdict_writer import record_verdict
from counterfoil.ledger.writer import promise
from counterfoil.ports import Prepared, Said, Sealer, ToSeal

__all__ = ["LocalRecorder", "Recorder"]

_T = TypeVar("_T")


class Recorder(Protocol):
    """Records for one organisation. The futures raise what `Ledger.record` names."""

    def record(
        self,
        content: bytes,
        header: Mapping[str, Any],
        source: str | None,
        number: int | None,
        seal: Sequence[ToSeal] = (),
    ) -> Future[Recorded]:
        """Record compact JSON text; header: further fields of the predicate's header.

        seal: personal fields that were taken out of it.
        """

    def record_rows(
        self,
        contents: Sequence[bytes],
        source: str | None,
        first: int | None,
        seal: Sequence[Sequence[ToSeal]] = (),
    ) -> Future[RecordedMany]:
        """Record rows of compact JSON text under batch signatures.

        seal: of each row, the personal fields that were taken out of it; empty where no row has.
        """

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

    def ask_gate(self, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
        """Ask whether checks let a model or decision be recorded; raises where they do not.

        wait: else give False where that is not known at once.
        """

    def append(self, envelope: bytes) -> Future[Recorded]:
        """Append a statement that somebody else signed."""

    def record_verdict(self, verdict: bytes, decision: int) -> Future[Recorded]:
        """Record a decider's verdict about the decision at an index."""

    def register(self, statement: bytes) -> Future[Recorded]:
        """Register a signed statement in COSE."""

    def sign_receipt(self, signed: bytes, subject: str) -> tuple[bytes, bytes]:
        """Sign the root of one of the log's own checkpoints for a COSE receipt."""

    def people(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the room for people asks for; plain values in and out."""

    def keep(self, data: bytes) -> str:
        """Keep bytes beside the log, durably, for a statement that will name their SHA-256."""

    def wait_published(self, size: int) -> None:
        """Wait until a checkpoint of at least `size` entries is published."""

    def want_anchor(self, size: int, by_ms: int) -> None:
        """Have `size` entries anchored by a time, Unix ms; durable when this returns."""

    def anchor(self, timeout_s: float, only: str | None = None) -> Future[list[AnchorState]]:
        """Anchor the published checkpoint on every chain, or only on one."""

    def ask_chain(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """Ask the ledger's own chain; see `chain_access.answer_of`."""

    def spent(self) -> Spent | None:
        """Tell what the ledger has cost; None where nothing was counted."""

    def fatal(self) -> FatalLogError | None:
        """Tell why the log must not go on; None while it does, or where its owner knows."""

    def close(self) -> None:
        """Finish what was begun and let go."""


class LocalRecorder:
    """Records in this process.

    writing: what the ledger's owner has. admin: its keys. anchorer: anchors it; None where
    nothing is ever anchored. keeper: keeps personal data; None where there is none. meter: counts
    what it costs.
    """

    def __init__(
        self,
        writing: Writing,
        admin: KeyAdmin,
        anchorer: Anchorer | None = None,
        keeper: Keeper | None = None,
        meter: EnergyMeter | None = None,
    ) -> None:
        self._meter = meter
        self._writing, self._admin, self._anchorer = writing, admin, anchorer
        self._keeper = keeper
        self._sealer: Sealer | None = (
            None if keeper is None else LedgerSealer(writing.writer, keeper.vault)
        )
        self._rows = RowWriter(writing.writer)

    def record(
        self,
        content: bytes,
        header: Mapping[str, Any],
        source: str | None,
        number: int | None,
        seal: Sequence[ToSeal] = (),
    ) -> Future[Recorded]:
        """Record compact JSON text; see `Writer.record`."""
        writer, series = self._writing.writer, self._series(source, number)
        timed = {"at_ms": self._writing.log.clock.now_ms(), **header}
        if not seal:
            return writer.record(content, timed, series, number)
        return self._sealing(
            [seal],
            series,
            number,
            lambda made: writer.record(
                content, timed, series, number, made.sealed[0], partial(made.same, 0)
            ),
        )

    def record_rows(
        self,
        contents: Sequence[bytes],
        source: str | None,
        first: int | None,
        seal: Sequence[Sequence[ToSeal]] = (),
    ) -> Future[RecordedMany]:
        """Record rows; see `RowWriter.record`."""
        series = self._series(source, first)
        if not any(seal):
            return self._rows.record(series, first, contents)
        return self._sealing(
            seal,
            series,
            first,
            lambda made: self._rows.record_sealed(series, first, contents, made.sealed),
        )

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
        writer, series = self._writing.writer, self._series(source, number)
        if not said.seal:
            return self._counted([said], record_statement(writer, said, series, number))
        future = self._sealing(
            [list(said.seal.values())],
            series,
            number,
            lambda made: record_statement(
                writer, said, series, number, partial(made.same, 0), made.sealed[0]
            ),
        )
        return self._counted([said], future)

    def record_statements(
        self, said: Sequence[Said], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record statements; see `statement_writer.draft_statement`."""
        series = self._series(source, first)
        if not any(one.seal for one in said):
            return self._counted(said, self._record_drafts(said, series, first))
        future = self._sealing(
            [list(one.seal.values()) for one in said],
            series,
            first,
            lambda made: self._record_drafts(said, series, first, made.sealed),
        )
        return self._counted(said, future)

    def _counted(self, said: Sequence[Said], future: Future[_T]) -> Future[_T]:
        decisions = sum(1 for one in said if one.kind == "decision")
        if self._meter is not None and decisions:
            self._meter.decided(decisions)
        return future

    def _record_drafts(
        self,
        said: Sequence[Said],
        series: str,
        first: int | None,
        sealed: Sequence[Sequence[Sealed]] = (),
    ) -> Future[RecordedMany]:
        writer = self._writing.writer
        drafts = [
            draft_statement(writer, one, series, groups)
            for one, groups in zip(said, sealed or [()] * len(said), strict=True)
        ]
        for draft in drafts:
            draft.require_many()

        def make(start: int) -> list[bytes]:
            return [draft.make(number) for number, draft in enumerate(drafts, start)]

        def admit(offsets: Iterable[int]) -> None:
            writer.admit(gated for at in offsets for gated in drafts[at].gated)

        if first is None:  # all of it is new: asked before the door is shut
            admit(range(len(drafts)))
            return self._rows.record_made(series, None, len(drafts), make)
        return self._rows.record_made(series, first, len(drafts), make, admit)

    def ask_gate(self, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
        """Ask the gate before something is done; see `statement_writer.ask_gate`."""
        return ask_gate(self._writing.writer, kind, fields, wait=wait)

    def append(self, envelope: bytes) -> Future[Recorded]:
        """Append an envelope; see `statement_writer.append_envelope`."""
        return append_envelope(self._writing.writer, lambda: self._admin.keyring, envelope)

    def record_verdict(self, verdict: bytes, decision: int) -> Future[Recorded]:
        """Record a verdict; see `verdict_writer.record_verdict`."""
        return record_verdict(self._writing.writer, verdict, decision)

    def register(self, statement: bytes) -> Future[Recorded]:
        """Register a signed statement; see `scitt.registering.register_statement`."""
        from counterfoil.ledger.scitt.registering import register_statement

        return register_statement(self._writing.writer, lambda: self._admin.keyring, statement)

    def sign_receipt(self, signed: bytes, subject: str) -> tuple[bytes, bytes]:
        """Sign a checkpoint's root; see `LogSigner.sign_receipt`."""
        return self._writing.signer.sign_receipt(signed, subject)

    def people(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the room for people asks for; see `Desk.do`."""
        if self._keeper is None:
            raise _no_vault()
        return Desk(self._keeper).do(verb, arguments)

    def keep(self, data: bytes) -> str:
        """Keep bytes beside the log; see `PayloadFiles.put`."""
        return self._writing.writer.payloads.put(data)

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

    def anchor(self, timeout_s: float, only: str | None = None) -> Future[list[AnchorState]]:
        """Anchor the published checkpoint; see `Anchorer.anchor`."""
        answer: Future[list[AnchorState]] = promise()
        try:
            answer.set_result(self._require_anchorer().anchor(timeout_s, only))
        except Exception as err:  # whoever waits must hear of it
            answer.set_exception(err)
        return answer

    def ask_chain(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """Ask the ledger's own chain; see `Anchorer.ask_chain`."""
        return self._require_anchorer().ask_chain(method, params)

    def spent(self) -> Spent | None:
        """Tell what it has cost until now; see `EnergyMeter.present`."""
        meter = self._meter
        return None if meter is None else meter.present()

    def fatal(self) -> FatalLogError | None:
        """Tell why the log must not go on."""
        return self._writing.log.fatal

    def _require_anchorer(self) -> Anchorer:
        if self._anchorer is None:
            raise Refused("anchor.no-chain", "expected a ledger that can anchor, found none")
        return self._anchorer

    def close(self) -> None:
        """Commit and publish what waits, and give the ledger up."""
        meter, self._meter = self._meter, None
        if meter is not None:
            meter.stop()
        try:
            if self._anchorer is not None:
                self._anchorer.close()
        finally:
            try:
                self._writing.close()
            finally:
                if self._keeper is not None:
                    self._keeper.close()  # after the log: what was sealed is settled by it
                if meter is not None:
                    meter.save(ending=True)

    def _sealing(
        self,
        requests: Sequence[Sequence[ToSeal]],
        series: str,
        first: int | None,
        record: Callable[[Prepared], Future[_T]],
    ) -> Future[_T]:
        """Seal, then record; what was sealed and is not recorded is discarded.

        Where numbers are given, a twin may be on its way: it is waited for, and the door is held,
        so that what is sealed twice is noticed.
        """
        if self._sealer is None:
            raise _no_vault()
        with self._writing.writer.door if first is not None else nullcontext():
            if first is not None:
                self._rows.await_twins(series, first, first + len(requests))
            made = self._sealer.seal(requests, series, first)
            try:
                future = record(made)
            except BaseException:
                made.discard()
                raise
        made.watch(future)
        return future

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


def _no_vault() -> Refused:
    return Refused("person.no-vault", "expected a ledger with a vault, found none")

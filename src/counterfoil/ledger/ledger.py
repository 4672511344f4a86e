"""The facade: record, get receipts, read. Everything else is behind it.

One process owns a ledger; others read. This module refuses to print and to know files: it ties
the parts together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from counterfoil.errors import FatalLogError, Refused, Unavailable
from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.statement import Subject
from counterfoil.ledger.accountable import Accountable
from counterfoil.ledger.energy import Spent, read_spent
from counterfoil.ledger.forward_server import ForwardServer
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Reading
from counterfoil.ledger.people.personal import Personal, PersonIn, split_content
from counterfoil.ledger.receipts import ReceiptMaker
from counterfoil.ledger.recorder import Recorder
from counterfoil.ledger.results import AnchorState, Recorded, RecordedMany
from counterfoil.ledger.sameness import check_content
from counterfoil.log.submission import Condition
from counterfoil.ports import Said, ToSeal

if TYPE_CHECKING:
    from counterfoil.chain import NodeChain

__all__ = ["Ledger"]


class Ledger(Accountable):
    """An open ledger. Use it as a context manager, or call `close`.

    All methods are safe for threads. Those that write raise Refused with code ledger.read-only in
    a ledger that was opened for reading.
    """

    def __init__(
        self,
        reading: Reading,
        recorder: Recorder | None,
        admin: KeyAdmin | None = None,
        server: ForwardServer | None = None,
    ) -> None:
        self._reading, self._recorder = reading, recorder
        self._admin, self._server = admin, server
        self._closed = False
        self._process = os.getpid()
        self._receipts = ReceiptMaker(reading.reader, reading.payloads)

    def __repr__(self) -> str:
        """Show which ledger it is."""
        state = "closed" if self._closed else "read-only" if self._recorder is None else "open"
        return f"Ledger({str(self.layout.folder)!r}, {self.origin!r}, {state})"

    # Writing -----------------------------------------------------------------------------------

    def record(
        self,
        content: Mapping[str, Any] | str | bytes,
        *,
        source: str | None = None,
        number: int | None = None,
        expect: Mapping[str, Condition] | None = None,
        corrects: int | str | None = None,
        supersedes: int | str | None = None,
        anchor_by: int | None = None,
        personal: Mapping[str, Personal | PersonIn] | None = None,
        **header: Any,
    ) -> Recorded:
        """Record one JSON object and wait until it is durable.

        content: a mapping, or the JSON text of an object. source, number: its series and place
        there; the same number again gets its first receipt, or Conflict when it says something
        else. Without a source it joins this producer's own series. expect: counter -> (old, new):
        recorded only while each counter holds `old` (None: not there), and changes it to `new`.
        corrects, supersedes: index or leaf hash of the entry that this one corrects or replaces.
        anchor_by: Unix ms by which a checkpoint with it shall be anchored; that is durable, too.
        personal: path of a field -> whose it is; such fields are sealed and leave the content.
        header: on_behalf_of, audience (this log's origin), nonce, at_ms.
        Raises InputError for bad content or a time that is over, Conflict with code log.expect or
        record.number-taken, Refused with code anchor.no-chain, Unavailable when nothing was
        stored, FatalLogError when that is unknown.
        """
        if anchor_by is not None:
            self._writable().want_anchor(0, anchor_by)  # refused before anything is recorded
        recorded = self.record_later(
            content,
            source=source,
            number=number,
            expect=expect,
            corrects=corrects,
            supersedes=supersedes,
            personal=personal,
            **header,
        ).result()
        if anchor_by is not None:
            self._writable().want_anchor(recorded.index + 1, anchor_by)
        return recorded

    async def arecord(self, content: Mapping[str, Any] | str | bytes, **options: Any) -> Recorded:
        """Record as `record` does, without blocking the event loop."""
        later = await asyncio.to_thread(self.record_later, content, **options)
        return await asyncio.wrap_future(later)

    def record_later(
        self,
        content: Mapping[str, Any] | str | bytes,
        *,
        source: str | None = None,
        number: int | None = None,
        expect: Mapping[str, Condition] | None = None,
        corrects: int | str | None = None,
        supersedes: int | str | None = None,
        personal: Mapping[str, Personal | PersonIn] | None = None,
        **header: Any,
    ) -> Future[Recorded]:
        """Record in the background: arguments as for `record`; the future raises its errors."""
        recorder = self._writable()
        extra = {name: value for name, value in header.items() if value is not None}
        if expect:
            extra["expect"] = expect
        for name, entry in (("corrects", corrects), ("supersedes", supersedes)):
            if entry is not None:
                extra[name] = self._leaf_of(entry)
        if not personal:
            return recorder.record(check_content(content), extra, source, number)
        checked, seal = split_content(content, personal)
        return recorder.record(checked, extra, source, number, seal)

    def record_many(
        self,
        contents: Iterable[Mapping[str, Any] | str | bytes],
        *,
        source: str | None = None,
        first: int | None = None,
        personal: Mapping[str, Personal | PersonIn] | None = None,
    ) -> RecordedMany:
        """Record many JSON objects under batch signatures and wait until they are durable.

        contents: as for `record`, at least one, all recorded or none. source, first: their series
        and the first one's number; rows that are recorded already are answered with their place.
        personal: as for `record`; `PersonIn` names the field that tells a row's person.
        Raises as `record`.
        """
        if not personal:
            return self.record_rows(list(map(check_content, contents)), source, first).result()
        split = [split_content(content, personal) for content in contents]
        rows, seal = [content for content, _ in split], [groups for _, groups in split]
        return self.record_rows(rows, source, first, seal).result()

    def record_rows(
        self,
        contents: Sequence[bytes],
        source: str | None = None,
        first: int | None = None,
        seal: Sequence[Sequence[ToSeal]] = (),
    ) -> Future[RecordedMany]:
        """Record rows that were checked already, in the background.

        contents: compact JSON objects as `json_text.normalise_object` returns them. seal: of each
        row, the groups of personal fields that were taken out of it (`people.split_content`).
        """
        return self._writable().record_rows(contents, source, first, seal)

    def record_block(
        self,
        contents: Iterable[Mapping[str, Any] | str | bytes],
        *,
        source: str | None = None,
        number: int | None = None,
    ) -> Recorded:
        """Record a table of many rows as one statement; `receipt(index, row)` proves one row.

        contents: as for `record`, 1 to 1,048,576 rows. source, number: the block's series and
        place. Raises as `record`, and InputError with code block.rows.
        """
        rows = list(map(check_content, contents))
        return self._writable().record_block(rows, source, number).result()

    def record_statement(
        self,
        kind: str,
        fields: Mapping[str, Any],
        *,
        subjects: Sequence[Subject] = (),
        source: str | None = None,
        number: int | None = None,
        seal: Mapping[str, ToSeal] | None = None,
    ) -> Recorded:
        """Record a statement that is no plain record, and wait until it is durable.

        kind: `organisation`, `party`, `policy`, `mandate`, `log-frozen`, `equivocation`, the name
        of a registered kind such as `decision`, or a URI of somebody's own. fields: of its
        predicate. subjects: what it is about. seal: field of the predicate -> what is sealed there.
        Raises InputError with code predicate.malformed or statement.kind, VerificationError when
        what it claims does not hold, and as `record`.
        """
        said = Said(kind, fields, tuple(subjects), dict(seal or {}))
        return self._writable().record_statement(said, source, number).result()

    def record_statements(
        self, said: Sequence[Said], *, source: str | None = None, first: int | None = None
    ) -> Future[RecordedMany]:
        """Record many statements under batch signatures, in the background: all or none.

        Raises as `record_statement`, and InputError with code statement.alone for one that has
        conditions; the future as `record_many`.
        """
        return self._writable().record_statements(said, source, first)

    def ask_people(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Have the ledger's owner do what the room for people asks for; use `people` instead."""
        return self._writable().people(verb, arguments)

    def ask_gate(self, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
        """Ask, before it is acted on, whether the policy lets a model or decision be recorded.

        kind, fields: as of `record_statement`. What is refused is recorded as a `refusal`. wait:
        else give False where the answer is not known at once. A process that writes through the
        owner knows what passed for a second.
        Raises Refused with code check.missing, check.failed, check.other-threshold or
        check.expired, InputError with code check.policy or predicate.malformed.
        """
        return self._writable().ask_gate(kind, fields, wait=wait)

    def keep(self, data: bytes) -> ContentRef:
        """Keep bytes beside the log, durably, for a statement that will name them.

        data: at most 256 MiB. What no statement names is an orphan, and harmless. Raises
        InputError with code payload.size, Unavailable with code payload.write.
        """
        return ContentRef(self._writable().keep(data), len(data))

    def append(self, envelope: bytes) -> Recorded:
        """Append a statement that somebody else signed, as it is.

        envelope: DSSE in its canonical form, signed by keys that are in this log.
        Raises InputError, VerificationError or Refused when it does not hold, and as `record`.
        """
        return self._writable().append(envelope).result()

    def record_verdict(self, verdict: bytes, decision: int) -> Recorded:
        """Record a verdict, on which a contract may act, about the decision at an index.

        verdict: an entry as `formats.verdict.format` gives it. The same one again gets its first
        receipt, even if it was signed anew. Raises InputError, VerificationError or Refused when
        it does not hold or says otherwise than the decision, NotFound with code entry.index, and
        as `record`.
        """
        return self._writable().record_verdict(verdict, decision).result()

    def register(self, statement: bytes) -> Recorded:
        """Register a signed statement in COSE; use `scitt` instead."""
        return self._writable().register(statement).result()

    def ask_signature(self, signed: bytes, subject: str) -> tuple[bytes, bytes]:
        """Have the log's key sign a checkpoint's root; use `scitt.receipt` instead."""
        return self._writable().sign_receipt(signed, subject)

    @property
    def key_admin(self) -> KeyAdmin:
        """Adds, rotates and revokes keys.

        Raises Refused with code ledger.not-owner in a process that does not own the ledger.
        """
        self.require_usable()
        if self._admin is None:
            raise Refused(
                "ledger.not-owner",
                "expected the process that owns the ledger, found another",
                hint="Change keys where the ledger is owned, or stop that process first.",
            )
        return self._admin

    def anchor(self, timeout_s: float = 60.0, *, only: str | None = None) -> list[AnchorState]:
        """Anchor the published checkpoint on every chain of the settings, and wait.

        timeout_s: how long to wait until it is final everywhere; then its phase says how far it
        is. only: on this chain of the settings alone, and until it stands in a block. A chain that
        failed says why in `trouble`. Raises Refused with code anchor.no-chain, and what the chain
        raised when none could be used.
        """
        recorder = self._writable()
        recorder.wait_published(self.size)
        return recorder.anchor(timeout_s, only).result()

    def open_chain(self, place: str | None = None) -> NodeChain:
        """Open a chain of the settings, to act on it; the ledger's own one through its owner.

        place: as in `anchor_chains`, or its name; the first when None. The caller closes it.
        Raises Refused with code anchor.no-chain, NotFound with code act.chain, and as `anchor`.
        """
        self.require_usable()
        from counterfoil.ledger.chain_access import choose_place, open_ledger_chain

        recorder = self._recorder
        chosen = choose_place(self.config, place)
        ask = None if recorder is None else recorder.ask_chain
        return open_ledger_chain(self.layout, self.config, chosen, ask)

    def spent(self) -> Spent | None:
        """Tell what the ledger has cost in CPU time and, where the machine tells, in joules.

        In the process that owns it until now, elsewhere as last written down, at most a minute
        old. None where nothing was recorded since that is counted. `ops.energy.energy_of` works out
        figures for each entry, anchor and decision.
        """
        self.require_usable()
        recorder = self._recorder
        return read_spent(self.layout) if recorder is None else recorder.spent()

    @property
    def fatal(self) -> FatalLogError | None:
        """Why the log must not go on, in the process that owns it; None while it goes on."""
        return None if self._recorder is None else self._recorder.fatal()

    def publish(self) -> None:
        """Wait until everything that is committed is published."""
        self._writable().wait_published(self.size)

    def close(self) -> None:
        """Commit and publish what waits, and give the ledger up. Calling it again does nothing."""
        if self._closed or os.getpid() != self._process:
            return  # a forked child must not let go of what is its parent's
        with ExitStack() as ending:  # each is done, whatever became of those before
            ending.callback(self._reading.store.close)
            if self._recorder is not None:
                ending.callback(self._recorder.close)
            if self._server is not None:
                ending.callback(self._server.close)
            ending.callback(self._note_closed)
            self._close_rooms()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _note_closed(self) -> None:
        self._closed = True

    def require_usable(self) -> None:
        """Refuse a ledger that was closed, or opened in another process.

        Raises Unavailable with code ledger.closed, Refused with code ledger.forked.
        """
        if self._closed:
            raise Unavailable(
                "ledger.closed",
                "expected an open ledger, found it closed",
                hint="Open it again.",
            )
        if os.getpid() != self._process:
            raise Refused(
                "ledger.forked",
                "expected the process that opened the ledger, found a fork of it",
                hint="Open the ledger in the child process: it then writes through its owner.",
            )

    def _writable(self) -> Recorder:
        self.require_usable()
        if self._recorder is None:
            raise Refused(
                "ledger.read-only",
                "expected a ledger that can be written, found a reader",
                hint="Open it without read_only.",
            )
        return self._recorder

    def _leaf_of(self, entry: int | str) -> str:
        if isinstance(entry, int):
            return self.get(entry).leaf
        return entry

"""The part of a remote ledger that records: numbered by the client, so that again is the same.

What joins the client's own series is numbered here, and may be sent as often as it takes. Where a
caller names a series and no number, nobody could tell a record from its repetition: it is sent
once, and never spooled. This module refuses to guess which of both was meant.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Any, Final, TypeVar, cast

import msgspec

from counterfoil.errors import CounterfoilError, Refused, Unavailable
from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Recorded, RecordedMany
from counterfoil.ledger.accountable import Accountable
from counterfoil.ledger.numbering import Numbering, check_place
from counterfoil.ledger.people.personal import Personal, PersonIn
from counterfoil.ledger.sameness import check_content
from counterfoil.log.submission import Condition
from counterfoil.ports import Said, ToSeal
from counterfoil.remote.delivery import Delivery
from counterfoil.remote.spool import Kind, Spool
from counterfoil.remote.wire import Wire

__all__ = ["API", "Writing"]

API: Final = "/api/v1"

_NDJSON: Final = "application/x-ndjson"
_ENCODE: Final = msgspec.json.Encoder().encode
_HANDS: Final = 8

_T = TypeVar("_T")


class Writing(Accountable):
    """Records in a node's ledger; see `RemoteLedger`."""

    _wire: Wire
    _spool: Spool | None
    _delivery: Delivery | None

    def _begin(self, series: str | None) -> None:
        self._series = series or f"client:{secrets.token_hex(8)}"
        given = series is not None

        def next_number(source: str) -> int:
            return self.next_number(source) if given else 0

        self._numbering = Numbering(next_number, lambda _source, _below: ())
        self._process = os.getpid()
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="remote")

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
        """Record one JSON object, and wait until it is durable: there, or in the spool.

        Arguments and errors as for `Ledger.record`; with a spool and the node away, what comes back
        is `Spooled`. Raises Unavailable with code remote.away, remote.unknown or spool.full, and
        what the node refuses, by its class and code.
        """
        later = self.record_later(
            content,
            source=source,
            number=number,
            expect=expect,
            corrects=corrects,
            supersedes=supersedes,
            anchor_by=anchor_by,
            personal=personal,
            **header,
        )
        return later.result()

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
        anchor_by: int | None = None,
        personal: Mapping[str, Personal | PersonIn] | None = None,
        **header: Any,
    ) -> Future[Recorded]:
        """Record in the background: arguments as for `record`; the future raises its errors."""
        given = {
            "expect": expect,
            "corrects": corrects,
            "supersedes": supersedes,
            "anchor_by": anchor_by,
            "personal": msgspec.to_builtins(dict(personal)) if personal else None,
            **header,
        }
        said: dict[str, Any] = {"content": msgspec.Raw(check_content(content))}
        said |= {name: value for name, value in given.items() if value is not None}
        if self._spool is not None:  # the log's clock would say when it arrived
            said.setdefault("at_ms", time.time_ns() // 1_000_000)

        def body(place: dict[str, Any]) -> bytes:
            return _ENCODE({**said, **place})

        return self._one("record", "records", source, number, body)

    def record_many(
        self,
        contents: Iterable[Mapping[str, Any] | str | bytes],
        *,
        source: str | None = None,
        first: int | None = None,
        personal: Mapping[str, Personal | PersonIn] | None = None,
    ) -> RecordedMany:
        """Record many JSON objects under batch signatures; as `Ledger.record_many` and `record`."""
        rows = [check_content(content) for content in contents]
        if not personal:
            return self.record_rows(rows, source, first).result()
        whose = _ENCODE(msgspec.to_builtins(dict(personal))).decode()
        series, start, again = self._place(source, first, len(rows))
        place = {"source": series, "first": start, "personal": whose}

        def send() -> RecordedMany:
            answer = self._wire.post(
                f"{API}/records", b"\n".join(rows), kind=_NDJSON, query=place, again=again
            )
            return answer.read_as(RecordedMany)

        return self._numbered(send, series, start, len(rows), own=source is None)

    def record_rows(
        self,
        contents: Sequence[bytes],
        source: str | None = None,
        first: int | None = None,
        seal: Sequence[Sequence[ToSeal]] = (),
    ) -> Future[RecordedMany]:
        """Record rows in the background; see `Ledger.record_rows`."""
        if any(seal):
            raise self._only_there("record rows that are sealed already")
        rows = list(contents)
        return self._many(
            "rows",
            "records",
            source,
            first,
            len(rows),
            lambda _place: b"\n".join(rows),
        )

    def record_block(
        self,
        contents: Iterable[Mapping[str, Any] | str | bytes],
        *,
        source: str | None = None,
        number: int | None = None,
    ) -> Recorded:
        """Record a table as one statement; see `Ledger.record_block`. It is never spooled."""
        rows = b"\n".join(map(check_content, contents))
        series, start, again = self._place(source, number, 1)

        def send() -> Recorded:
            place = {"source": series, "number": start}
            answer = self._wire.post(f"{API}/blocks", rows, kind=_NDJSON, query=place, again=again)
            return answer.read_as(Recorded)

        return self._numbered(send, series, start, 1, own=source is None)

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
        """Record a statement that is no plain record; see `Ledger.record_statement`."""
        said = _statement(Said(kind, fields, tuple(subjects), dict(seal or {})))

        def body(place: dict[str, Any]) -> bytes:
            return _ENCODE({**said, **place})

        return self._one("statement", "statements", source, number, body).result()

    def record_statements(
        self, said: Sequence[Said], *, source: str | None = None, first: int | None = None
    ) -> Future[RecordedMany]:
        """Record many statements in the background; see `Ledger.record_statements`."""
        statements = [_statement(one) for one in said]

        def body(place: dict[str, Any]) -> bytes:
            return _ENCODE({"statements": statements, **place})

        return self._many("statements", "statements/batch", source, first, len(statements), body)

    def append(self, envelope: bytes) -> Recorded:
        """Append a statement that somebody else signed; see `Ledger.append`."""
        answer = self._wire.post(f"{API}/envelopes", envelope, again=True)
        return answer.read_as(Recorded)

    def record_verdict(self, verdict: bytes, decision: int) -> Recorded:
        """Record a verdict about a decision; see `Ledger.record_verdict`."""
        said = {"verdict": base64.b64encode(verdict).decode(), "decision": decision}
        answer = self._wire.post(f"{API}/verdicts", _ENCODE(said), again=True)
        return answer.read_as(Recorded)

    def keep(self, data: bytes) -> ContentRef:
        """Keep bytes beside the log; see `Ledger.keep`.

        Raises Unavailable with code remote.answer where the node kept others.
        """
        kind = "application/octet-stream"
        answer = self._wire.post(f"{API}/payloads", data, kind=kind, again=True)
        kept = answer.read_as(ContentRef)
        if kept != ContentRef(sha256(data).hexdigest(), len(data)):
            raise Unavailable("remote.answer", "expected the digest of what was sent, found other")
        return kept

    def ask_gate(self, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
        """Ask whether checks let a model or decision be recorded; see `Ledger.ask_gate`."""
        if not wait:
            return False
        said = {"kind": kind, "fields": msgspec.to_builtins(dict(fields))}
        self._wire.post(f"{API}/gate", _ENCODE(said), again=True)
        return True

    def publish(self) -> None:
        """Wait until everything that is committed is published."""
        self._wire.post(f"{API}/publish", b"", again=True)

    # How it is sent ----------------------------------------------------------------------------

    def _one(
        self,
        kind: Kind,
        path: str,
        source: str | None,
        number: int | None,
        body: Callable[[dict[str, Any]], bytes],
    ) -> Future[Recorded]:
        if self._spool is not None and (source is None or number is not None):
            found = self._spooled(
                kind, source, number, 1, lambda s, n: body({"source": s, "number": n})
            )
            return cast("Future[Recorded]", found)
        series, start, again = self._place(source, number, 1)
        data = body({"source": series, "number": start})

        def send() -> Recorded:
            answer = self._wire.post(f"{API}/{path}", data, again=again)
            return answer.read_as(Recorded)

        return self._later(lambda: self._numbered(send, series, start, 1, own=source is None))

    def _many(
        self,
        kind: Kind,
        path: str,
        source: str | None,
        first: int | None,
        count: int,
        body: Callable[[dict[str, Any]], bytes],
    ) -> Future[RecordedMany]:
        if count and self._spool is not None and (source is None or first is not None):
            found = self._spooled(
                kind, source, first, count, lambda s, n: body({"source": s, "first": n})
            )
            return cast("Future[RecordedMany]", found)
        series, start, again = self._place(source, first, count)
        place = {"source": series, "first": start}
        rows = kind == "rows"

        def send() -> RecordedMany:
            answer = self._wire.post(
                f"{API}/{path}",
                body(place),
                kind=_NDJSON if rows else "application/json",
                query=place if rows else None,
                again=again,
            )
            return answer.read_as(RecordedMany)

        return self._later(lambda: self._numbered(send, series, start, count, own=source is None))

    def _spooled(
        self,
        kind: Kind,
        source: str | None,
        number: int | None,
        count: int,
        body: Callable[[str, int], bytes],
    ) -> Future[Any]:
        spool, delivery = self._spool, self._delivery
        if spool is None or delivery is None:  # pragma: no cover - both are there or none
            raise self._only_there("spool")
        self._require_own()
        series = source or self._own_series()
        check_place(series, number, count)
        return delivery.later(
            lambda: spool.put(kind, series, number, count, lambda n: body(series, n))
        )

    def _own_series(self) -> str:
        """Name the spool's own series; one that others may have begun is asked about once."""
        spool = cast("Spool", self._spool)
        series = spool.series
        if not series.startswith("client:") and not spool.knows(series):
            spool.begin_series(series, self.next_number(series))
        return series

    def _place(
        self, source: str | None, number: int | None, count: int
    ) -> tuple[str | None, int | None, bool]:
        """Give a place in a series, and tell whether what has it may be sent again."""
        self._require_own()
        if source is not None or number is not None:
            return source, number, number is not None
        return self._series, self._numbering.take(self._series, max(count, 1)), True

    def _numbered(
        self,
        send: Callable[[], _T],
        series: str | None,
        start: int | None,
        count: int,
        *,
        own: bool,
    ) -> _T:
        """Send; numbers of our own that the node refused are given out again."""
        try:
            return send()
        except CounterfoilError as err:
            sure = not isinstance(err, Unavailable) and err.http_status < 500
            if own and sure and series == self._series and start is not None:
                self._numbering.give_back(series, start, max(count, 1))
            raise

    def _later(self, work: Callable[[], _T]) -> Future[_T]:
        try:
            return self._hands.submit(work)
        except RuntimeError as err:
            raise Unavailable(
                "ledger.closed", "expected an open ledger, found it closed", hint="Connect again."
            ) from err

    def _require_own(self) -> None:
        """Refuse a fork: it has none of the threads that send, and would give out numbers twice."""
        if os.getpid() != self._process:
            raise Refused(
                "ledger.forked",
                "expected the process that connected, found a fork of it",
                hint="Connect in the child process, with a spool of its own.",
            )

    def _only_there(self, what: str) -> Refused:
        return Refused(
            "remote.only-there",
            f"expected a ledger on this machine to {what}, found a node's",
            hint="Do it where the ledger is, or through an operation: call(...).",
        )


def _statement(said: Said) -> dict[str, Any]:
    """Turn what is to be said into what the API takes."""
    found: dict[str, Any] = msgspec.to_builtins(said)
    return {name: value for name, value in found.items() if value or name == "fields"}

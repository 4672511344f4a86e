"""Record what is no plain record: statements, blocks, envelopes of others, verdicts, payloads.

This module refuses what `Ledger` refuses, and what a key bound to some series could not write.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.formats import entry as entries
from counterfoil.formats import predicates
from counterfoil.formats.entry import StatementEntry
from counterfoil.http.api.lane import Asked, LaneAnswer, lane
from counterfoil.http.api.recording import lines_of, many, one, series_of
from counterfoil.http.api.scribe import Scribe
from counterfoil.http.api.shapes import (
    NewGateQuestion,
    NewStatement,
    NewStatements,
    NewVerdict,
    read_shape,
    said_of,
)
from counterfoil.http.endpoint import Lane, Need
from counterfoil.http.site import Site

__all__ = ["lanes"]

_ENCODE: Final = msgspec.json.Encoder().encode
_PREFIX: Final = "/api/v1"
_WRITER: Final = Need("writer", ("record", "add"))


class _Saying:
    """Answers for one node."""

    def __init__(self, site: Site, scribe: Scribe) -> None:
        self._ledger, self._scribe = site.ledger, scribe

    async def statement(self, asked: Asked) -> LaneAnswer:
        """Record one statement."""
        said = read_shape(asked.body, NewStatement)
        asked.require_source(said.source)
        found = said_of(said)

        def record() -> Any:
            return self._ledger.record_statement(
                found.kind,
                found.fields,
                subjects=found.subjects,
                source=said.source,
                number=said.number,
                seal=found.seal,
            )

        return one(asked, await self._counted(asked, 1, record))

    async def statements(self, asked: Asked) -> LaneAnswer:
        """Record statements under batch signatures, all or none."""
        given = read_shape(asked.body, NewStatements)
        asked.require_source(given.source)
        if any(one.source is not None or one.number is not None for one in given.statements):
            raise InputError(
                "http.body",
                "expected one source and first number for all statements, found one with its own",
                hint="Name source and first beside the statements.",
            )
        said = [said_of(each) for each in given.statements]
        ledger = self._ledger

        def record() -> Any:
            return ledger.record_statements(said, source=given.source, first=given.first).result()

        return many(asked, await self._counted(asked, len(said), record))

    async def block(self, asked: Asked) -> LaneAnswer:
        """Record a table, one JSON object a line, as one statement."""
        source, number = series_of(asked.request.query_params)
        asked.require_source(source)
        rows = lines_of(asked.body)

        def record() -> Any:
            return self._ledger.record_block(rows, source=source, number=number)

        return one(asked, await self._counted(asked, 1, record))

    async def envelope(self, asked: Asked) -> LaneAnswer:
        """Append what somebody else signed."""
        asked.require_source(_source_of(asked.body) if asked.principal.sources else None)
        return one(asked, await self._counted(asked, 1, lambda: self._ledger.append(asked.body)))

    async def verdict(self, asked: Asked) -> LaneAnswer:
        """Record a verdict about a decision."""
        said = read_shape(asked.body, NewVerdict)
        if asked.principal.sources:
            raise Refused(
                "access.source",
                "expected a key that may write every series, found one bound to some",
                hint="A verdict stands in no series: ask the operator for another key.",
            )
        return one(
            asked,
            await self._counted(
                asked, 1, lambda: self._ledger.record_verdict(said.verdict, said.decision)
            ),
        )

    async def payload(self, asked: Asked) -> LaneAnswer:
        """Keep bytes beside the log, for a statement that will name them; they count as a record.

        Else a key with a quota could fill the disk.
        """
        kept = await self._counted(asked, 1, lambda: self._ledger.keep(asked.body))
        return LaneAnswer(201, _ENCODE(kept), f"{_PREFIX}/payloads/{kept.sha256}")

    async def gate(self, asked: Asked) -> LaneAnswer:
        """Ask whether checks let a model or decision be recorded."""
        said = read_shape(asked.body, NewGateQuestion)
        await self._scribe.slowly(lambda: self._ledger.ask_gate(said.kind, said.fields))
        return LaneAnswer(200, b'{"passes":true}')

    async def publish(self, _asked: Asked) -> LaneAnswer:
        """Wait until what is committed is published."""
        await self._scribe.slowly(self._ledger.publish)
        return LaneAnswer(200, _ENCODE({"size": self._ledger.size}))

    async def _counted(self, asked: Asked, records: int, work: Any) -> Any:
        asked.charge(records)
        try:
            return await self._scribe.slowly(work)
        except CounterfoilError:
            asked.refund(records)
            raise


def lanes(site: Site, scribe: Scribe) -> list[Lane]:
    """List what records everything else than plain records."""
    saying = _Saying(site, scribe)
    answers = {
        "statements": saying.statement,
        "statements/batch": saying.statements,
        "blocks": saying.block,
        "envelopes": saying.envelope,
        "verdicts": saying.verdict,
        "payloads": saying.payload,
        "gate": saying.gate,
        "publish": saying.publish,
    }
    return [
        Lane("POST", f"{_PREFIX}/{path}", _WRITER, lane(site, _WRITER, answer))
        for path, answer in answers.items()
    ]


def _source_of(envelope: bytes) -> str | None:
    """Tell the series of a signed statement; None where it has none."""
    parsed = entries.parse(envelope)
    if not isinstance(parsed, StatementEntry):
        return None
    header = predicates.parse_header(parsed.statement)
    return None if header is None else header[1]

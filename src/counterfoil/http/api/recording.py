"""Record what clients send: one record or many a request, acknowledged when they are durable.

The ledger's future is awaited, so that no thread stands for a request; where files or seals are
written first, a few threads do that. This module refuses to acknowledge what is not committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import json_text
from counterfoil.http.api.lane import JSON, Asked, LaneAnswer, lane
from counterfoil.http.api.scribe import Scribe
from counterfoil.http.api.shapes import NewRecord, Whose, personal_of, read_shape
from counterfoil.http.endpoint import Lane, Need
from counterfoil.http.problems import problem_of
from counterfoil.http.site import Site
from counterfoil.ledger import Recorded, RecordedMany

__all__ = ["EACH_MAX", "NDJSON", "lanes", "lines_of", "many", "number_in", "one", "series_of"]

NDJSON: Final = "application/x-ndjson"
"""Media type of JSON objects, one a line."""

_ENCODE: Final = msgspec.json.Encoder().encode
_RECORDS: Final = "/api/v1/records"

EACH_MAX: Final = 1_000
"""Most records of `/records/each`, which are signed one by one."""

_LINES_MAX: Final = 1_000_000


class _Recording:
    """Answers for one node."""

    def __init__(self, site: Site, scribe: Scribe) -> None:
        self._ledger, self._scribe = site.ledger, scribe

    async def add(self, asked: Asked) -> LaneAnswer:
        """Record one object as JSON, or many as lines."""
        if asked.media_type == NDJSON:
            return await self._add_many(asked)
        if asked.media_type != JSON:
            raise _media_type(asked.media_type)
        said = read_shape(asked.body, NewRecord)
        _refuse_key(asked, said.source, said.number)
        return one(asked, await self._recorded(asked, said))

    async def _recorded(self, asked: Asked, said: NewRecord) -> Recorded:
        ledger, scribe = self._ledger, self._scribe
        asked.require_source(said.source)
        options = said.options()
        content = bytes(said.content)
        asked.charge(1)
        try:
            if said.anchor_by is not None or said.personal:
                return await scribe.slowly(
                    lambda: ledger.record(content, anchor_by=said.anchor_by, **options)
                )
            return await scribe.later(lambda: ledger.record_later(content, **options))
        except CounterfoilError:
            asked.refund(1)
            raise

    async def each(self, asked: Asked) -> LaneAnswer:
        """Record objects of whatever series in order, and answer each by itself."""
        lines = lines_of(asked.body)
        if len(lines) > EACH_MAX:
            raise InputError("http.lines", f"expected at most {EACH_MAX} lines, found {len(lines)}")
        said = [read_shape(line, NewRecord) for line in lines]
        waiting = [asyncio.ensure_future(self._recorded(asked, line)) for line in said]
        found = await asyncio.gather(*waiting, return_exceptions=True)
        return LaneAnswer(200, _ENCODE([_told(asked, line) for line in found]))

    async def _add_many(self, asked: Asked) -> LaneAnswer:
        ledger, scribe = self._ledger, self._scribe
        query = asked.request.query_params
        source, first = query.get("source"), number_in(query, "first")
        asked.require_source(source)
        _refuse_key(asked, source, first)
        personal = personal_of(_personal(query.get("personal")))
        lines = lines_of(asked.body)
        asked.charge(len(lines))
        try:
            if personal:
                recorded = await scribe.slowly(
                    lambda: ledger.record_many(lines, source=source, first=first, personal=personal)
                )
            else:
                recorded = await scribe.later(
                    lambda: ledger.record_rows(_normalised(lines), source, first)
                )
        except CounterfoilError:
            asked.refund(len(lines))
            raise
        return many(asked, recorded)


def lanes(site: Site, scribe: Scribe) -> list[Lane]:
    """List what records plain records."""
    recording, need = _Recording(site, scribe), Need("writer", ("record", "add"))
    return [
        Lane("POST", _RECORDS, need, lane(site, need, recording.add)),
        Lane("POST", f"{_RECORDS}/each", need, lane(site, need, recording.each)),
    ]


def one(asked: Asked, recorded: Recorded) -> LaneAnswer:
    """Answer with a durable record: 201, or 200 where it was there before."""
    if recorded.duplicate:
        asked.refund(1)
    status = 200 if recorded.duplicate else 201
    return LaneAnswer(status, _ENCODE(recorded), f"{_RECORDS}/{recorded.index}")


def many(asked: Asked, recorded: RecordedMany) -> LaneAnswer:
    """Answer with durable records: 201, or 200 where all were there before."""
    asked.refund(recorded.count - recorded.new)
    return LaneAnswer(201 if recorded.new else 200, _ENCODE(recorded))


def _told(asked: Asked, found: Recorded | BaseException) -> Any:
    """Tell what became of one of several records: where it stands, or a problem."""
    if isinstance(found, CounterfoilError):
        return problem_of(found)
    if isinstance(found, BaseException):
        raise found
    if found.duplicate:
        asked.refund(1)
    return found


def lines_of(body: bytes) -> list[bytes]:
    """Split a body into its lines, but for empty ones.

    Raises InputError with code http.lines for more than any batch has: each costs memory.
    """
    count = body.count(b"\n")
    if count > _LINES_MAX:
        raise InputError(
            "http.lines",
            f"expected at most {_LINES_MAX} lines, found {count}",
            hint="Send them in several requests.",
        )
    return [line for line in body.split(b"\n") if line.strip()]


def series_of(query: Mapping[str, str]) -> tuple[str | None, int | None]:
    """Read the series and the number that a query names."""
    return query.get("source"), number_in(query, "number")


def number_in(query: Mapping[str, str], name: str) -> int | None:
    """Read a whole number of a query; None where it is not there.

    Raises InputError with code http.parameter.
    """
    given = query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 16):
        raise InputError(
            "http.parameter", f"expected {name} to be a whole number from 0, found {given[:40]!a}"
        )
    return int(given)


def _normalised(lines: list[bytes]) -> list[bytes]:
    """Check the lines of a batch, naming the one that is wrong."""
    rows: list[bytes] = []
    try:
        for line in lines:
            rows.append(json_text.normalise_object(line))
    except InputError as err:
        raise err.renewed(f"line {len(rows) + 1}: {err.message}") from err
    return rows


def _personal(given: str | None) -> dict[str, Whose] | None:
    return None if given is None else read_shape(given.encode(), dict[str, Whose])


def _refuse_key(asked: Asked, source: str | None, number: int | None) -> None:
    """Refuse a promise that would not be kept: only a number makes a record the same again."""
    if number is None and "idempotency-key" in asked.request.headers:
        raise InputError(
            "record.idempotency",
            f"expected a source and a number with an Idempotency-Key, found source {source!a} "
            "and no number",
            hint="A record is the same again by its source and number; leave the key out.",
        )


class _MediaType(InputError):
    http_status = 415


def _media_type(found: str) -> _MediaType:
    return _MediaType(
        "http.media-type",
        f"expected {JSON} or {NDJSON}, found {found[:80]!a}",
        hint=f"Send one record as {JSON}, or one a line as {NDJSON}.",
    )

"""Record what clients send: one record or many a request, acknowledged when they are durable.

The ledger's future is awaited, so that no thread stands for a request; where files or seals are
written first, a few threads do that. This module refuses to acknowledge what is not committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import json_text
from counterfoil.http.api.lane import JSON, Asked, LaneAnswer, lane
from counterfoil.http.api.scribe import Scribe
from counterfoil.http.api.shapes import NewRecord, Whose, personal_of, read_shape
from counterfoil.http.endpoint import Lane, Need
from counterfoil.http.site import Site
from counterfoil.ledger import Recorded, RecordedMany

__all__ = ["NDJSON", "lanes", "many", "number_in", "one", "series_of"]

NDJSON: Final = "application/x-ndjson"
"""Media type of JSON objects, one a line."""

_ENCODE: Final = msgspec.json.Encoder().encode
_RECORDS: Final = "/api/v1/records"


def lanes(site: Site, scribe: Scribe) -> list[Lane]:
    """List what records plain records."""
    ledger = site.ledger

    async def add(asked: Asked) -> LaneAnswer:
        if asked.media_type == NDJSON:
            return await add_many(asked)
        if asked.media_type != JSON:
            raise _media_type(asked.media_type)
        said = read_shape(asked.body, NewRecord)
        asked.require_source(said.source)
        _refuse_key(asked, said.source, said.number)
        options = {
            "source": said.source,
            "number": said.number,
            "expect": said.expect,
            "corrects": said.corrects,
            "supersedes": said.supersedes,
            "personal": personal_of(said.personal),
            **said.header(),
        }
        content = bytes(said.content)
        asked.charge(1)
        try:
            if said.anchor_by is not None or said.personal:
                recorded = await scribe.slowly(
                    lambda: ledger.record(content, anchor_by=said.anchor_by, **options)
                )
            else:
                recorded = await scribe.later(lambda: ledger.record_later(content, **options))
        except CounterfoilError:
            asked.refund(1)
            raise
        return one(asked, recorded)

    async def add_many(asked: Asked) -> LaneAnswer:
        query = asked.request.query_params
        source, first = query.get("source"), number_in(query, "first")
        asked.require_source(source)
        _refuse_key(asked, source, first)
        personal = personal_of(_personal(query.get("personal")))
        lines = [line for line in asked.body.split(b"\n") if line.strip()]
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

    need = Need("writer", ("record", "add"))
    return [Lane("POST", _RECORDS, need, lane(site, need, add))]


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

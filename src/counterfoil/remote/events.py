"""Hear of what is new in a node's ledger as it comes, without a gap and nothing twice.

A connection that breaks is made again, from the last event that was heard. This module refuses to
keep what it heard.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.errors import TooMany, Unavailable
from counterfoil.remote.wire import Wire

__all__ = ["Event", "parsed_events", "read_events"]

_SILENCE_S: Final = 60.0
_PAUSE_S: Final = 0.5
_PAUSE_MOST_S: Final = 10.0
_LINE_MAX: Final = 4 << 20
_EVENT_MAX: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. kind: `record`, `alert` or `checkpoint`. index: of an entry, else None."""

    kind: str
    index: int | None
    data: Any


def read_events(wire: Wire, after: int | None, filters: Mapping[str, str]) -> Iterator[Event]:
    """Hear of what is new, for ever; each event as it comes.

    after: index of the last entry that is known; None begins with what comes from now on.
    filters: `event` (record, alert, checkpoint), `kind`, `source`. A node that is away is asked
    again. Raises what it refuses.
    """
    query = "&".join(f"{name}={_quoted(value)}" for name, value in filters.items())
    path = "/api/v1/events" + (f"?{query}" if query else "")
    pause, last = _PAUSE_S, after
    while True:
        headers = {"accept": "text/event-stream"}
        if last is not None:
            headers["last-event-id"] = str(last)
        try:
            with wire.stream(path, headers, _SILENCE_S) as chunks:
                for kind, found, data in parsed_events(chunks):
                    last = found if found is not None else last
                    pause = _PAUSE_S
                    if data:
                        index = found if kind != "checkpoint" else None
                        yield Event(kind, index, _data(data))
        except Unavailable as err:
            if isinstance(err, TooMany):
                pause = max(pause, err.retry_after_s)
        time.sleep(pause)
        pause = min(_PAUSE_MOST_S, 2 * pause)


def parsed_events(chunks: Iterable[bytes]) -> Iterator[tuple[str, int | None, str]]:
    """Cut a stream of bytes into events: kind, id, data. Source: WHATWG HTML, 9.2.6.

    Raises Unavailable with code remote.answer for a line or an event that is too long.
    """
    rest, kind, found, data, size = b"", "message", None, list[str](), 0
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LINE_MAX:
            raise Unavailable("remote.answer", "expected lines of a length, found a longer one")
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip("\r")
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data or found is not None:
                    yield kind, found, "\n".join(data)
                kind, found, data, size = "message", None, [], 0
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
                size += 1 + len(value)
                if size > _EVENT_MAX:
                    raise Unavailable("remote.answer", "expected an end of an event, found none")
            elif name == "id" and value.isascii() and value.isdigit():
                found = int(value)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as err:
        raise Unavailable("remote.answer", "expected an event as JSON, found none") from err


def _quoted(value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="")

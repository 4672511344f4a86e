"""How answers of GS1's interface look: documents of query results, headers, and pages of them.

This module refuses an answer in a version or form that nobody here speaks, instead of another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.apps.supply.events.event import CONTEXT, Event
from counterfoil.http.epcis_problems import HEADERS, NotAcceptable
from counterfoil.ops.supply import receiving

__all__ = ["answer", "as_json", "asked_of", "context_of", "document_of", "encoded", "require_known"]

_LD: Final = "application/ld+json"
_JSON: Final = "application/json"
_SPOKEN: Final = (2, 0)
_ANY: Final = ("*/*", "application/*", _JSON, _LD)


def require_known(request: Request) -> None:
    """Refuse a version or form that is not spoken. Raises NotAcceptable, code epcis.version."""
    wanted = {
        name: _version(request.headers.get(f"gs1-epcis-{name}", ""))
        for name in ("version", "min", "max")
    }
    at, least, most = wanted["version"], wanted["min"], wanted["max"]
    wrong = (at and at != _SPOKEN) or (least and least > _SPOKEN) or (most and most < _SPOKEN)
    if wrong:
        raise NotAcceptable(
            "epcis.version",
            "expected EPCIS 2.0, found another version asked for",
            hint="Leave GS1-EPCIS-Version, -Min and -Max out, or let them include 2.0.",
        )
    accept = [one.partition(";")[0].strip() for one in request.headers.get("accept", "").split(",")]
    if any(accept) and not any(one in _ANY for one in accept):
        raise NotAcceptable(
            "epcis.accept",
            f"expected {_JSON} or {_LD} to be accepted, found neither",
            hint="Answers are JSON-LD; XML is only read.",
        )


def _version(text: str) -> tuple[int, ...]:
    """Read a version; nothing of what is none, which asks for nothing."""
    parts = text.split(".")[:2]
    known = all(re.fullmatch(r"[0-9]{1,9}", one) for one in parts)
    return tuple(map(int, parts)) if known else ()


def asked_of(request: Request) -> dict[str, list[str]]:
    """Read the parameters of a query from an address."""
    asked: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        asked.setdefault(name, []).append(value)
    return asked


def document_of(events: Sequence[Event], query: str = "SimpleEventQuery") -> dict[str, Any]:
    """Put events into a document of query results."""
    results = {"eventList": [dict(event.body) for event in events]}
    return {
        "@context": context_of(events),
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": receiving.now(),
        "epcisBody": {"queryResults": {"queryName": query, "resultsBody": results}},
    }


def context_of(events: Sequence[Event]) -> list[Any]:
    """Give the JSON-LD context of events, with the prefixes that they use."""
    own: dict[str, str] = {}
    for event in events:
        own.update(event.namespaces)
    return [CONTEXT, own] if own else [CONTEXT]


def as_json(request: Request, found: Any, **headers: str) -> Response:
    """Answer with JSON."""
    return answer(request, encoded(found), 200, **headers)


def encoded(found: Any) -> bytes:
    """Write JSON, which may be long: not while others wait."""
    return json.dumps(found, ensure_ascii=False).encode(errors="replace")


def answer(request: Request, body: bytes, status: int, **headers: str) -> Response:
    """Answer with bytes: as JSON-LD where that is asked for, else as JSON, which it is, too."""
    media = _LD if _LD in request.headers.get("accept", "") else _JSON
    given = {**HEADERS, "cache-control": "no-store", **headers}
    return Response(body, status, given, media if body else None)

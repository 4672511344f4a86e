"""Tell an error to a client of GS1's interface: a problem document of one of EPCIS's own types.

Our code, and what to do, stand in it beside the type, since EPCIS knows only a few. This module
refuses to invent a type: what EPCIS does not name is an ImplementationException.
Source: GS1 EPCIS 2.0, 12.7; its OpenAPI.
"""

from __future__ import annotations

import json
from typing import Final

from starlette.responses import Response

from counterfoil.errors import CounterfoilError, NotFound, Refused
from counterfoil.http.problems import MEDIA_TYPE, headers_of, problem_of

__all__ = ["HEADERS", "NotAcceptable", "NotOffered", "epcis_problem"]

HEADERS: Final = {
    "gs1-epcis-version": "2.0",
    "gs1-epcis-min": "2.0",
    "gs1-epcis-max": "2.0",
    "gs1-cbv-version": "2.0",
    "gs1-epc-format": "Never_Translates",
}
"""Headers of each answer: what is spoken here, and that EPCs come back as they came."""

_TYPES: Final = {
    "epcis.query": "QueryParameterException",
    "epcis.query-body": "QueryValidationException",
    "epcis.query-name": "ValidationException",
    "epcis.query-taken": "DuplicateNameException",
    "epcis.json": "ValidationException",
    "epcis.xml": "ValidationException",
    "epcis.document": "ValidationException",
    "epcis.event-wrong": "ValidationException",
    "epcis.behaviour": "ValidationException",
    "epcis.size": "CaptureLimitExceededException",
    "http.long": "URITooLongException",
}
_STATUSES: Final = {"epcis.size": 413}
_OF_STATUS: Final = {413: "CaptureLimitExceededException", 414: "URITooLongException"}


class NotOffered(Refused):
    """A part of GS1's interface that is not offered here."""

    http_status = 501


class NotAcceptable(Refused):
    """An answer that is asked for in a way in which none is given."""

    http_status = 406


def epcis_problem(err: CounterfoilError) -> Response:
    """Answer with a problem document of EPCIS."""
    found = problem_of(err)
    status = _STATUSES.get(err.code, err.http_status)
    found |= {"type": f"epcisException:{_type(err, status)}", "status": status}
    body = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Response(body, status, {**HEADERS, **headers_of(err)}, MEDIA_TYPE)


def _type(err: CounterfoilError, status: int) -> str:
    if err.code in _TYPES:
        return _TYPES[err.code]
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    if isinstance(err, NotFound):
        return "NoSuchNameException"
    return "SecurityException" if status in (401, 403) else "ImplementationException"

"""Tell an error to a program that speaks CBOR: a concise problem document.

Source: RFC 9290; draft-ietf-scitt-scrapi-10, 2, whose titles are used where it has one. This
module refuses to invent titles: what the draft does not name is named by its error's class.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    NotFound,
    TooMany,
    VerificationError,
)
from counterfoil.formats import cbor
from counterfoil.http.problems import headers_of

__all__ = ["MEDIA_TYPE", "concise"]

MEDIA_TYPE: Final = "application/concise-problem-details+cbor"

_TITLE, _DETAIL, _STATUS = -1, -2, -4
_TITLES: Final = {
    "cose.algorithm": "Bad Signature Algorithm",
    "scitt.detached": "Payload Missing",
    "scitt.issuer": "Rejected",
    "scitt.revoked": "Rejected",
    "scitt.no-service-key": "No such key",
    "entry.reference": "Invalid locator",
}


def concise(err: CounterfoilError) -> Response:
    """Answer with a concise problem document, whose detail ends with our code.

    A statement that does not hold, or is not registered, is `Rejected`, with the status 400 that
    the draft gives it.
    """
    rejected = isinstance(err, VerificationError)
    title = _TITLES.get(err.code) or ("Rejected" if rejected else _title(err))
    status = 400 if title == "Rejected" else err.http_status
    detail = f"{err.message} [{err.code}]" + (f" {err.hint}" if err.hint else "")
    body = cbor.format({_TITLE: title, _DETAIL: detail, _STATUS: status})
    return Response(body, status, headers_of(err), MEDIA_TYPE)


def _title(err: CounterfoilError) -> str:
    if isinstance(err, TooMany):
        return "Too Many Requests"
    if isinstance(err, InputError):
        return "Malformed request"
    if isinstance(err, NotFound):
        return "Not Found"
    return type(err).__name__

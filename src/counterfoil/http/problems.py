"""Tell an error to a program: a problem document with our code, what came, and what to do.

Source: RFC 9457. This module refuses to tell what nobody meant to say: an unforeseen error is
logged, and told without its words.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from starlette.responses import Response

from counterfoil.errors import CounterfoilError, TooMany, Unauthenticated, Unavailable

__all__ = ["MEDIA_TYPE", "headers_of", "problem", "problem_of", "unforeseen"]

MEDIA_TYPE: Final = "application/problem+json"

_LATER_S: Final = 1


def problem_of(err: CounterfoilError) -> dict[str, Any]:
    """Turn an error into the members of a problem document.

    type: a path of this node's documentation. code: ours, stable. hint: what to do, where known.
    """
    found: dict[str, Any] = {
        "type": f"/docs/reference/errors#{err.code.replace('.', '-')}",
        "title": next(one.__name__ for one in type(err).__mro__ if one.__name__[0] != "_"),
        "status": err.http_status,
        "code": err.code,
        "detail": err.message,
    }
    return found | ({"hint": err.hint} if err.hint else {})


def problem(err: CounterfoilError) -> Response:
    """Answer with a problem document; who is told to wait or to sign in is told how."""
    body = json.dumps(problem_of(err), ensure_ascii=False, separators=(",", ":")).encode(
        errors="replace"
    )
    return Response(body, err.http_status, headers_of(err), MEDIA_TYPE)


def headers_of(err: CounterfoilError) -> dict[str, str]:
    """Tell in headers when to come again, and how to sign in."""
    headers = {"cache-control": "no-store"}
    if isinstance(err, TooMany):
        headers["retry-after"] = str(max(1, math.ceil(err.retry_after_s)))
    elif isinstance(err, Unavailable):
        headers["retry-after"] = str(_LATER_S)
    if isinstance(err, Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="counterfoil", Basic realm="counterfoil"'
    return headers


def unforeseen() -> CounterfoilError:
    """Make the error for what nobody foresaw, with code http.unforeseen; log what it was."""
    return CounterfoilError(
        "http.unforeseen",
        "expected to answer, but something that nobody foresaw went wrong",
        hint="The node's log says what; the same request may well fail again.",
    )

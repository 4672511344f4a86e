"""Take a request's body: bounded in size, unpacked and not, and in time.

This module refuses to guess: a body that is packed as nobody said, or longer than was asked, is an
error before it is read to its end.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from counterfoil.errors import CounterfoilError, InputError

__all__ = [
    "BODY_TIMEOUT_S",
    "BadMedia",
    "BodyTooLong",
    "form_of_body",
    "media_type",
    "read_body",
    "read_form",
]

BODY_TIMEOUT_S: Final = 20.0
"""Longest time that a body may take, seconds."""

_FORM_MAX_BYTES: Final = 256 << 10
_WINDOW: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class BodyTooLong(InputError):
    """A body that is larger than what may be sent here."""

    http_status = 413


class BadMedia(InputError):
    """A body of another media type, or packed in another way, than is taken here."""

    http_status = 415


class _Slow(CounterfoilError):
    """A body that did not come in time."""

    http_status = 408


def media_type(request: Request) -> str:
    """Tell what kind of body a request says that it has, without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, most: int, *, timeout_s: float = BODY_TIMEOUT_S) -> bytes:
    """Read a body, and unpack it where it is packed (gzip or deflate).

    most: bytes, packed and unpacked. Raises BodyTooLong with code http.too-long, BadMedia with
    code http.encoding, InputError with code http.unpacked or http.gone, an error of status 408 with
    code http.slow, TooMany with code access.busy where there is no room for what was packed.
    """
    stated = request.headers.get("content-length", "0")
    if stated.isascii() and stated.isdigit() and (len(stated) > 15 or int(stated) > most):
        raise _too_long(most)
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", *_WINDOW):
        raise BadMedia(
            "http.encoding",
            f"expected a body as it is, or packed with gzip, found {packing[:40]!a}",
            hint="Leave out the Content-Encoding, or use gzip.",
        )
    try:
        async with asyncio.timeout(timeout_s):
            body = await _all(request, most)
    except TimeoutError as err:
        raise _Slow(
            "http.slow",
            f"expected the body within {timeout_s:g} s, found it unfinished",
            hint="Send less at once, or over a faster connection.",
        ) from err
    if packing == "identity":
        return body
    found = await asyncio.to_thread(_unpacked, body, packing, most)
    for one in request.scope.get("state", {}).get("admissions", ())[:1]:
        one.grow(len(found))  # what is held in memory counts, not what was sent
    return found


async def read_form(
    request: Request,
    *,
    max_fields: int,
    max_files: int = 0,
    most: int = _FORM_MAX_BYTES,
) -> FormData:
    """Read the form that is a request's body; close it when it is done with.

    most: bytes of the body, and of each part. Raises as `read_body` and `form_of_body`.
    """
    body = await read_body(request, most)
    return await form_of_body(request, body, max_fields=max_fields, max_files=max_files)


async def form_of_body(
    request: Request, body: bytes, *, max_fields: int, max_files: int = 0
) -> FormData:
    """Read the form that stands in a body. Raises InputError with code http.body."""
    kind = media_type(request)
    # A parser goes through marks with nothing between them one by one, and counts none of them.
    if kind == "application/x-www-form-urlencoded" and body.count(b"&") > max_fields:
        raise InputError("http.body", f"expected a form of at most {max_fields} fields")

    async def again() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    whole = Request(request.scope, again)
    try:
        return await whole.form(
            max_files=max_files, max_fields=max_fields, max_part_size=len(body) + 1
        )
    except (HTTPException, MultiPartException, ValueError, KeyError) as err:
        told = str(getattr(err, "detail", "") or getattr(err, "message", "") or err)
        raise InputError("http.body", f"expected a form, but: {told[:200]!a}") from err


async def _all(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise _too_long(most)
    except ClientDisconnect as err:
        raise InputError("http.gone", "expected a whole body, found that the client left") from err
    return bytes(body)


def _unpacked(body: bytes, packing: str, most: int) -> bytes:
    unpacker = zlib.decompressobj(_WINDOW[packing])
    try:
        found = unpacker.decompress(body, most + 1)
        whole = unpacker.eof
    except zlib.error as err:
        raise InputError("http.unpacked", f"expected a body packed with {packing}: {err}") from err
    if len(found) > most:
        raise _too_long(most)
    if not whole or unpacker.unused_data:
        raise InputError("http.unpacked", f"expected one whole body packed with {packing}")
    return found


def _too_long(most: int) -> BodyTooLong:
    return BodyTooLong(
        "http.too-long",
        f"expected a body of at most {most} bytes, found a longer one",
        hint="Send it in several requests.",
    )

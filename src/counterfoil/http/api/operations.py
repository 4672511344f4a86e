"""Every operation that a node offers, at `/api/v1/` and its words.

GET where it only reads and needs no file, POST for all; who may, its role says. This module refuses
to know any operation: what there is to say about one stands in the registry and its signature.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil import __version__
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.http.api.answers import ITEMS_MAX, NDJSON, Body, Page, form_of, made, responded
from counterfoil.http.api.asked import Given, Upload, parsed_form
from counterfoil.http.api.calls import Call
from counterfoil.http.api.flow import Flow
from counterfoil.http.api.idempotency import Once
from counterfoil.http.api.lines import Lines
from counterfoil.http.api.workers import Stopper, Workers, watched
from counterfoil.http.bodies import read_body
from counterfoil.http.endpoint import Answer, Endpoint, Mounted, Need
from counterfoil.http.guarding import address_of
from counterfoil.http.problems import unforeseen
from counterfoil.http.site import Site
from counterfoil.ops.offered import FROM_LOG, Offered, offered_operations
from counterfoil.ports import no_progress

__all__ = ["PREFIX", "operation_endpoints"]

PREFIX: Final = "/api/v1"
"""What all paths of the API begin with."""

_LOG: Final = logging.getLogger("counterfoil.http")
_PAGE: Final = 100
_AFTER_MAX: Final = 1_000_000
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,6}")
_FRESH: Final = {"cache-control": "no-store"}


def operation_endpoints(site: Site) -> list[Endpoint | Mounted]:
    """Make the endpoints of all operations that a node offers."""
    workers, once = Workers(), Once(site.ledger.layout.requests)
    found: list[Endpoint | Mounted] = []
    for one in offered_operations():
        need = Need(one.operation.role, one.operation.words)
        path = f"{PREFIX}/{one.path}"
        if one.can_get:
            found.append(Endpoint("GET", path, need, _getting(site, workers, one)))
        found.append(Endpoint("POST", path, need, _posting(site, workers, once, one)))
    return found


def _getting(site: Site, workers: Workers, offered: Offered) -> Answer:
    async def answer(request: Request) -> Response:
        """Call an operation that only reads."""
        headers = dict(_FRESH)
        if offered.operation.name in FROM_LOG:
            tag = _tag(site, request)
            headers = {
                "cache-control": "private, no-cache",
                "etag": tag,
                "vary": "accept, authorization, cookie",
            }
            if _matches(request.headers.get("if-none-match", ""), tag):
                return Response(None, 304, headers)
        given = await parsed_form(request, b"")
        return await _called(site, workers, offered, request, given, headers)

    return answer


def _posting(site: Site, workers: Workers, once: Once, offered: Offered) -> Answer:
    secret = offered.operation.role in ("auditor", "operator")  # what opens, and hands out keys

    async def answer(request: Request) -> Response:
        """Call an operation, once for each Idempotency-Key."""
        body = await read_body(request, site.settings.body_max_bytes)

        async def run() -> Response:
            given = await parsed_form(request, body)
            return await _called(site, workers, offered, request, given, dict(_FRESH))

        if "idempotency-key" not in request.headers:
            return await run()
        if form_of(request) == "ndjson":
            raise InputError(
                "http.idempotency-stream",
                f"expected an answer that can be kept, found {NDJSON} asked for",
                hint="Leave out either Idempotency-Key or that media type.",
            )
        return await once.answer(request, body, run, secret=secret)

    return answer


async def _called(
    site: Site,
    workers: Workers,
    offered: Offered,
    request: Request,
    given: Given,
    headers: Mapping[str, str],
) -> Response:
    page = _page_of(given) if offered.gives == "pages" else None
    own_limit = None
    if page is not None and "limit" in offered.function.__annotations__:
        own_limit = page.after + page.limit + 1
    form, stopper = form_of(request), Stopper()
    tagged = given.one("progress") is not None
    given = given.without("progress", *(("limit", "after") if page is not None else ()))
    long = bool(offered.reads) or "progress" in offered.by_shell.values()
    call = Call(offered, site, request.state.principal, address_of(request), given)
    if form == "ndjson":
        gone = _stays if offered.operation.writes else request.is_disconnected
        return await _streamed(workers, call, stopper, headers, gone, tagged=tagged, long=long)

    progress = no_progress if offered.operation.writes else stopper.progress
    paged = replace(call, own_limit=own_limit, progress=progress)
    work = workers.begin(
        lambda: paged.run(lambda called: made(offered, called, form, page)), long=long
    )
    body: Body = await watched(work, request.is_disconnected, stopper)
    return responded(body, dict(headers))


async def _streamed(
    workers: Workers,
    call: Call,
    stopper: Stopper,
    headers: Mapping[str, str],
    gone: Callable[[], Awaitable[bool]],
    *,
    tagged: bool,
    long: bool,
) -> Response:
    """Answer with lines; what goes wrong before the first is told as a problem by itself.

    gone: tells whether the client has left before there was one.
    """
    lines = Lines(stopper, tagged=tagged)
    call = replace(call, progress=lines.progress)

    def run() -> CounterfoilError | None:
        failed: CounterfoilError | None = None
        try:
            call.run(lines.hand_over)
        except CounterfoilError as err:
            failed = err
        except Exception as err:
            _LOG.error("unforeseen, in %s", call.offered.operation.name, exc_info=err)
            failed = unforeseen()
        lines.finish(failed)
        return failed

    running = workers.begin(run, long=long)
    first = await watched(asyncio.ensure_future(lines.first()), gone, stopper)
    if first is None:
        failed = await running
        if failed is not None:
            raise failed
    return Flow(lines.chunks(first), NDJSON, headers, ended=stopper.stop)


async def _stays() -> bool:
    """Tell of no client that it left: what is being written goes on."""
    return False


def _page_of(given: Given) -> Page:
    return Page(
        _number(given, "after", 0, 0, _AFTER_MAX), _number(given, "limit", _PAGE, 1, ITEMS_MAX)
    )


def _number(given: Given, name: str, default: int, least: int, most: int) -> int:
    said = given.one(name)
    if said is None:
        return default
    if isinstance(said, Upload):
        said = said.called
    text = (said if isinstance(said, str) else bytes(said).decode("latin-1")).strip('"')
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise InputError(
            "http.parameter",
            f"{name}: expected a whole number from {least} to {most}, found {text[:40]!a}",
            hint="`next` of a page is the `after` of the one that follows.",
        )
    return int(text)


def _tag(site: Site, request: Request) -> str:
    """Name the answer to a question that only the log's growth can change."""
    query = "&".join(sorted(str(request.query_params).split("&")))
    said = (
        request.url.path,
        query,
        request.headers.get("accept", ""),
        site.ledger.origin,
        str(site.ledger.size),
        __version__,
    )
    return f'W/"{hashlib.sha256(chr(0).join(said).encode()).hexdigest()[:32]}"'


def _matches(header: str, tag: str) -> bool:
    """Tell whether If-None-Match names a tag (RFC 9110, 13.1.2)."""
    opaque = tag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in (opaque, "*") for one in header.split(","))

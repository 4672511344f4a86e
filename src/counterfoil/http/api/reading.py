"""Read a ledger: records, entries, receipts, payloads, proofs that it only grew, and what it is.

What never changes may be kept for ever, what can be erased is asked for again each time. This
module refuses to give a writer's key more than receipts of what it may write.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.predicates import ContentRef
from counterfoil.http.api.filters import query_of
from counterfoil.http.api.recording import number_in
from counterfoil.http.endpoint import ANYBODY, Endpoint, Need
from counterfoil.http.guarding import address_of
from counterfoil.http.site import Site
from counterfoil.ops.checkpoints import consistency

__all__ = ["endpoints"]

_PREFIX: Final = "/api/v1"
_ENCODE: Final = msgspec.json.Encoder().encode
_LIMIT: Final = 50
_ENTRIES_MAX: Final = 1024
_ENTRIES_MAX_BYTES: Final = 4 << 20
_FOR_EVER: Final = "private, max-age=31536000, immutable"
_ASK_AGAIN: Final = "private, no-cache"

_READ: Final = Need("reader", ("record", "get"))


class _Reading:
    """Reads for one node."""

    def __init__(self, site: Site) -> None:
        self._site, self._ledger = site, site.ledger

    def search(self, request: Request) -> Response:
        """Find records by any field, page by page."""
        query = request.query_params
        order = query.get("order", "newest")
        if order not in ("newest", "oldest"):
            raise InputError(
                "http.parameter", f"expected order to be newest or oldest, found {order[:40]!a}"
            )
        limit = number_in(query, "limit")
        page = self._ledger.search(
            query_of(query.multi_items()),
            limit=_LIMIT if limit is None else limit,
            after=number_in(query, "after"),
            newest_first=order == "newest",
        )
        response = _json(page.to_json(), _ASK_AGAIN)
        if page.next is not None:
            kept = [(name, value) for name, value in query.multi_items() if name != "after"]
            following = urlencode([*kept, ("after", str(page.next))])
            response.headers["link"] = f'<{_PREFIX}/records?{following}>; rel="next"'
        return response

    def record(self, request: Request) -> Response:
        """Show one entry, decoded; what of it is erased can change."""
        found = self._ledger.get(request.path_params["index"])
        tag = found.leaf if not found.personal else _tag(_ENCODE(found.personal), found.leaf)
        cache = _ASK_AGAIN if found.personal else _FOR_EVER
        return _unless_same(request, tag, lambda: _json(found.to_json(), cache))

    def entry(self, request: Request) -> Response:
        """Give the bytes of one entry; they never change."""
        data = self._ledger.entry(request.path_params["index"])
        return _unless_same(request, sha256(data).hexdigest(), lambda: _bytes(data, _FOR_EVER))

    def entries(self, request: Request) -> Response:
        """Give the bytes of entries in a row, each after its length, two bytes, big-endian."""
        query, size = request.query_params, self._ledger.size
        first = number_in(query, "first") or 0
        asked = number_in(query, "end")
        end = min(size if asked is None else asked, size, first + _ENTRIES_MAX)
        parts: list[bytes] = []
        total = count = 0
        if first < end:
            for data in self._ledger.entries(first, end):
                parts += (len(data).to_bytes(2, "big"), data)
                total, count = total + len(data), count + 1
                if total >= _ENTRIES_MAX_BYTES:
                    break
        response = _bytes(b"".join(parts), _ASK_AGAIN)
        response.headers["x-next"] = str(first + count)
        return response

    def receipt(self, request: Request) -> Response:
        """Make the receipt of an entry, or of a row of a block."""
        index = request.path_params["index"]
        self._require_receipt(request, index)
        data = receipts.format(self._ledger.receipt(index, number_in(request.query_params, "row")))
        return _unless_same(request, _tag(data), lambda: _given(data, _ASK_AGAIN))

    def payload(self, request: Request) -> Response:
        """Give bytes that are kept beside the log; they can be taken away."""
        digest = request.path_params["sha256"]
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise InputError(
                "http.parameter",
                f"expected a SHA-256 of 64 hexadecimal digits, found {digest[:80]!a}",
            )
        data = self._ledger.kept(ContentRef(digest, 0))
        return _unless_same(request, digest, lambda: _bytes(data, _ASK_AGAIN))

    def ledger(self, request: Request) -> Response:
        """Tell any key what the ledger is, how large, and whom its readers are to trust."""
        self._require_somebody(request)
        config, (size, at_ms) = self._ledger.config, self._ledger.committed
        facts = {
            "origin": config.origin,
            "name": config.name,
            "organisation": config.organisation,
            "accountable": config.accountable,
            "size": size,
            "at_ms": at_ms,
            "policy": policies.format(self._ledger.policy).decode(),
        }
        return _json(facts, _ASK_AGAIN)

    def checkpoint(self, _request: Request) -> Response:
        """Give the published checkpoint as a signed note."""
        return _bytes(self._ledger.published(), _ASK_AGAIN, "text/plain; charset=utf-8")

    def checkpoints(self, _request: Request) -> Response:
        """List the kept checkpoints, oldest first."""
        kept = [
            {"size": one.size, "at_ms": one.at_ms, "note": one.note.decode()}
            for one in self._ledger.checkpoints()
        ]
        return _json(kept, _ASK_AGAIN)

    def consistency(self, request: Request) -> Response:
        """Prove that the log of one size is the beginning of the log of another."""
        self._require_somebody(request)
        query = request.query_params
        old, new = number_in(query, "old"), number_in(query, "new")
        if old is None or new is None:
            raise InputError("http.parameter", "expected old and new, found one of them missing")
        proof = consistency(old, new, ledger=self._ledger.layout.folder)
        return _json(proof, _FOR_EVER)

    def counter(self, request: Request) -> Response:
        """Tell the value of a counter that `expect` changes."""
        key = request.query_params.get("key", "")
        return _json({"key": key, "value": self._ledger.counter(key)}, _ASK_AGAIN)

    def series(self, request: Request) -> Response:
        """Tell which number comes next in a series of the ledger's organisation."""
        principal, source = request.state.principal, request.query_params.get("source", "")
        address = address_of(request)
        if principal is None or not principal.may("reader"):
            allowed = self._site.guard.require(principal, "writer", ("record", "add"), address)
            self._site.guard.require_source(allowed, source, address)
        return _json({"source": source, "next": self._ledger.next_number(source)}, _ASK_AGAIN)

    def _require_somebody(self, request: Request) -> None:
        """Let in whoever has a key, whatever its roles: a writer, too, checks what it was given."""
        if request.state.principal is None:
            self._site.guard.require(None, "reader", (), address_of(request))

    def _require_receipt(self, request: Request, index: int) -> None:
        """Let readers have any receipt, and writers those of the series that they may write."""
        guard, principal = self._site.guard, request.state.principal
        address = address_of(request)
        if principal is None or principal.may("reader") or not principal.may("writer"):
            guard.require(principal, "reader", ("receipt", "get"), address)
            return
        guard.require(principal, "writer", ("record", "add"), address)
        found = self._ledger.get(index)
        own = found.issuer == self._ledger.config.organisation and found.source is not None
        if not own or not principal.may_write(found.source):
            raise NotFound(
                "entry.index",
                f"expected the index of a record that this key may have written, found {index}",
                hint="A reader's key may have every receipt.",
            )


def endpoints(site: Site) -> list[Endpoint]:
    """List what can be read of a ledger."""
    reading = _Reading(site)
    offered: list[tuple[str, Need, Callable[[Request], Response]]] = [
        ("/records", Need("reader", ("record", "search")), reading.search),
        ("/records/{index:int}", _READ, reading.record),
        ("/entries/{index:int}", _READ, reading.entry),
        ("/entries", _READ, reading.entries),
        ("/receipts/{index:int}", ANYBODY, reading.receipt),  # which asks by itself
        ("/payloads/{sha256}", _READ, reading.payload),
        ("/ledger", ANYBODY, reading.ledger),  # so does this
        ("/checkpoint", _READ, reading.checkpoint),
        ("/checkpoints", Need("reader", ("checkpoint", "ls")), reading.checkpoints),
        ("/consistency", ANYBODY, reading.consistency),
        ("/series", ANYBODY, reading.series),
        ("/counter", _READ, reading.counter),
    ]
    return [
        Endpoint("GET", _PREFIX + path, need, _in_thread(answer)) for path, need, answer in offered
    ]


def _in_thread(answer: Callable[[Request], Response]) -> Any:
    async def answered(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    answered.__doc__ = answer.__doc__
    return answered


def _json(facts: Any, cache: str) -> Response:
    return _given(_ENCODE(facts), cache)


def _given(data: bytes, cache: str) -> Response:
    return Response(data, headers={"cache-control": cache}, media_type="application/json")


def _bytes(data: bytes, cache: str, kind: str = "application/octet-stream") -> Response:
    return Response(data, headers={"cache-control": cache}, media_type=kind)


def _tag(data: bytes, more: str = "") -> str:
    return sha256(data + more.encode()).hexdigest()


def _unless_same(request: Request, tag: str, make: Callable[[], Response]) -> Response:
    """Answer 304 where the client has it already. Source: RFC 9110, 13.1.2."""
    quoted = f'"{tag}"'
    given = request.headers.get("if-none-match", "")
    known = {one.strip().removeprefix("W/") for one in given.split(",")}
    response = make()
    if quoted in known or "*" in known:
        response = Response(
            status_code=304, headers={"cache-control": response.headers["cache-control"]}
        )
    response.headers["etag"] = quoted
    return response

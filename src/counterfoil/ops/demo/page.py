"""Serve the demonstration's page: the ledger as it grows, its checkpoints, records and receipts.

It works without JavaScript; a few lines of our own script renew it in place. Everything that comes
from a record is escaped, and the page's own policy lets no other script run. The log's public
files are served beside it (C2SP tiles). This module refuses to change anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from counterfoil.errors import CounterfoilError, NotFound
from counterfoil.ledger import Ledger
from counterfoil.network.log_app import LogApp
from counterfoil.ops.demo import page_parts as parts
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.recent import Recent, anchor_rows, signed_state
from counterfoil.ops.energy import energy_of
from counterfoil.ops.receipt_files import MEDIA_TYPES, Form, format_receipt

__all__ = ["DemoPage"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HTML: Final = "text/html; charset=utf-8"
_ASSETS: Final = {
    "page.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_RECORD: Final = re.compile(r"/records/(0|[1-9][0-9]{0,14})", re.ASCII)
_RECEIPT: Final = re.compile(r"/receipt/(0|[1-9][0-9]{0,14})\.(html|json)", re.ASCII)
_PUBLIC: Final = ("/checkpoint", "/tile/", "/payload/")
_NEWEST: Final = 30
_CHECKPOINTS: Final = 100


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    media_type: str = _HTML
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-security-policy": _POLICY})


class DemoPage:
    """An ASGI application on an open ledger of the demonstration."""

    def __init__(self, ledger: Ledger, place: DemoPlace) -> None:
        self._ledger, self._place = ledger, place
        self._recent = Recent(ledger)
        self._log = LogApp(place.ledger, "all")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _is_public(scope["path"]):
            await self._log(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            answer = _Answer(b"only GET and HEAD\n", "text/plain", 405, {"allow": "GET, HEAD"})
        else:
            answer = await asyncio.to_thread(self._answer, scope["path"])
        await _reply(send, answer, body=scope["method"] != "HEAD")

    def _answer(self, path: str) -> _Answer:
        try:
            return self._find(path)
        except NotFound as err:
            page = parts.page("Not here", parts.problem(err.message, err.hint))
            return _Answer(page.encode(), status=404)
        except CounterfoilError as err:
            page = parts.page("It does not go on", parts.problem(err.message, err.hint))
            return _Answer(page.encode(), status=500)

    def _find(self, path: str) -> _Answer:
        if path == "/":
            return _Answer(parts.page("Overview", self._live(), live=True).encode())
        if path == "/live":
            return _Answer(self._live().encode())
        if path == "/checkpoints":
            return _Answer(parts.page("Checkpoints", self._checkpoints()).encode())
        if found := _RECORD.fullmatch(path):
            index = int(found[1])
            shown = parts.record(self._ledger.get(index))
            return _Answer(parts.page(f"Entry {index:,}", shown).encode())
        if found := _RECEIPT.fullmatch(path):
            return self._receipt(int(found[1]), "html" if found[2] == "html" else "json")
        name = path.removeprefix("/assets/")
        if path.startswith("/assets/") and name in _ASSETS:
            data = (files("counterfoil.ops.demo") / "assets" / name).read_bytes()
            return _Answer(data, _ASSETS[name])
        raise NotFound("page.path", "expected a page, found none", hint="Begin at the overview.")

    def _live(self) -> str:
        ledger = self._ledger
        rows, alerts = self._recent.look(_NEWEST)
        counts = {name: count for _, name, count in ledger.sources()}
        state = signed_state(ledger, ledger.published())
        anchors = anchor_rows(ledger)
        last = anchors[-1] if anchors else None
        spent = ledger.spent()
        cost = None if spent is None else energy_of(spent)
        stands = parts.Standing(ledger.config.name, ledger.origin, ledger.size, state, last, cost)
        return parts.overview(stands, counts) + parts.payments(rows, alerts)

    def _checkpoints(self) -> str:
        kept = self._ledger.checkpoints()[-_CHECKPOINTS:]
        states = [(signed_state(self._ledger, one.note), one.at_ms) for one in reversed(kept)]
        anchored = {one.size: one for one in anchor_rows(self._ledger)}
        return parts.checkpoints(states, anchored)

    def _receipt(self, index: int, form: Form) -> _Answer:
        data = format_receipt(self._ledger.receipt(index), form, self._ledger)
        # A receipt's page brings its own policy, which knows its own script.
        return _Answer(data, MEDIA_TYPES[form], headers={})


def _is_public(path: str) -> bool:
    return path == _PUBLIC[0] or path.startswith(_PUBLIC[1:])


async def _reply(send: Send, answer: _Answer, *, body: bool) -> None:
    headers = {
        "content-type": answer.media_type,
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        **answer.headers,
    }
    coded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": coded})
    await send({"type": "http.response.body", "body": answer.body if body else b""})

"""What stands before all that a node answers: which host is meant, how much may come, and when.

A name that is not this node's is refused, so that no page of a stranger can reach it by pointing
its own name here (DNS rebinding). Bodies are bounded in size and must keep coming. Every answer
gets the headers that keep a browser out of trouble. This module refuses to know who may do what.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from counterfoil.access import Admission
from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.http.guarding import SECURITY_HEADERS, identify
from counterfoil.http.problems import problem
from counterfoil.http.site import Site

__all__ = ["Shield"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HOST: Final = re.compile(
    r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", re.ASCII
)
_SLOW_MAX: Final = 4
_PATIENCE_S: Final = 30.0
_SLOWEST_BYTES_S: Final = 4096
_PATH_MAX: Final = 4096
_QUERY_MAX: Final = 16_384
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_STREAM: Final = b"text/event-stream"
_SAFETY: Final = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_HOSTS_MAX: Final = 1000


class BodyTooLarge(InputError):
    """A body that is larger than the node takes."""

    http_status = 413


class BodySlow(InputError):
    """A body that does not come in time."""

    http_status = 408


class WrongHost(Refused):
    """A request for another host than this node."""

    http_status = 421


class Shield:
    """An ASGI application around a node's own. app: what it protects."""

    def __init__(self, site: Site, app: Any) -> None:
        self._site, self._app = site, app
        url = urlsplit(site.settings.url)
        given = (url.hostname or "", "localhost", *site.settings.hosts)
        self._hosts = frozenset(name.lower().rstrip(".") for name in given if name)
        self._known: dict[str, bool] = {}
        self._proxies = frozenset(site.settings.proxies)
        # Threads of its own: a provider that dawdles must hold up nobody who has a key.
        self._slow = ThreadPoolExecutor(_SLOW_MAX, "tokens")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or say why not."""
        if scope["type"] != "http":
            return
        admissions: list[Admission] = []
        scope["state"] = {**scope.get("state", {}), "admissions": admissions}
        headers = Headers(scope=scope)
        self._see_through_proxies(scope, headers)
        wrapped = _Wrapped(self._site, headers, receive, send, admissions)
        try:
            self._check(scope, headers)
            wrapped.check_size()
            await self._identify_slowly(scope, headers)
            await self._app(scope, wrapped.receive, wrapped.send)
        except CounterfoilError as err:
            if wrapped.started:
                raise
            await problem(err)(scope, receive, wrapped.send)
        finally:
            for one in admissions:
                one.leave()

    def _check(self, scope: Scope, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) > 1 or (hosts and not self._is_ours(hosts[0])):
            error = WrongHost(
                "http.host",
                f"expected a name of this node in Host, found {hosts[0][:100]!a}",
                hint="Name it at the start: counterfoil up --host NAME.",
            )
            address = scope["client"][0] if scope.get("client") else ""
            first = scope["path"].split("/", 2)[1:2]  # what follows may be the secret of a link
            self._site.guard.note(error, None, address, f"/{''.join(first)[:100]}")
            raise error
        path = scope["path"]
        if len(path) > _PATH_MAX or len(scope.get("query_string", b"")) > _QUERY_MAX:
            raise InputError(
                "http.address",
                f"expected a path of at most {_PATH_MAX} characters and a query of at most "
                f"{_QUERY_MAX}, found more",
                hint="Send what is long in a body.",
            )
        if not path.isprintable():
            raise InputError("http.address", f"expected a visible path, found {path[:100]!a}")

    def _is_ours(self, host: str) -> bool:
        """Tell whether a Host header means this node, and remember it."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) > _HOSTS_MAX:
                self._known.clear()
            known = self._known[host] = self._means_us(host)
        return known

    def _means_us(self, host: str) -> bool:
        """Tell whether a Host header means this node; an address can be no stranger's name."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if not _HOST.fullmatch(host):
            return False
        if name in self._hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True

    def _see_through_proxies(self, scope: Scope, headers: Headers) -> None:
        """Go by what a proxy says of its client, where the settings name that proxy."""
        client = scope.get("client")
        if not self._proxies or client is None or client[0] not in self._proxies:
            return
        chain = [one.strip() for one in ",".join(headers.getlist("x-forwarded-for")).split(",")]
        for one in reversed(chain):  # what stands further left anybody may have written
            if one and one not in self._proxies:
                scope["client"] = (one[:64], 0)
                break
        scheme = headers.get("x-forwarded-proto", "").strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme

    async def _identify_slowly(self, scope: Scope, headers: Headers) -> None:
        """Check tokens of others in a thread: their keys may have to be fetched first."""
        given = headers.get("authorization", "")
        if given[:7].lower() != "bearer " or given.count(".") != 2:
            return
        request = Request(scope)
        try:
            loop = asyncio.get_running_loop()
            found: Any = await loop.run_in_executor(self._slow, identify, self._site, request)
        except CounterfoilError as err:
            found = err
        scope["state"]["identified"] = found


class _Wrapped:
    """The two ends of one request: a body that is bounded, an answer that has its headers."""

    def __init__(
        self,
        site: Site,
        headers: Headers,
        receive: Receive,
        send: Send,
        admissions: list[Admission],
    ) -> None:
        self._site, self._headers = site, headers
        self._receive, self._send, self._admissions = receive, send, admissions
        self._began = time.monotonic()
        self._size, self._whole, self._broken = 0, False, False
        self.started = False

    def check_size(self) -> None:
        """Refuse a body that says itself that it is too large, before any of it is read."""
        given = self._headers.getlist("content-length")
        if not given:
            return
        if len(given) > 1 or not given[0].isascii() or not given[0].isdigit():
            raise InputError("http.length", "expected one Content-Length that is a number")
        if len(given[0]) > 15 or int(given[0]) > self._site.settings.body_max_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """Give the next part of the body."""
        if self._whole:
            return await self._receive()
        patience = _PATIENCE_S + self._size / _SLOWEST_BYTES_S
        left = self._began + patience - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                message = await self._receive()
        except TimeoutError:
            self._broken = True
            raise BodySlow(
                "http.body-slow",
                f"expected a body that keeps coming, found {self._size} bytes of it and then none",
                hint="Send less at once, or over a faster connection; nothing was stored.",
            ) from None
        if message["type"] != "http.request":
            self._whole = True
            return message
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._size > self._site.settings.body_max_bytes:
            raise self._too_large()
        for one in self._admissions[:1]:
            one.grow(self._size)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = list(message.get("headers", ()))
            given = dict(headers)
            headers += [pair for pair in _SAFETY if pair[0] not in given]
            if self._site.settings.https and _HSTS[0] not in given:
                headers.append(_HSTS)
            if self._broken:
                headers.append((b"connection", b"close"))
            if given.get(b"content-type", b"").startswith(_STREAM):
                for one in self._admissions:  # it stays open, and does next to nothing
                    one.leave()
            message = {**message, "headers": headers}
        await self._send(message)

    def _too_large(self) -> BodyTooLarge:
        self._broken = True
        return BodyTooLarge(
            "http.body-size",
            f"expected a body of at most {self._site.settings.body_max_bytes} bytes, found more",
            hint="Send it in several requests.",
        )

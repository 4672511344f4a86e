"""Ask an identity provider, and nobody whom its answers would rather have asked.

An issuer is named by the operator; what its documents name is not. So a further host must have
public addresses only (SSRF), and the connection goes to the very address that was looked at.
Answers are bounded in size and in time, headers included. This module refuses redirects, and plain
http but on this machine.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from counterfoil.errors import Refused, Unavailable

__all__ = ["TIMEOUT_S", "ask"]

TIMEOUT_S: Final = 10.0
"""Longest time that an answer may take, seconds."""

_MAX_BYTES: Final = 256 << 10
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def ask(
    url: str,
    issuer: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Get a JSON object; with a body, send that by POST.

    issuer: the URL that the operator named. Raises Refused with code access.issuer-address for an
    address that must not be asked, Unavailable with code access.issuer-answer.
    """
    parts = _checked(url, issuer)
    try:
        status, answer = _exchange(parts, _address_of(parts, issuer), body, dict(headers or {}))
        if status != 200:
            raise ValueError(f"status {status}")
        found = json.loads(answer)
        if not isinstance(found, dict):
            raise ValueError("no JSON object")
    except (HTTPError, HTTPException, OSError, ValueError, RecursionError) as err:
        raise Unavailable(
            "access.issuer-answer",
            f"expected {parts.scheme}://{parts.netloc} to answer for {issuer}, but: "
            f"{str(err)[:200]!a}",
            hint="Check the issuer's address, and that this machine reaches it.",
        ) from err
    return found


def _checked(url: str, issuer: str) -> SplitResult:
    """Split an address that may be asked for an issuer."""
    try:
        parts, named = urlsplit(url), urlsplit(issuer)
        _ = parts.port, named.port
    except ValueError:
        raise _forbidden(url, issuer, "it is no address") from None
    if not parts.hostname or parts.username is not None or not url.isascii():
        raise _forbidden(url, issuer, "it is no plain address")
    local = parts.hostname in _LOOPBACK and named.hostname in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise _forbidden(url, issuer, "it is not https")
    return parts


def _address_of(parts: SplitResult, issuer: str) -> tuple[Any, ...]:
    """Look up where to connect to; any public address, or one of the issuer's own host."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if host != urlsplit(issuer).hostname:
        for *_, place in found:
            if not ip_address(str(place[0]).partition("%")[0]).is_global:
                raise _forbidden(parts.geturl(), issuer, "it is inside of a private network")
    return found[0][4]


def _exchange(
    parts: SplitResult, place: tuple[Any, ...], body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Send one request to an address, and read its answer in time."""
    connection = _connection(parts, place)
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    watchdog = threading.Timer(TIMEOUT_S, cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        with closing(connection):
            connection.connect()
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            asked = {"Host": parts.netloc, "Accept": "application/json", **headers}
            method = "GET" if body is None else "POST"
            connection.request(method, target, body, asked, preload_content=False)
            answer = connection.getresponse()
            data = answer.read(_MAX_BYTES + 1, decode_content=False)
            if over.is_set():
                raise TimeoutError(f"it took longer than {TIMEOUT_S:g} s")
            if len(data) > _MAX_BYTES:
                raise ValueError(f"more than {_MAX_BYTES} bytes")
            return answer.status, data
    finally:
        watchdog.cancel()


def _connection(parts: SplitResult, place: tuple[Any, ...]) -> HTTPConnection:
    host, port = str(place[0]), int(place[1])
    if parts.scheme == "http":
        return HTTPConnection(host, port, timeout=TIMEOUT_S / 2)
    return HTTPSConnection(
        host,
        port,
        timeout=TIMEOUT_S / 2,
        ssl_context=ssl.create_default_context(),
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _forbidden(url: str, issuer: str, why: str) -> Refused:
    return Refused(
        "access.issuer-address",
        f"expected an address that may be asked for {issuer}, found {url[:200]!a}: {why}",
        hint="Use https; only the issuer's own host may be inside of a private network.",
    )

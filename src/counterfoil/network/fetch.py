"""Fetch small files over HTTP from a server that may lie, dawdle or never end.

Every answer has a largest size and a last moment, the headers included: a server that sends one
byte a second holds nobody. Connections are kept alive; what may pass is tried again after a pause
that grows. This module refuses to follow redirects (whoever answers must be whom the reader
named), to decompress, and to believe what it fetched.
"""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url, parse_url

from counterfoil.errors import InputError, Unavailable

__all__ = ["PASSING", "FetchLimits", "Fetcher"]

_CHUNK: Final = 1 << 16
_PIECE: Final = 1 << 14
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of a server that may answer later."""
_ABSENT: Final = frozenset({404, 410})
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "counterfoil"}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long to wait for a server, and how often to ask again.

    idle_s: for a connection, and between two pieces of an answer. total_s: for a whole answer of
    up to 16 MiB; larger ones get as much more as their size. tries: at most. first_pause_s:
    before the second try; it doubles, up to 30 s.
    """

    idle_s: float = 15.0
    total_s: float = 60.0
    tries: int = 4
    first_pause_s: float = 0.3


class Fetcher:
    """Fetches what stands below one address; safe for threads.

    base: http or https, without query. pause: sleeps that many seconds; it may raise to give up.
    Raises InputError with code source.url.
    """

    def __init__(
        self,
        base: str,
        limits: FetchLimits | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._limits = limits or FetchLimits()
        self._pause = pause
        self._url = _checked(base)
        self._base = base.rstrip("/")
        self._idle: list[HTTPConnection] = []  # kept alive; a list's pop and append are atomic
        self._busy: set[HTTPConnection] = set()
        self._followed: set[socket.socket] = set()
        self._closed = False
        self._context = ssl.create_default_context() if self._url.scheme == "https" else None

    def get(self, path: str, limit: int) -> bytes | None:
        """Fetch `path` below the base; None where the server says that it has none.

        limit: largest answer, bytes. Raises Unavailable with code source.unreachable,
        source.status or source.redirect, InputError with code source.too-large.
        """
        left, pause_s = self._limits.tries, self._limits.first_pause_s
        while True:
            left -= 1
            try:
                return self._once(path, limit)
            except _Passing as err:
                if left <= 0 or self._closed:
                    raise err.final from err
            self._pause(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # not a secret
            pause_s = min(pause_s * 2, 30.0)

    def follow(self, path: str, media: str, take: Callable[[bytes], object]) -> int:
        """Hand over an answer that has no end in pieces of up to 16 KiB, until it ends or `close`.

        media: the type that it must have. The headers must come in `total_s`, each piece in
        `idle_s`. Returns the status; 406 for an answer of another type, of which nothing is read.
        Raises Unavailable with code source.unreachable.
        """
        connection, held = self._connection(), list[socket.socket]()
        cut = threading.Event()
        watchdog = threading.Timer(self._limits.total_s, _cut, (connection, held, cut))
        watchdog.daemon = True
        watchdog.start()
        try:
            if connection.sock is None:
                connection.connect()
            held.append(connection.sock)
            self._followed.update(held)
            if self._closed:  # meanwhile
                return 200
            headers = {**_HEADERS, "Accept": media}
            target = f"{self._url.path or ''}/{path}"
            connection.request("GET", target, headers=headers, preload_content=False)
            with contextlib.closing(connection.getresponse()) as answer:
                watchdog.cancel()
                if cut.is_set():  # what came of the headers looks whole then
                    raise HTTPError(f"its headers took more than {self._limits.total_s:g} s")
                return _hand_over(answer, media, take)
        except (HTTPError, HTTPException, OSError, ValueError) as err:
            raise _unreachable(f"{self._base}/{path}", _plain(err)) from err
        finally:
            watchdog.cancel()
            self._followed.difference_update(held)
            connection.close()
            for each in held:
                each.close()

    def close(self) -> None:
        """Close all connections; fetches under way end. Calling it again does nothing."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        for connection in tuple(self._busy):
            _shut(connection.sock)
        for each in tuple(self._followed):
            _shut(each)

    def _once(self, path: str, limit: int) -> bytes | None:
        url = f"{self._base}/{path}"
        total_s = self._limits.total_s * max(1.0, limit / (16 << 20))
        connection = self._connection()
        self._busy.add(connection)
        cut, held = threading.Event(), list[socket.socket]()
        watchdog = threading.Timer(total_s, _cut, (connection, held, cut))
        watchdog.daemon = True
        watchdog.start()
        try:
            if connection.sock is None:
                connection.connect()
            held.append(connection.sock)  # an answer that ends the connection takes it away
            data, reusable = _exchange(connection, f"{self._url.path or ''}/{path}", url, limit)
        except (HTTPError, HTTPException, OSError, ValueError) as err:
            connection.close()
            why = f"it took more than {total_s:g} s" if cut.is_set() else _plain(err)
            raise _Passing(_unreachable(url, why)) from err
        except BaseException:
            connection.close()
            raise
        finally:
            watchdog.cancel()
            self._busy.discard(connection)
        if reusable and not cut.is_set():
            self._idle.append(connection)
            if self._closed:  # meanwhile
                self.close()
        else:
            connection.close()
        return data

    def _connection(self) -> HTTPConnection:
        while self._idle:
            kept = self._idle.pop()
            if kept.is_connected:
                return kept
            kept.close()
        host, timeout = self._url.host or "", self._limits.idle_s
        host = host.strip("[]")
        if self._context is not None:
            return HTTPSConnection(
                host, self._url.port or 443, timeout=timeout, ssl_context=self._context
            )
        return HTTPConnection(host, self._url.port or 80, timeout=timeout)


class _Passing(Exception):
    """A failure that may pass. final: what to raise when it does not."""

    def __init__(self, final: Unavailable) -> None:
        super().__init__(final.message)
        self.final = final


def _exchange(
    connection: HTTPConnection, target: str, url: str, limit: int
) -> tuple[bytes | None, bool]:
    """Ask once; returns the body, None where there is none, and whether to ask again here."""
    connection.request("GET", target, headers=_HEADERS, preload_content=False)
    answer = connection.getresponse()
    try:
        return _read(answer, url, limit)
    except BaseException:
        answer.close()
        raise


def _read(answer: HTTPResponse, url: str, limit: int) -> tuple[bytes | None, bool]:
    if answer.status in _ABSENT:
        return None, _drained(answer)
    if answer.status != 200:
        raise _bad_status(answer.status, url)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise HTTPError("it is compressed, which was not asked for")
    stated = answer.headers.get("Content-Length", "")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > limit:
        raise _too_large(url, limit)
    data = bytearray()
    while part := answer.read1(_CHUNK, decode_content=False):
        data += part
        if len(data) > limit:
            raise _too_large(url, limit)
    if stated.isdecimal() and len(data) != int(stated):
        raise HTTPError(f"it was cut short after {len(data)} of {stated} bytes")
    return bytes(data), True


def _hand_over(answer: HTTPResponse, media: str, take: Callable[[bytes], object]) -> int:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.status != 200 or kind != media:
        return answer.status if answer.status != 200 else 406
    while part := answer.read1(_PIECE, decode_content=False):
        take(part)
    return 200


def _drained(answer: HTTPResponse) -> bool:
    """Read the little that a refusal says; tells whether that was all."""
    left = _CHUNK
    while part := answer.read1(left, decode_content=False):
        left -= len(part)
        if left <= 0:
            return False
    return True


def _cut(connection: HTTPConnection, held: Sequence[socket.socket], cut: threading.Event) -> None:
    """End an exchange that takes too long, wherever it waits."""
    cut.set()
    for each in (connection.sock, *held):
        _shut(each)


def _shut(each: socket.socket | None) -> None:
    """Wake whoever waits for a connection; the socket itself is closed by its owner."""
    if each is not None:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _unreachable(url: str, why: str) -> Unavailable:
    return Unavailable(
        "source.unreachable",
        f"expected an answer from {url}, but: {why}",
        hint="Check the address and the network; the same request may succeed later.",
    )


def _bad_status(status: int, url: str) -> Exception:
    if 300 <= status < 400:
        return Unavailable(
            "source.redirect",
            f"expected {url} to answer itself, found a redirect ({status})",
            hint="Redirects are not followed: name the address that it leads to, if you trust it.",
        )
    failed = Unavailable(
        "source.status",
        f"expected {url} to answer 200, found {status}",
        hint="Check the address; the server may be busy or may refuse you.",
    )
    return _Passing(failed) if status in PASSING else failed


def _too_large(url: str, limit: int) -> InputError:
    return InputError(
        "source.too-large",
        f"expected at most {limit} bytes from {url}, found more",
        hint="No honest log serves this: do not rely on the server.",
    )


def _checked(base: str) -> Url:
    try:
        parsed = parse_url(base)
        good = bool(parsed.scheme in ("http", "https") and parsed.host and not parsed.auth)
        if good and not parsed.query and not parsed.fragment:
            return parsed._replace(path=(parsed.path or "").rstrip("/"))
    except HTTPError:
        pass
    raise InputError(
        "source.url",
        f"expected an address such as https://log.example/path, found {base[:200]!a}",
        hint="Name http or https, a host, and the path below which `checkpoint` stands.",
    )


def _plain(err: Exception) -> str:
    """Say in one line what the network library says in several."""
    return " ".join(str(err).split())[:300] or type(err).__name__

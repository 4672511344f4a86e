"""Run an ASGI app until a signal, or beside other work; the one place that knows a web server.

Meant for machines that face strangers through a reverse proxy, if at all: an address is reachable
from other machines only when somebody names one. This module refuses to speak TLS, to log what is
asked, and to serve on an address that nobody chose.
"""

from __future__ import annotations

import errno
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from counterfoil.errors import InputError, Unavailable
from counterfoil.ops.protocols import HEAD_MAX_BYTES, App, careful_protocol, fast_protocol

if TYPE_CHECKING:
    import uvicorn

__all__ = ["App", "Listener", "listen_on", "serve", "serving", "until_signal"]

_CONNECTIONS_MAX: Final = 512
_BACKLOG: Final = 128
_IDLE_S: Final = 60
_FINISH_S: Final = 5
_STARTED_WITHIN_S: Final = 30.0
_LOOK_AGAIN_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that clients can connect to already. address: host:port, the real port."""

    socket: socket.socket
    address: str

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        return f"http://{self.address}"


def listen_on(listen: str) -> Listener:
    """Bind an address; port 0 takes a free one.

    listen: `host:port`, the host named, IPv6 in brackets; for example 127.0.0.1:8421.
    Raises InputError with code serve.address, Unavailable with code serve.in-use or serve.bind.
    """
    host, port = _split(listen)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        bound = socket.create_server(place[:2], family=family, backlog=_BACKLOG)
        # Inherited by connections; without it a small answer waits 40 ms for the peer's ACK.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as err:
        if err.errno == errno.EADDRINUSE:
            raise Unavailable(
                "serve.in-use",
                f"expected {listen} to be free, found it in use",
                hint="Stop the other program, or name another port; 0 takes any free one.",
            ) from err
        raise Unavailable(
            "serve.bind",
            f"expected to listen on {listen}, but: {err}",
            hint="Name an address of this machine, for example 127.0.0.1:8421.",
        ) from err
    real = bound.getsockname()
    shown = f"[{real[0]}]" if ":" in real[0] else real[0]
    return Listener(bound, f"{shown}:{real[1]}")


def serve(app: App, listen: str | Listener, announce: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are answered first, for 5 seconds.

    announce: hears the URL once clients can connect. Raises as `listen_on`.
    """
    with until_signal() as wait, serving(app, listen) as url:
        if announce is not None:
            announce(url)
        wait()


@contextmanager
def until_signal() -> Iterator[Callable[..., bool]]:
    """Catch SIGINT and SIGTERM during a block, which gets a function that waits for one.

    The function takes how long to wait, seconds, or None for ever; it says whether one came.

    For who tells people that it serves: a signal that comes right then ends it cleanly, too. Off
    the main thread no signal can be caught, and the wait has no end.
    """
    import signal

    came = threading.Event()

    def wait(timeout_s: float | None = None) -> bool:
        return came.wait(timeout_s)

    ends = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield wait
        return
    before = {number: signal.signal(number, lambda *_: came.set()) for number in ends}
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def serving(
    app: App,
    listen: str | Listener = "127.0.0.1:0",
    *,
    fast: bool = False,
    connections_max: int = _CONNECTIONS_MAX,
    ended: Callable[[], None] | None = None,
) -> Iterator[str]:
    """Serve in a thread for the duration of a block, which gets the URL.

    fast: with a parser and an event loop in C, of the extra `node`. connections_max: at a time;
    who comes then is told 503. ended: is called, in that thread, when serving ends, whoever ended
    it. Raises as `listen_on`.
    """
    listener = listen if isinstance(listen, Listener) else listen_on(listen)
    server = _server(app, fast, connections_max)

    def run() -> None:
        try:
            server.run([listener.socket])
        finally:
            if ended is not None:
                ended()

    thread = threading.Thread(target=run, name="serving", daemon=True)
    thread.start()
    try:
        _wait_started(server, thread)
        yield listener.url
    finally:
        server.should_exit = True
        thread.join()
        listener.socket.close()


def _wait_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _STARTED_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise Unavailable("serve.start", "expected the server to start, found that it did not")
        time.sleep(_LOOK_AGAIN_S)


def _server(
    app: App, fast: bool = False, connections_max: int = _CONNECTIONS_MAX
) -> uvicorn.Server:
    import uvicorn

    def ending() -> bool:
        return server.should_exit

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=(fast_protocol if fast else careful_protocol)(app, ending),
            loop="uvloop" if fast and sys.platform != "win32" else "asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # strangers cause warnings as they like
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=connections_max,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_FINISH_S,
            h11_max_incomplete_event_size=HEAD_MAX_BYTES,
            reset_contextvars=True,
        )
    )
    return server


def _split(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InputError(
            "serve.address",
            f"expected an address as host:port, found {listen[:80]!a}",
            hint="For example 127.0.0.1:8421; name 0.0.0.0 to be reachable from other machines.",
        )
    return host, int(port)

"""An app is served until a signal or the end of a block, on the address that was named."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from counterfoil.errors import InputError, Unavailable
from counterfoil.ops import protocols
from counterfoil.ops import serving as module
from counterfoil.ops.serving import listen_on, serve, serving, until_signal
from tests.shared_data import ROOT

Message = MutableMapping[str, Any]


async def hello(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer everything alike."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def get(url: str) -> bytes:
    """Fetch the root."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", "/")
    body = connection.getresponse().read()
    connection.close()
    return body


@pytest.mark.parametrize("fast", [False, True])
def test_in_a_thread(fast: bool) -> None:
    """During the block it serves on a free port of this machine, afterwards it does not."""
    with serving(hello, fast=fast) as url:
        assert url.startswith("http://127.0.0.1:")
        assert get(url) == b"hello"
    with pytest.raises(OSError, match="refused"):
        get(url)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_until_a_signal(number: signal.Signals) -> None:
    """SIGINT and SIGTERM end it cleanly, and the caller goes on."""
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    heard: list[bytes] = []

    def ask(url: str) -> None:
        def later() -> None:
            heard.append(get(url))
            os.kill(os.getpid(), number)

        threading.Thread(target=later).start()

    serve(hello, "127.0.0.1:0", ask)
    assert heard == [b"hello"]
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_a_signal_before_the_wait() -> None:
    """A signal that comes before anybody waits is not lost."""
    with until_signal() as wait:
        signal.raise_signal(signal.SIGTERM)
        wait()


def test_off_the_main_thread() -> None:
    """Off the main thread, where no signal can be caught, nothing is caught."""
    came: list[bool] = []

    def run() -> None:
        with until_signal():
            came.append(signal.getsignal(signal.SIGTERM) is before)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert came == [True]


class Dead:
    """A server that ends before it has started."""

    started = should_exit = False

    def run(self, sockets: list[socket.socket]) -> None:
        """End."""


def test_a_server_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot start is Unavailable, and its address is free again."""
    monkeypatch.setattr(module, "_server", lambda *_: Dead())
    listener = listen_on("127.0.0.1:0")
    with pytest.raises(Unavailable) as caught, serving(hello, listener):
        pass
    assert caught.value.code == "serve.start"
    listen_on(listener.address).socket.close()


def test_address_in_use() -> None:
    """A port that is taken is said to be, with what to do."""
    with serving(hello) as url, pytest.raises(Unavailable) as caught:
        listen_on(url.removeprefix("http://"))
    assert caught.value.code == "serve.in-use"
    assert "another port" in caught.value.hint


@pytest.mark.parametrize("listen", ["203.0.113.7:0", "host.invalid:80"])
def test_addresses_of_others(listen: str) -> None:
    """An address that is not this machine's cannot be served on."""
    with pytest.raises(Unavailable) as caught:
        listen_on(listen)
    assert caught.value.code == "serve.bind"


@pytest.mark.parametrize(
    "listen",
    ["", "8421", ":8421", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "h:-1", "h:65536", "h:²"],
)
def test_addresses_that_are_none(listen: str) -> None:
    """Host and port are both named: nobody serves on all addresses by leaving one out."""
    with pytest.raises(InputError) as caught:
        listen_on(listen)
    assert caught.value.code == "serve.address"


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6() -> None:
    """An IPv6 address stands in brackets."""
    try:
        listener = listen_on("[::1]:0")
    except Unavailable:
        pytest.skip("this machine has no IPv6 loopback")
    with serving(hello, listener) as url:
        assert url.startswith("http://[::1]:")
        assert get(url) == b"hello"


@pytest.mark.parametrize("fast", [False, True])
def test_silence_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    """Who connects and does not send the head of a request in time is hung up on."""
    monkeypatch.setattr(protocols, "HEAD_S", 0.2)
    with serving(hello, fast=fast) as url:
        host, port = urlsplit(url).netloc.split(":")
        whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        for first, then in [(b"", b""), (b"GET / HT", b""), (whole, b"GET / HT")]:
            with socket.create_connection((host, int(port)), timeout=30) as line:
                line.sendall(first)
                received = b""
                while first == whole and not received.endswith(b"0\r\n\r\n"):
                    received += line.recv(4096)
                line.sendall(then)
                assert line.recv(4096) == b""
        assert get(url) == b"hello"


@pytest.mark.parametrize("fast", [False, True])
def test_long_heads(fast: bool) -> None:
    """A head of more than 16 KiB is refused, in one piece or in many, and others are served on."""
    start = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "
    with serving(hello, fast=fast) as url:
        host, port = urlsplit(url).netloc.split(":")
        for pieces in (1, 12):
            with socket.create_connection((host, int(port)), timeout=30) as line:
                line.sendall(start)
                for _ in range(pieces):
                    with suppress(OSError):  # it may have hung up already
                        line.sendall(b"a" * (36_000 // pieces))
                    time.sleep(0.01)  # so that they come apart
                with suppress(OSError):
                    line.sendall(b"\r\n\r\n")
                with suppress(ConnectionResetError):  # what came after may undo the answer
                    assert line.recv(4096).startswith(b"HTTP/1.1 400")
        assert get(url) == b"hello"


@pytest.mark.parametrize("fast", [False, True])
def test_requests_on_one_line(fast: bool) -> None:
    """Requests sent at once on one connection are answered in order, and a body may be large."""
    with serving(hello, fast=fast) as url:
        host, port = urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + b"b" * 40_000
            line.sendall(whole * 2)
            received = b""
            while received.count(b"0\r\n\r\n") < 2:
                received += line.recv(4096)
            assert received.count(b"hello") == 2


@pytest.mark.parametrize("fast", [False, True])
def test_who_takes_no_answer_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fast: bool
) -> None:
    """An answer that nobody takes is given up in time, and leaves no line in the log."""
    monkeypatch.setattr(protocols, "TAKE_S", 0.2)
    ended = threading.Event()

    async def large(scope: Message, receive: Any, send: Callable[[Message], Any]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            part = {"type": "http.response.body", "body": bytes(1 << 20), "more_body": True}
            await send(part)
        await send({"type": "http.response.body", "body": b""})
        ended.set()

    with serving(large, fast=fast) as url:
        host, port = urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            assert ended.wait(30)
            with suppress(ConnectionResetError):  # what was under way comes, and then the end
                while line.recv(1 << 20):
                    pass
    assert not caplog.records


@pytest.mark.parametrize("fast", [False, True])
def test_trailers_are_passed_over(fast: bool) -> None:
    """A field after a chunked body is no header of the request: no proxy has looked at it."""
    heard: list[list[tuple[bytes, bytes]]] = []

    async def listening(scope: Message, receive: Any, send: Callable[[Message], Any]) -> None:
        while (await receive()).get("more_body"):
            pass
        heard.append(list(scope["headers"]))
        await hello(scope, receive, send)

    with serving(listening, fast=fast) as url:
        host, port = urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            line.sendall(head + b"1\r\na\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
            assert b" 200 " in line.recv(4096)
    assert [name for name, _ in heard[0]] == [b"host", b"transfer-encoding"]


def test_more_connections_than_are_served() -> None:
    """Who comes when too many are there is told to come again, at once."""
    with serving(hello, fast=True, connections_max=2) as url:
        host, port = urlsplit(url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=30) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with socket.create_connection((host, int(port)), timeout=30) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert line.recv(4096).startswith(b"HTTP/1.1 503")


def test_only_here() -> None:
    """Importing every other module of ours loads no web server."""
    code = (
        "import sys, counterfoil.ops.serving, counterfoil.witness.app, counterfoil.cli.main\n"
        "print([m for m in ('uvicorn', 'h11', 'httptools', 'asyncio') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() in ("[]", "['asyncio']")  # the app itself needs asyncio


def test_who_serves_hears_when_serving_ends() -> None:
    """A server that ends is told of, so that nobody believes it still answers."""
    heard = threading.Event()
    with serving(hello, ended=heard.set) as url:
        assert get(url)
        assert not heard.is_set()
    assert heard.is_set()

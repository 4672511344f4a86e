"""Fetching from a server that may lie, dawdle, break off or never end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from counterfoil.errors import InputError, Unavailable
from counterfoil.network.fetch import Fetcher, FetchLimits
from tests.http_rig import raw_server
from tests.log_rig import raises_code

QUICK = FetchLimits(idle_s=5, total_s=1.0, tries=2, first_pause_s=0.01)
PATIENT = FetchLimits(idle_s=20, total_s=20, tries=2, first_pause_s=0.01)


@contextlib.contextmanager
def opened(
    url: str, limits: FetchLimits = PATIENT, pause: Callable[[float], object] = time.sleep
) -> Iterator[Fetcher]:
    """Open a fetcher, and close its connections in the end."""
    fetcher = Fetcher(url, limits, pause)
    try:
        yield fetcher
    finally:
        fetcher.close()


def whole(peer: socket.socket, body: bytes, head: bytes = b"200 OK") -> None:
    """Send an honest answer."""
    peer.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body))


def test_it_fetches_over_one_connection() -> None:
    """Answers come whole, over a connection that is kept; what is absent is None."""
    peers: set[int] = set()

    def answer(peer: socket.socket, path: str) -> None:
        peers.add(peer.fileno())
        if path == "/log/gone":
            whole(peer, b"no such thing", b"404 Not Found")
        else:
            whole(peer, path.encode() * 1000)

    with raw_server(answer) as url:
        fetcher = Fetcher(f"{url}/log/", PATIENT)
        for _ in range(3):
            assert fetcher.get("tile/0/000", 100_000) == b"/log/tile/0/000" * 1000
            assert fetcher.get("gone", 10) is None
        fetcher.close()
        fetcher.close()
    assert len(peers) == 1


def test_a_chunked_answer_and_one_without_length() -> None:
    """Answers without a length come whole, too."""

    def answer(peer: socket.socket, path: str) -> None:
        if path == "/chunked":
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            peer.sendall(head + b"5\r\nhello\r\n3\r\n, x\r\n0\r\n\r\n")
        else:
            peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nto the end")
            peer.shutdown(socket.SHUT_RDWR)

    with raw_server(answer) as url, opened(url) as fetcher:
        assert fetcher.get("chunked", 100) == b"hello, x"
        assert fetcher.get("plain", 100) == b"to the end"
        assert fetcher.get("chunked", 100) == b"hello, x"


def test_what_may_pass_is_tried_again() -> None:
    """A busy server, a cut answer and a lost connection are asked again, after growing pauses."""
    asked: list[str] = []
    pauses: list[float] = []

    def answer(peer: socket.socket, path: str) -> None:
        asked.append(path)
        if len(asked) == 1:
            whole(peer, b"busy", b"503 Service Unavailable")
        elif len(asked) == 2:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            peer.shutdown(socket.SHUT_RDWR)
        elif len(asked) == 3:
            peer.shutdown(socket.SHUT_RDWR)
        else:
            whole(peer, b"at last")

    with raw_server(answer) as url:
        limits = FetchLimits(idle_s=20, tries=4, first_pause_s=0.2)
        with opened(url, limits, pauses.append) as fetcher:
            assert fetcher.get("x", 100) == b"at last"
    assert len(asked) == 4
    assert 0.1 <= pauses[0] <= 0.2 < 0.4 <= pauses[2] <= 0.8


def test_what_does_not_pass_is_reported() -> None:
    """Nobody there, a status that means no, an answer torn each time: named, in bounded tries."""

    def torn(peer: socket.socket, path: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        peer.shutdown(socket.SHUT_RDWR)

    with raw_server(torn) as url, raises_code("source.unreachable", Unavailable):
        Fetcher(url, PATIENT).get("x", 1000)
    with raises_code("source.unreachable", Unavailable):  # nobody is there any more
        Fetcher(url, PATIENT).get("x", 1000)
    with (
        raw_server(lambda peer, _: whole(peer, b"", b"403 Forbidden")) as url,
        raises_code("source.status", Unavailable),
    ):
        Fetcher(url, PATIENT).get("x", 1000)
    with (
        raw_server(lambda peer, _: peer.sendall(b"what?\r\n\r\n")) as url,
        raises_code("source.unreachable", Unavailable),
    ):
        Fetcher(url, QUICK).get("x", 1000)


def test_redirects_are_not_followed() -> None:
    """A redirect is an error that says so: nobody else is asked."""
    asked: list[str] = []

    def answer(peer: socket.socket, path: str) -> None:
        asked.append(path)
        peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    with raw_server(answer) as url, raises_code("source.redirect", Unavailable):
        Fetcher(url, PATIENT).get("x", 10)
    assert asked == ["/x"]


@pytest.mark.parametrize("stated", [True, False])
def test_an_endless_answer_is_cut(stated: bool) -> None:
    """An answer over the limit is refused: at once where it says so, else after the limit."""
    sent = 0

    def answer(peer: socket.socket, path: str) -> None:
        nonlocal sent
        length = b"Content-Length: 10000000000\r\n" if stated else b""
        peer.sendall(b"HTTP/1.1 200 OK\r\n%s\r\n" % length)
        for _ in range(10_000):  # ends with the connection
            peer.sendall(bytes(65536))
            sent += 65536

    with raw_server(answer) as url, raises_code("source.too-large", InputError):
        Fetcher(url, PATIENT).get("x", 100_000)
    assert sent < 64 << 20


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_slow_answer_is_cut(where: str) -> None:
    """A server that sends a byte now and then, in headers or body, is left after the time limit."""
    over = threading.Event()

    def answer(peer: socket.socket, path: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"
        peer.sendall(head[:10] if where == "head" else head)
        try:
            while not over.wait(0.05):
                peer.sendall(b"x")
        except OSError:
            over.set()

    with raw_server(answer) as url, raises_code("source.unreachable", Unavailable) as caught:
        try:
            Fetcher(url, QUICK).get("x", 100_000)
        finally:
            over.wait(20)
    assert "more than 1 s" in caught.value.message


def test_a_compressed_answer_is_refused() -> None:
    """Nothing is decompressed: a small answer cannot become a large one."""

    def answer(peer: socket.socket, path: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx")

    with raw_server(answer) as url, raises_code("source.unreachable", Unavailable):
        Fetcher(url, QUICK).get("x", 100)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://log.example",
        "log.example",
        "http://",
        "http://user:pass@log.example",
        "https://log.example/?a=1",
        "https://log.example/#x",
        "http://[",
        "",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """Only http and https addresses, without credentials or query, are asked."""
    with raises_code("source.url", InputError):
        Fetcher(url)


def test_threads_share_a_fetcher() -> None:
    """Several threads fetch through one fetcher and each gets its own answer."""

    def answer(peer: socket.socket, path: str) -> None:
        time.sleep(0.001)
        whole(peer, path.encode())

    with raw_server(answer) as url:
        fetcher = Fetcher(url, PATIENT)
        wrong: list[str] = []

        def work(name: str) -> None:
            for number in range(30):
                if fetcher.get(f"{name}{number}", 100) != f"/{name}{number}".encode():
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fetcher.close()
    assert wrong == []

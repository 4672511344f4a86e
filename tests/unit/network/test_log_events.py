"""Who waits for a log's next checkpoint is told at once; who lies to the waiting gains nothing."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from counterfoil.errors import Unavailable
from counterfoil.network import LogApp, log_wakes
from counterfoil.network.fetch import Fetcher, FetchLimits
from counterfoil.network.log_events import STREAMS_MAX, event_of
from counterfoil.network.log_wakes import LogWakes
from counterfoil.ops.serving import serving
from tests.http_rig import raw_server
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, publish, sign_tree
from tests.polling import until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@contextmanager
def stream(url: str) -> Iterator[http.client.HTTPResponse]:
    """Open the stream of events."""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request("GET", "/events")
        yield connection.getresponse()


def next_event(answer: http.client.HTTPResponse) -> dict[str, bytes]:
    """Read up to the next event, as a reader of the standard does; comments are let be."""
    fields: dict[str, list[bytes]] = {}
    while (line := answer.readline()) != b"\n" or not fields:
        assert line, "the stream ended"
        name, _, value = line.removesuffix(b"\n").partition(b": ")
        if name.strip(b":\n"):
            fields.setdefault(name.decode(), []).append(value)
    return {name: b"\n".join(values) for name, values in fields.items()}


def test_the_checkpoint_comes_at_once_and_at_each_change(tmp_path: Path) -> None:
    """Each event is the signed checkpoint byte for byte, under its size; all readers get it."""
    publish(tmp_path, entries_of(3))
    with serving(LogApp(tmp_path)) as url, stream(url) as one, stream(url) as two:
        kinds = [one.headers[name] for name in ("content-type", "cache-control")]
        assert kinds == ["text/event-stream; charset=utf-8", "no-store"]
        for size in (3, 4, 300):
            signed = publish(tmp_path, entries_of(size)) if size > 3 else sign_tree(entries_of(3))
            told = {"event": b"checkpoint", "id": b"%d" % size, "data": signed}
            assert next_event(one) == next_event(two) == told
        with stream(url) as late:
            assert next_event(late) == told


def test_a_log_without_a_checkpoint_is_waited_for(tmp_path: Path) -> None:
    """The first checkpoint of a new log is an event; what is no checkpoint is none."""
    with serving(LogApp(tmp_path)) as url, stream(url) as answer:
        assert answer.status == 200
        for junk in (b"", b"junk", b"a\nb\nc\nd\n", b"a\n7\r\nc\nd\n", b"\n" * (1 << 21)):
            (tmp_path / "checkpoint").write_bytes(junk)
        assert not any(event_of(junk) for junk in (b"", b"junk", b"a\nb\nc\nd\n", b"a\n7\nc\r\n"))
        publish(tmp_path, entries_of(5))
        assert next_event(answer)["id"] == b"5"


def test_a_comment_shows_that_the_stream_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing changes, comments come, and no event twice."""
    monkeypatch.setattr("counterfoil.network.log_events._HEARTBEAT_S", 0.05)
    publish(tmp_path, entries_of(3))
    with serving(LogApp(tmp_path)) as url, stream(url) as answer:
        assert next_event(answer)["id"] == b"3"
        assert [answer.readline() for _ in range(6)] == [b":\n", b"\n"] * 3


def test_streams_are_limited_and_freed(tmp_path: Path) -> None:
    """One stream too many is asked to come later, files are still served, and ends free places."""
    publish(tmp_path, entries_of(3))
    app = LogApp(tmp_path)
    with serving(app) as url:
        with ExitStack() as stack:
            for _ in range(STREAMS_MAX):
                next_event(stack.enter_context(stream(url)))
            with stream(url) as refused:
                assert (refused.status, refused.headers["retry-after"]) == (503, "10")
            with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as other:
                other.request("GET", "/checkpoint")
                assert other.getresponse().read() == sign_tree(entries_of(3))

        def free() -> bool:
            with stream(url) as answer:
                return answer.status == 200 and next_event(answer)["id"] == b"3"

        assert until(free)


def test_head_and_other_methods(tmp_path: Path) -> None:
    """HEAD has the headers and ends; nothing is posted."""
    with serving(LogApp(tmp_path)) as url:
        for method, status in (("HEAD", 200), ("POST", 405)):
            with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as one:
                one.request(method, "/events")
                answer = one.getresponse()
                assert answer.status == status
                answer.read()


def test_the_server_stops_with_open_streams(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A stream is ended whole when its server stops; nothing is written about it."""
    publish(tmp_path, entries_of(3))
    with ExitStack() as stack:
        with serving(LogApp(tmp_path)) as url:
            answers = [stack.enter_context(stream(url)) for _ in range(3)]
            for answer in answers:
                next_event(answer)
        for answer in answers:  # an end that is not whole raises IncompleteRead
            assert answer.read().strip(b":\n") == b""
    assert capfd.readouterr() == ("", "")


def test_who_does_not_read_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader whose buffers are full loses its place, and others go on."""
    monkeypatch.setattr("counterfoil.network.log_events._TAKE_S", 0.2)
    publish(tmp_path, entries_of(3))
    app = LogApp(tmp_path)
    with serving(app) as url, stream(url) as reader, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, _, port = urlsplit(url).netloc.partition(":")
        lazy.connect((host, int(port)))
        lazy.sendall(b"GET /events HTTP/1.1\r\nHost: log\r\n\r\n")
        assert next_event(reader)["id"] == b"3"
        assert until(lambda: len(app._events._streams) == 2)
        long = b"x" * 60_000
        number = 10
        while len(app._events._streams) == 2 and number < 1000:
            number += 1
            temporary = tmp_path / "next"
            temporary.write_bytes(b"log\n%d\nroot\n\n%s\n" % (number, long))
            temporary.replace(tmp_path / "checkpoint")
            while int(next_event(reader)["id"]) != number:
                pass
        assert len(app._events._streams) == 1


def test_wakes_come_with_changes_and_end_with_close(tmp_path: Path) -> None:
    """Each change rings; after a break the stream is opened again."""
    publish(tmp_path, entries_of(3))
    bell = threading.Event()
    with serving(LogApp(tmp_path)) as url:
        wakes = LogWakes(url, bell, first_pause_s=0.05)
        assert bell.wait(30)
        assert (wakes.take(), wakes.take()) == (True, False)
        bell.clear()
        publish(tmp_path, entries_of(4))
        assert bell.wait(30)
        assert wakes.take()
    bell.clear()
    with serving(LogApp(tmp_path), urlsplit(url).netloc):
        assert bell.wait(30)
        wakes.close()
        assert not wakes._thread.is_alive()


def test_a_log_without_a_stream_is_not_asked_again_soon() -> None:
    """An older server's 404, and a page that is no stream, cost one request in ten minutes."""
    asked: list[str] = []
    answers = [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>data: x\n\n",
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    ]
    for answer in answers:
        asked.clear()
        bell = threading.Event()

        def reply(peer: socket.socket, path: str, answer: bytes = answer) -> None:
            asked.append(path)
            peer.sendall(answer)
            peer.shutdown(socket.SHUT_WR)

        with raw_server(reply) as url:
            wakes = LogWakes(url, bell, first_pause_s=0.01)
            assert until(lambda: asked != [])
            assert not bell.wait(0.3)
            wakes.close()
        assert asked == ["/events"]


def test_headers_without_an_end_are_cut_off() -> None:
    """A server that drips headers holds a stream no longer than a whole answer may take."""
    done = threading.Event()

    def reply(peer: socket.socket, _path: str) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.01):
            peer.sendall(b"x")

    with raw_server(reply) as url, closing(Fetcher(url, FetchLimits(total_s=0.2))) as fetcher:
        with raises_code("source.unreachable", Unavailable):
            fetcher.follow("events", "text/event-stream", bytes)
        done.set()
        fetcher.close()
        assert fetcher.follow("events", "text/event-stream", bytes) == 200


def test_garbage_and_lines_without_an_end_keep_nothing() -> None:
    """However much a server sends, a few bytes are kept, no wake comes of it, and close ends it."""
    bell, sent = threading.Event(), threading.Event()

    def reply(peer: socket.socket, _path: str) -> None:
        peer.sendall(HEAD + b": \xff\xfe\x00\n\n\n\nid: 1\n\nevent: x\n\n" + b"y" * 100_000)
        sent.set()
        while True:
            peer.sendall(b"z" * 65_536)

    with raw_server(reply) as url:
        wakes = LogWakes(url, bell)
        assert sent.wait(30)
        assert until(lambda: wakes._rest != b"")
        assert not bell.is_set()
        assert len(wakes._rest) <= 4
        wakes.close()
        assert not wakes._thread.is_alive()


def test_a_flood_of_events_is_read_slowly() -> None:
    """A server that sends events without a pause is not read faster than 20 pieces a second."""
    bell, rests = threading.Event(), []

    class Counted(threading.Event):
        """Counts waits instead of waiting, and ends after fifty."""

        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout)
            if len(rests) == 50:
                self.set()
                wakes._fetcher.close()
            return self.is_set()

    def reply(peer: socket.socket, _path: str) -> None:
        started.wait(30)
        peer.sendall(HEAD)
        while True:
            peer.sendall(b"data: lie\n\n" * 5000)

    started = threading.Event()
    with raw_server(reply) as url:
        wakes = LogWakes(url, bell)
        wakes._closing = Counted()
        started.set()
        assert until(lambda: len(rests) >= 50)
        wakes.close()
    assert bell.is_set()
    assert set(rests[:50]) == {log_wakes._REST_S}


@pytest.mark.parametrize("cut", range(1, 24))
def test_an_event_is_known_however_it_is_cut(cut: int) -> None:
    """Pieces end anywhere, lines end in any of three ways; an event without data is none."""
    for text, rings in (
        (b": c\r\nevent: e\r\ndata: 1\r\n\r\n", True),
        (b": c\nevent: e\ndata: 1\n\nxxx", True),
        (b"dat: c\revent: e\r\rid: 1\r\r", False),
    ):
        wakes = LogWakes.__new__(LogWakes)
        wakes._rest, wakes._has_data = b"", False
        assert any([wakes._event_in(text[:cut]), wakes._event_in(text[cut:])]) == rings

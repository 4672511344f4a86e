"""A node that lies, breaks off or sends a client elsewhere is told from one that answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from counterfoil import errors
from counterfoil.errors import CounterfoilError, InputError, NotFound, TooMany, Unavailable
from counterfoil.remote import connect
from counterfoil.remote.answers import error_of
from counterfoil.remote.events import parsed_events
from counterfoil.remote.wire import Wire
from tests.http_rig import raw_server


def saying(status: str, body: bytes, *headers: str) -> Callable[[socket.socket, str], None]:
    """Make a node that says the same to everything."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    whole = "\r\n".join(head).encode() + b"\r\n\r\n" + body
    return lambda line, _path: line.sendall(whole)


def asked(answer: Callable[[socket.socket, str], None], patience_s: float = 0.0) -> bytes:
    """Ask a node for something."""
    with raw_server(answer) as url:
        wire = Wire(url, "key", patience_s=patience_s, timeout_s=5)
        try:
            return wire.get("/api/v1/ledger").body
        finally:
            wire.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Oh", b"<html>"),
        ("404 No", b"{}"),
        ("403 No", b'{"code":"not a code!"}'),
        ("302 Go", b""),
        ("400 No", b'["code"]'),
    ],
)
def test_what_is_no_node(status: str, body: bytes) -> None:
    """An error that is no problem document of ours comes from something else, and is said so."""
    with pytest.raises(Unavailable) as caught:
        asked(saying(status, body))
    assert caught.value.code == "remote.answer"


def test_a_redirect_is_not_followed() -> None:
    """A key goes nowhere else: whoever sends a client elsewhere gets no second request."""
    heard: list[str] = []

    def elsewhere(line: socket.socket, path: str) -> None:
        heard.append(path)
        line.sendall(b"HTTP/1.1 307 Go\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(Unavailable):
        asked(elsewhere)
    assert heard == ["/api/v1/ledger"]


def test_a_broken_answer() -> None:
    """An answer that breaks off is none, and says so without a traceback."""

    def broken(line: socket.socket, _path: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        line.shutdown(socket.SHUT_RDWR)

    with pytest.raises(Unavailable) as caught:
        asked(broken)
    assert caught.value.code == "remote.away"


def test_what_may_not_be_sent_again() -> None:
    """Where nobody knows whether it was done, it is not sent again, and that is said."""
    heard: list[str] = []

    def gone(line: socket.socket, path: str) -> None:
        heard.append(path)
        line.shutdown(socket.SHUT_RDWR)

    with raw_server(gone) as url:
        wire = Wire(url, "key", patience_s=5.0)
        with pytest.raises(Unavailable) as caught:
            wire.post("/x", b"{}", again=False)
        wire.close()
    assert (caught.value.code, heard) == ("remote.unknown", ["/x"])


def test_a_busy_node_is_asked_again() -> None:
    """Told to come again, a client does, until its patience ends."""
    answers = iter([b'{"code":"access.busy","title":"TooMany","status":429}', b"{}"])

    def busy(line: socket.socket, path: str) -> None:
        body = next(answers)
        status = "429 Busy" if b"code" in body else "200 OK"
        saying(status, body, "Retry-After: 0")(line, path)

    assert asked(busy, patience_s=10.0) == b"{}"
    body = b'{"code":"access.busy","title":"TooMany","status":429}'
    with pytest.raises(TooMany) as caught:
        asked(saying("429 Busy", body, "Retry-After: 60"), patience_s=1.0)
    assert caught.value.retry_after_s == 60


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"title": "NotFound", "status": 404}, NotFound),
        ({"title": "BodyTooLarge", "status": 413}, InputError),
        ({"title": "MethodNotAllowed", "status": 405}, InputError),
        ({"title": "Exception", "status": 500}, Unavailable),
        ({"title": "os", "status": "x"}, Unavailable),
        ({"title": 5, "status": 409}, errors.Conflict),
        ({}, Unavailable),
    ],
)
def test_errors(told: dict[str, object], kind: type[CounterfoilError]) -> None:
    """A problem document is the error that it names, or the nearest one by its status."""
    found = error_of({"code": "a.b", "detail": "x" * 10_000, "hint": 5, **told})
    assert type(found) is kind
    assert (found.code, len(found.message)) == ("a.b", 2000)


def test_parsing_events() -> None:
    """Events are cut wherever the bytes were cut; comments and unknown fields are none."""
    text = (
        b": beat\n\nevent: record\nid: 5\ndata: {}\n\nid: 6\n\nevent: checkpoint\r\ndata: a\r\n"
        b"data: b\r\nother: x\r\n\r\nid: x\ndata: c\n\n"
    )
    expected = [
        ("record", 5, "{}"),
        ("message", 6, ""),
        ("checkpoint", None, "a\nb"),
        ("message", None, "c"),
    ]

    def cut(size: int) -> Iterator[bytes]:
        return (text[at : at + size] for at in range(0, len(text), size))

    for size in (1, 2, 7, len(text)):
        assert list(parsed_events(cut(size))) == expected
    with pytest.raises(Unavailable):
        list(parsed_events([b"x" * (5 << 20)]))
    with pytest.raises(Unavailable):
        list(parsed_events([b"data: " + b"x" * (1 << 20) + b"\n"] * 17))


def test_json_that_is_none() -> None:
    """An answer that should be JSON and is not is no node's."""
    with raw_server(saying("200 OK", b"<html>")) as url:
        wire = Wire(url, None)
        with pytest.raises(Unavailable) as caught:
            wire.get("/x").json()
        wire.close()
    assert caught.value.code == "remote.answer"


@pytest.mark.parametrize("body", [b"[]", b"{}", b"[" * 100_000, b'{"origin":"a"}', b"7"])
def test_json_of_something_else(body: bytes) -> None:
    """JSON that says nothing of what was asked for is no node's, whatever is asked."""
    with raw_server(saying("200 OK", body)) as url, connect(url, "key", patience_s=0) as remote:
        asks: list[Callable[[], object]] = [
            lambda: remote.size,
            lambda: remote.origin,
            lambda: remote.policy,
            lambda: remote.get(0),
            lambda: remote.search(""),
            lambda: remote.record({"n": 1}),
        ]
        for ask in asks:
            with pytest.raises(Unavailable) as caught:
                ask()
            assert caught.value.code == "remote.answer"

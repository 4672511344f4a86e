"""Frames carry requests, answers and errors over a socket, and nothing else gets through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil import errors
from counterfoil.errors import CounterfoilError, FatalLogError, InputError, Unavailable
from counterfoil.ledger import frames
from counterfoil.ledger.frames import (
    FRAME_MAX_BYTES,
    Answer,
    Request,
    failure,
    raised,
    receive,
    send,
)
from counterfoil.log import AlreadyRecorded
from tests.statements import refused

Pair = tuple[socket.socket, socket.socket]

_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Give two ends of a connection."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8")), st.lists(_plain).map(tuple))
def test_requests_arrive(pair: Pair, verb: str, arguments: tuple[Any, ...]) -> None:
    """A verb and its plain arguments arrive as they were sent."""
    send(pair[0], Request(verb, arguments))
    assert receive(pair[1], Request) == Request(verb, arguments)


def test_large_frames_arrive(pair: Pair) -> None:
    """A frame may be larger than any buffer of the kernel."""
    data = bytes(5 << 20)
    sender = threading.Thread(target=send, args=(pair[0], Answer(data)))
    sender.start()
    assert receive(pair[1], Answer) == Answer(data)
    sender.join()


def test_nothing_between_frames(pair: Pair) -> None:
    """Whoever hangs up between frames has said all."""
    send(pair[0], Answer(1))
    pair[0].close()
    assert receive(pair[1], Answer) == Answer(1)
    assert receive(pair[1], Answer) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x00\x00\x00",
        b"\x00\x00\x00\x05abc",
        b"\xff\xff\xff\xff" + b"x" * 100,
        (FRAME_MAX_BYTES + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xc1",
        b"\x00\x00\x00\x01\x90",
        b"\x00\x00\x00\x04\x81\xa1a\x01",
        b"\x00\x00\x00\x02\xa1\xff",
        b"\x00\x01\x86\xa0" + b"\x91" * 100_000,
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=range(12),
)
def test_no_frames(pair: Pair, data: bytes) -> None:
    """Cut, too long, empty, deep or foreign bytes are refused, and never believed in part."""

    def say() -> None:
        pair[0].sendall(data)
        pair[0].close()

    sender = threading.Thread(target=say)
    sender.start()
    with refused("ledger.frame", Unavailable):
        receive(pair[1], Request)
    sender.join()


@given(st.binary(max_size=60))
def test_random_bytes(data: bytes) -> None:
    """Random bytes in a frame raise Unavailable and nothing else, or are a request."""
    near, far = socket.socketpair()
    with near, far:
        near.sendall(len(data).to_bytes(4, "big") + data)
        near.shutdown(socket.SHUT_WR)
        try:
            assert isinstance(receive(far, Request), Request)
        except Unavailable as err:
            assert err.code == "ledger.frame"


@pytest.mark.parametrize(
    "value",
    [object(), "\ud800", 2**64, -(2**63) - 1, {"a": {1, object()}}],
    ids=["object", "surrogate", "large", "small", "deep"],
)
def test_what_cannot_be_written_is_not_sent(pair: Pair, value: object) -> None:
    """A value that has no plain form is refused before a byte is sent: the next frame arrives."""
    with refused("ledger.frame"):
        send(pair[0], Request("record", (value,)))
    send(pair[0], Request("record", ()))
    assert receive(pair[1], Request) == Request("record", ())


def test_what_is_too_long_is_not_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame beyond the limit is refused before a byte is sent."""
    monkeypatch.setattr(frames, "FRAME_MAX_BYTES", 1000)  # the real one takes half a gigabyte
    with refused("ledger.frame"):
        send(pair[0], Request("record", (bytes(1000),)))
    send(pair[0], Request("record", ()))
    assert receive(pair[1], Request) == Request("record", ())


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "CounterfoilError"])
def test_errors_arrive(pair: Pair, name: str) -> None:
    """Every class of error arrives as itself, with its code, message and hint."""
    kind = getattr(errors, name)
    send(pair[0], failure(kind("a.code", "expected \u20ac, found \ud800", hint="try")))
    answer = receive(pair[1], Answer)
    assert answer is not None
    with pytest.raises(CounterfoilError) as caught:
        raised(answer)
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.message) == ("a.code", "expected \u20ac, found ?")
    assert caught.value.hint == "try"


def test_inner_errors_arrive_as_their_public_class() -> None:
    """An error of an inner class arrives as the public one that it is."""
    with refused("log.already-recorded", errors.Conflict):
        raised(failure(AlreadyRecorded(5, None)))


@pytest.mark.parametrize("name", ["Exception", "annotations", "", "__name__", "CounterfoilError"])
def test_no_other_class_is_raised(name: str) -> None:
    """An answer cannot have anything raised but an error of ours."""
    with pytest.raises(CounterfoilError) as caught:
        raised(Answer(error=(name, "a", "b", "c")))
    assert type(caught.value) is CounterfoilError


def test_results() -> None:
    """An answer without an error is its result."""
    assert raised(Answer({"a": [1]})) == {"a": [1]}
    assert raised(Answer()) is None
    assert issubclass(FatalLogError, CounterfoilError)
    assert issubclass(InputError, CounterfoilError)
    assert msgspec.to_builtins(Answer(1))["result"] == 1

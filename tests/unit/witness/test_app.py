"""The ASGI app bounds what strangers send, in size and time, and never falls over."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import FatalLogError
from counterfoil.formats import witness_request
from counterfoil.witness.app import BODY_MAX_BYTES, WitnessApp
from tests.c2sp import mutated
from tests.witnessing import NOW_S, SigningLog, new_witness

LOG = SigningLog()
GOOD = witness_request.format(LOG.request(0, 3))
Message = MutableMapping[str, Any]


def scope(method: str = "POST", path: str = "/add-checkpoint", **headers: str) -> Message:
    """Make the scope of a request."""
    listed = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": listed}


def ask(app: WitnessApp, what: Message, *incoming: Message | None) -> list[Message]:
    """Run one request; after the last message, None hangs up and nothing means silence."""
    sent: list[Message] = []
    queue = list(incoming)

    async def receive() -> Message:
        if not queue:
            await asyncio.Event().wait()
        return queue.pop(0) or {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(what, receive, send))
    return sent


def part(data: bytes, *, more: bool = False) -> Message:
    """Make a piece of a body."""
    return {"type": "http.request", "body": data, "more_body": more}


def status_of(sent: list[Message]) -> int:
    """Read the status that was sent."""
    status: int = sent[0]["status"]
    return status


def test_bodies_in_pieces(tmp_path: Path) -> None:
    """A body may come in any pieces, also empty ones."""
    app = WitnessApp(new_witness(tmp_path))
    pieces = [part(GOOD[at : at + 7], more=True) for at in range(0, len(GOOD), 7)]
    assert status_of(ask(app, scope(), *pieces, part(b""))) == 200


def test_any_bytes(tmp_path: Path) -> None:
    """Whatever bytes come, the answer is one of the protocol's, in one line if it is an error."""
    app = WitnessApp(new_witness(tmp_path))

    @given(mutated(st.sampled_from([GOOD, witness_request.format(LOG.request(3, 5))])))
    def check(data: bytes) -> None:
        start, body = ask(app, scope(), part(data))
        assert start["status"] in (200, 400, 403, 404, 409, 422)
        assert body["body"].count(b"\n") == 1

    check()


def test_slow_bodies(tmp_path: Path) -> None:
    """A body that does not end in time is answered with 408, and the line is closed."""
    app = WitnessApp(new_witness(tmp_path), body_timeout_s=0.05)
    sent = ask(app, scope(), part(GOOD[:9], more=True))
    assert status_of(sent) == 408
    assert (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.parametrize("stated", [str(BODY_MAX_BYTES + 1), "9" * 5000])
def test_long_bodies_are_not_read(tmp_path: Path, stated: str) -> None:
    """A body that says it is too long is refused before a byte of it is read."""
    app = WitnessApp(new_witness(tmp_path))
    assert status_of(ask(app, scope(content_length=stated))) == 413


def test_long_bodies_without_a_length(tmp_path: Path) -> None:
    """A body that does not say its length is refused at the first byte too many."""
    app = WitnessApp(new_witness(tmp_path))
    pieces = [part(bytes(40_000), more=True)] * 2
    assert status_of(ask(app, scope(), *pieces)) == 413


def test_who_hangs_up(tmp_path: Path) -> None:
    """Who hangs up in the middle gets no answer, and nothing was cosigned."""
    witness = new_witness(tmp_path)
    assert ask(WitnessApp(witness), scope(), part(GOOD[:-1], more=True), None) == []
    assert witness.latest(LOG.origin) is None


class Broken:
    """A clock that raises what it is told to, once."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    def now_ms(self) -> int:
        """Raise, or tell the time."""
        if self._errors:
            raise self._errors.pop()
        return 1000 * NOW_S


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyError("a secret"), 500),
        (RecursionError(), 500),
        (FatalLogError("witness.memory-damaged", "expected more\nlines"), 503),
    ],
)
def test_unforeseen_errors(tmp_path: Path, error: Exception, status: int) -> None:
    """Whatever fails inside, the client gets one line that tells no secret, and the next works."""
    app = WitnessApp(new_witness(tmp_path, clock=Broken(error)))
    start, body = ask(app, scope(), part(GOOD))
    assert start["status"] == status
    assert body["body"].count(b"\n") == 1
    assert b"secret" not in body["body"]
    assert status_of(ask(app, scope(), part(GOOD))) == 200


def test_lifespan_and_websockets(tmp_path: Path) -> None:
    """A server's start and stop are acknowledged, and a WebSocket is closed."""
    app = WitnessApp(new_witness(tmp_path))
    life = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = ask(app, {"type": "lifespan"}, *life)
    assert [m["type"] for m in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    (closed,) = ask(app, {"type": "websocket", "path": "/"})
    assert closed["type"] == "websocket.close"

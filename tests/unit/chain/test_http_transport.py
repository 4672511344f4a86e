"""Asking a node over HTTP: bounded tries, time and size, and no credential in any message."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.chain import open_chain
from counterfoil.chain.addresses import RpcPlace
from counterfoil.chain.http_transport import HttpTransport
from counterfoil.chain.transport import RpcError
from counterfoil.errors import CounterfoilError, Unavailable
from tests.lying_node import Reply, misbehaving_server


class Script:
    """A server's replies, in order; the last one for ever. calls: what it was asked."""

    def __init__(self, *replies: Reply | None) -> None:
        self.replies = list(replies)
        self.calls: list[dict[str, Any]] = []

    def __call__(self, call: dict[str, Any]) -> Reply | None:
        self.calls.append(call)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply is None or reply[1]:
            return reply
        said = json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": "0x1"}).encode()
        return reply[0], said, reply[2]


def plain(status: int, value: object = None) -> Reply:
    """Make a reply; without a value the script fills in an honest one."""
    data = (
        b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
    )
    return status, data, {}


def ask(script: Script, timeout_s: float = 5.0) -> object:
    """Ask the script's server for its chain."""
    with misbehaving_server(script) as url:
        transport = HttpTransport(RpcPlace(url, url), timeout_s)
        try:
            return transport.request("eth_chainId", [])
        finally:
            transport.close()


def test_an_answer() -> None:
    """The result of the answer is given."""
    script = Script(plain(200))
    assert ask(script) == "0x1"
    assert script.calls[0]["method"] == "eth_chainId"


@pytest.mark.parametrize(
    "first", [None, plain(429), plain(503, b"busy")], ids=["none", "429", "503"]
)
def test_a_hiccup_is_tried_again(first: Reply | None) -> None:
    """After a broken connection or a busy node it asks again."""
    script = Script(first, plain(200))
    assert ask(script) == "0x1"
    assert len(script.calls) == 2


BAD: list[Reply | None] = [
    None,
    plain(502, b"<html>"),
    plain(200, b"<html>"),
    plain(200, b"[" * 100_000),
    plain(200, b"\xff\xfe"),
    plain(200, []),
    plain(200, 7),
    plain(200, {"jsonrpc": "2.0", "id": 999, "result": "0x1"}),
    plain(200, {"jsonrpc": "2.0", "id": 1}),
    plain(403, b"no"),
    (301, b"moved", {"Location": "http://127.0.0.1:1/"}),
    (200, gzip.compress(b'{"jsonrpc":"2.0","id":1,"result":"0x1"}'), {"Content-Encoding": "gzip"}),
    (200, b"12345", {"Content-Length": "100000"}),
]


@pytest.mark.parametrize("reply", BAD, ids=range(len(BAD)))
def test_what_is_no_answer(reply: Reply | None) -> None:
    """Whatever else comes is a node that cannot be reached, after three tries at most."""
    script = Script(reply)
    with pytest.raises(Unavailable) as caught:
        ask(script)
    assert caught.value.code == "chain.unreachable"
    assert len(script.calls) <= 3


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is too long is not read to its end."""
    monkeypatch.setattr("counterfoil.chain.http_transport._MAX_ANSWER_BYTES", 1_000)
    with pytest.raises(Unavailable, match="too long"):
        ask(Script(plain(200, {"result": "x" * 300_000})))


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_refusal(status: int) -> None:
    """A node's error is given as it is, under whatever HTTP status, with the data of a revert."""
    error = {"code": 3, "message": "execution reverted", "data": {"a": {"data": "Reverted 0x1234"}}}
    with pytest.raises(RpcError) as caught:
        ask(Script(plain(status, {"error": error})))
    assert (caught.value.code, caught.value.data) == (3, b"\x12\x34")


@pytest.mark.parametrize("error", ["a text", {"code": "x", "message": 7, "data": [1]}, True])
def test_a_refusal_that_is_no_object(error: object) -> None:
    """An error of another form is an error all the same."""
    with pytest.raises(RpcError) as caught:
        ask(Script(plain(200, {"error": error})))
    assert caught.value.code == -32603


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_node_that_hangs(silent: str) -> None:
    """A node that takes the question and says nothing is given up."""
    url = f"http://{silent}"
    transport = HttpTransport(RpcPlace(url, url), 0.05)
    with pytest.raises(Unavailable, match="ReadTimeoutError"):
        transport.request("eth_chainId", [])


def test_credentials_are_used_and_never_shown() -> None:
    """User, password, path and query of an address reach the node, and no message at all."""
    script = Script(plain(200), plain(403, b"no"))
    with misbehaving_server(script) as url:
        secret = url.replace("http://", "http://me:s3cret@") + "/v3/s3cret?key=s3cret"
        chain = open_chain(secret)
        assert (chain.url, chain.chain_id) == (url, 1)
        with pytest.raises(CounterfoilError) as caught:
            chain.head()
    call = script.calls[0]
    assert call["path"] == "/v3/s3cret?key=s3cret"
    headers = {name.lower(): value for name, value in call["headers"].items()}
    assert base64.b64decode(headers["authorization"].split()[1]) == b"me:s3cret"
    said = f"{caught.value!r} {caught.value.hint} {chain!r} {chain.url} {chain.run_by}"
    assert "s3cret" not in said
    with pytest.raises(CounterfoilError) as caught:
        open_chain(secret)  # nobody is there any more
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret" not in f"{error!r}"
        error = error.__cause__

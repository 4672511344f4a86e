"""The client hands on a cosignature that holds, or a plain error; no answer can do more."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    NotFound,
    Refused,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.vkey import KeyType
from counterfoil.ops.serving import serving
from counterfoil.ports.witness import Remembering, StaleSize
from counterfoil.proofs.signing import note_signature, public_of
from counterfoil.testing.clock import ManualClock
from counterfoil.witness.app import WitnessApp
from counterfoil.witness.client import ANSWER_MAX_BYTES, RemoteWitness
from tests.c2sp import secret
from tests.c2sp import witness as witness_key
from tests.tls_made import certificate
from tests.witnessing import NOW_S, SigningLog, new_witness

LOG = SigningLog()
KEY = public_of(witness_key(1))
TEXT = checkpoints.format(LOG.checkpoint(3))
GOOD = notes.format_signatures([note_signature(witness_key(1), TEXT, NOW_S)])


def client(url: str, timeout_s: float = 20.0) -> RemoteWitness:
    """Make a client of the tests' witness."""
    return RemoteWitness("w", KEY, url, timeout_s, ManualClock(NOW_S * 1000))


Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Answering:
    """A server that always gives the same answer, and counts requests."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self.status, self.body = status, body
        self.headers = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        self.paths: list[str] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        self.paths.append(f"{scope['method']} {scope['path']}")
        while (await receive()).get("more_body"):
            pass
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


def error_of(app: Answering, old: int = 0) -> CounterfoilError:
    """Ask a server, and give the error that must come."""
    with serving(app) as url, pytest.raises(CounterfoilError) as caught:
        client(url).add_checkpoint(LOG.request(old, 3))
    assert "\n" not in caught.value.message
    return caught.value


def test_a_true_witness(tmp_path: Path) -> None:
    """Cosignatures, refusals and the latest checkpoint come through as from a witness at hand."""
    witness = new_witness(tmp_path)
    with serving(WitnessApp(witness, prefix="/w")) as url:
        remote = client(f"{url}/w/")
        assert isinstance(remote, Remembering)
        assert remote.latest(LOG.origin) is None
        (line,) = remote.add_checkpoint(LOG.request(0, 3))
        assert (line.name, line.key_id) == (KEY.name, KEY.key_id)
        with pytest.raises(StaleSize) as caught:
            remote.add_checkpoint(LOG.request(0, 5))
        assert caught.value.size == 3
        with pytest.raises(InputError, match="answered 400"):
            remote.add_checkpoint(LOG.request(9, 5, proof=[]))
        with pytest.raises(VerificationError, match="answered 422"):
            remote.add_checkpoint(LOG.forked(1).request(3, 5))
        with pytest.raises(NotFound, match="answered 404"):
            remote.add_checkpoint(SigningLog(secret("other.example")).request(0, 1))
        with pytest.raises(Refused, match="answered 403"):
            forged = LOG.note(5).replace(b"\n5\n", b"\n4\n")
            remote.add_checkpoint(LOG.request(3, 4, note=forged))
        assert remote.latest(LOG.origin) == witness.latest(LOG.origin)
        remote.close()


def test_ignores_other_keys() -> None:
    """Cosignatures of keys that were not asked for are left out, good or bad."""
    other = notes.format_signatures(
        [
            note_signature(witness_key(2), TEXT, NOW_S),
            note_signature(witness_key(1, KeyType.COSIGNATURE_MLDSA44), TEXT, NOW_S),
            notes.NoteSignature(KEY.name, bytes(4), b"x"),
        ]
    )
    with serving(Answering(200, other + GOOD + other)) as url:
        (line,) = client(url).add_checkpoint(LOG.request(0, 3))
    assert notes.format_signatures([line]) == GOOD


FLIPPED = notes.parse_signatures(GOOD)[0]
LIES = [
    b"",
    b"hello\n",
    GOOD[:-1],
    GOOD + b"\n",
    b"\xff\xfe" * 50,
    notes.format_signatures([note_signature(witness_key(2), TEXT, NOW_S)]),
    notes.format_signatures(
        [notes.NoteSignature(FLIPPED.name, FLIPPED.key_id, FLIPPED.signature[:-1] + b"\0")]
    ),
    notes.format_signatures(
        [note_signature(witness_key(1), checkpoints.format(LOG.checkpoint(4)), NOW_S)]
    ),
    notes.format_signatures([note_signature(witness_key(1), TEXT, NOW_S + 301)]),
    GOOD * 65,
    b"x" * (ANSWER_MAX_BYTES + 1),
]


@pytest.mark.parametrize("body", LIES, ids=map(str, range(len(LIES))))
def test_lies(body: bytes) -> None:
    """No cosignature, one of another key, text or time, or none at all: a lie, and no signature."""
    err = error_of(Answering(200, body))
    assert (type(err), err.code) == (VerificationError, "witness.answer")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (201, "witness.status"),
        (204, "witness.status"),
        (400, "witness.said-malformed"),
        (401, "witness.status"),
        (403, "witness.said-forbidden"),
        (404, "witness.said-unknown"),
        (409, "witness.said-inconsistent"),
        (422, "witness.said-inconsistent"),
        (429, "witness.status"),
        (500, "witness.status"),
        (503, "witness.status"),
    ],
)
def test_statuses(status: int, code: str) -> None:
    """Each status is an error of ours; what a stranger says in it is harmless to a terminal."""
    err = error_of(Answering(status, b"" if status == 204 else "\x1b[2J – no\n".encode()))
    assert err.code == code
    assert err.message.isascii()
    assert err.message.isprintable()


@pytest.mark.parametrize("body", [b"", b"x\n", b"-1\n", b"01\n", b"9" * 40 + b"\n", b"5\n5\n"])
def test_sizes_that_are_none(body: bytes) -> None:
    """A 409 whose size is no number is a broken answer, not a state of the witness."""
    assert error_of(Answering(409, body, content_type="text/x.tlog.size")).code == "witness.answer"


def test_size() -> None:
    """A 409 with its media type tells the size, with or without a final newline."""
    for body in (b"7\n", b"7"):
        err = error_of(Answering(409, body, content_type="text/x.tlog.size; charset=utf-8"))
        assert isinstance(err, StaleSize)
        assert err.size == 7


def test_redirects_are_not_followed() -> None:
    """A witness cannot send our requests to another place."""
    target = Answering(200, GOOD)
    with serving(target) as url:
        for status in (301, 302, 303, 307, 308):
            err = error_of(Answering(status, b"", location=f"{url}/add-checkpoint"))
            assert err.code == "witness.status"
            assert "Redirects" in err.hint
    assert target.paths == []


def test_nothing_is_unpacked() -> None:
    """A packed answer is not unpacked: a small one could become gigabytes."""
    err = error_of(Answering(200, b"\x1f\x8b" + bytes(50), content_encoding="gzip"))
    assert err.code == "witness.answer"


@pytest.mark.parametrize(("status", "body"), [(200, b"hello\n"), (500, b""), (200, b"\xff")])
def test_latest_that_is_none(status: int, body: bytes) -> None:
    """What is shown as the latest checkpoint and is no note is an error."""
    with serving(Answering(status, body)) as url, pytest.raises(CounterfoilError) as caught:
        client(url).latest(LOG.origin)
    assert caught.value.code in ("witness.answer", "witness.status")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "w.example",
        "ftp://w.example",
        "file:///etc/passwd",
        "http://",
        "https://user:secret@w.example",
        "http://w.example/?x=1",
        "http://w.example/#x",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    """Only http and https, without credentials, query or fragment."""
    with pytest.raises(InputError) as caught:
        client(url)
    assert caught.value.code == "witness.url"


def test_nobody_is_there() -> None:
    """A closed port and a name that does not exist are Unavailable."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://witness.invalid"):
        with pytest.raises(Unavailable) as caught:
            client(url, 5.0).add_checkpoint(LOG.request(0, 3))
        assert caught.value.code == "witness.unreachable"


@contextlib.contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Let `talk` answer each connection with bare bytes."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                threading.Thread(target=_quietly, args=(talk, line), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _quietly(talk: Callable[[socket.socket], None], line: socket.socket) -> None:
    with line, contextlib.suppress(OSError):
        talk(line)


def _silent(line: socket.socket) -> None:
    while line.recv(4096):
        pass


def _drip(head: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(head)
        while True:
            line.sendall(b"x")
            time.sleep(0.02)

    return talk


def _chatter(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line.sendall(b"x" * 65_536)


@pytest.mark.parametrize(
    "talk",
    [
        _silent,
        _drip(b"HTTP/1.1 200 OK\r\nX-Long: "),
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"),
        _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf000\r\n"),
        _chatter,
        lambda line: line.sendall(b"hello"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\nx"),
        lambda line: line.sendall(b"HTTP/1.1 999999 \r\n\r\n"),
        lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda line: None,
    ],
    ids=["silent", "head", "body", "chunk", "endless", "no-http", "cut", "minus", "status",
         "bad-chunk", "hung-up"],
)  # fmt: skip
def test_hostile_servers(talk: Callable[[socket.socket], None]) -> None:
    """Silence, a byte now and then, endless or broken answers end within the time limit."""
    with raw_server(talk) as url, pytest.raises((Unavailable, VerificationError)) as caught:
        client(url, 0.4).add_checkpoint(LOG.request(0, 3))
    assert caught.value.code in ("witness.unreachable", "witness.answer", "witness.status")


def test_one_request_at_a_time() -> None:
    """While a witness hangs, the next request is refused at once."""
    asked = threading.Event()

    def talk(line: socket.socket) -> None:
        asked.set()
        _silent(line)

    with raw_server(talk) as url:
        remote = client(url, 5.0)
        hanging = threading.Thread(target=_ignoring, args=(remote,))
        hanging.start()
        asked.wait(30)
        with pytest.raises(Unavailable) as caught:
            remote.add_checkpoint(LOG.request(0, 3))
        assert caught.value.code == "witness.busy"
        remote._cut()
        hanging.join()


def _ignoring(remote: RemoteWitness) -> None:
    with contextlib.suppress(CounterfoilError):
        remote.add_checkpoint(LOG.request(0, 3))


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An https witness is believed only under a certificate that this machine trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))

    def talk(line: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(line, server_side=True) as tls:
            read = b""
            while not read.endswith(LOG.note(3)):  # what is not read would reset the line
                if not (piece := tls.recv(65_536)):
                    return
                read += piece
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)

    with raw_server(talk) as url:
        address = url.replace("http:", "https:")
        with pytest.raises(Unavailable) as caught:
            client(address).add_checkpoint(LOG.request(0, 3))
        assert caught.value.code == "witness.unreachable"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
        trusting = client(address)
        (line,) = trusting.add_checkpoint(LOG.request(0, 3))
        assert notes.format_signatures([line]) == GOOD
        trusting.close()


def test_recovers(tmp_path: Path) -> None:
    """After a witness was away, the same client goes on with it."""
    witness = new_witness(tmp_path)
    with serving(WitnessApp(witness)) as url:
        remote = client(url)
        remote.add_checkpoint(LOG.request(0, 3))
    with pytest.raises(Unavailable):
        remote.add_checkpoint(LOG.request(3, 5))
    with serving(WitnessApp(witness), url.removeprefix("http://")):
        remote.add_checkpoint(LOG.request(3, 5))
        remote.close()

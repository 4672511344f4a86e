"""A witness over real HTTP answers every request and status of C2SP tlog-witness.

Bodies are written by hand here, straight from the specification. Where its editors' later draft
and the version of 2024 differ (the same size with another root, and a proof from size 0), the
draft's 422 is expected.
"""

from __future__ import annotations

import base64
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.vkey import KeyType, format_vkey
from counterfoil.ops.serving import serving
from counterfoil.proofs.signing import note_signature, public_of
from counterfoil.proofs.trust import open_note
from counterfoil.witness import WitnessMemory
from counterfoil.witness.app import BODY_MAX_BYTES, WitnessApp
from tests.c2sp import secret
from tests.c2sp import witness as witness_key
from tests.witnessing import NOW_S, SigningLog, open_witness

LOG = SigningLog()
KEYS = (witness_key(1), witness_key(1, KeyType.COSIGNATURE_MLDSA44))


class Place:
    """A witness that serves, and one connection to it."""

    def __init__(self, url: str, prefix: str) -> None:
        self._prefix = prefix
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def ask(
        self, method: str, path: str, body: bytes | None = None
    ) -> tuple[int, str, bytes, http.client.HTTPMessage]:
        """Send a request, and give status, media type, body and headers."""
        self.connection.request(method, self._prefix + path, body)
        answer = self.connection.getresponse()
        media = answer.headers.get("content-type", "")
        return answer.status, media, answer.read(), answer.headers

    def add(self, old: int, new: int, log: SigningLog = LOG) -> tuple[int, str, bytes]:
        """Ask for a cosignature with the right proof."""
        return self.post(body(old, log.prove(old, new) if old <= new else [], log.note(new)))

    def post(self, data: bytes) -> tuple[int, str, bytes]:
        """Send the body of an add-checkpoint."""
        return self.ask("POST", "/add-checkpoint", data)[:3]


def body(old: int | str, proof: list[bytes], note: bytes) -> bytes:
    """Write the body of an add-checkpoint as the specification says."""
    lines = [f"old {old}", *(base64.b64encode(digest).decode() for digest in proof)]
    return "\n".join(lines).encode() + b"\n\n" + note


@contextmanager
def served(folder: Path, prefix: str = "") -> Iterator[Place]:
    """Serve a witness with two keys."""
    witness = open_witness(WitnessMemory(folder / "w.db", create=True), keys=KEYS)
    app = WitnessApp(witness, prefix=prefix, origins=lambda: [LOG.origin])
    with serving(app) as url:
        made = Place(url, prefix)
        yield made
        made.connection.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Serve a witness with two keys, at the root."""
    with served(tmp_path) as made:
        yield made


def test_200(place: Place) -> None:
    """Growth from nothing, growth, and the same again are cosigned by every key of the witness."""
    for old, new in [(0, 0), (0, 1), (1, 7), (7, 7), (7, 20)]:
        status, media, lines = place.add(old, new)
        assert (status, media) == (200, "text/plain; charset=utf-8")
        signed = LOG.note(new) + lines  # as the specification says, it may be concatenated
        verified = open_note(signed, [public_of(key) for key in KEYS])
        assert [(item.key.type, item.time_s) for item in verified] == [(4, NOW_S), (6, NOW_S)]
        assert lines.startswith("— ".encode())
        assert lines.endswith(b"\n")


def malformed() -> list[bytes]:
    """List bodies that are none."""
    good = body(0, [], LOG.note(3))
    text = checkpoints.format(LOG.checkpoint(3))
    return [
        b"",
        b"\n",
        b"old 0\n",
        good[1:],
        good.replace(b"old 0", b"old 00"),
        good.replace(b"old 0", b"old -1"),
        good.replace(b"old 0", b"old  0"),
        good.replace(b"old 0", b"old 0 "),
        good.replace(b"old 0", b"old 9223372036854775808"),
        good.replace(b"\n\n", b"\n", 1),
        good.replace(b"\n", b"\r\n"),
        good[:-1],
        body(0, [bytes(31)], LOG.note(3)),
        body(0, [bytes(32)] * 64, LOG.note(3)),
        body(0, [], LOG.note(3)).replace(b"old 0\n", b"old 0\nA===\n"),
        body(0, [], text),
        body(0, [], LOG.sign(b"no checkpoint\n")),
        b"\xff" * 100,
        bytes(100),
    ]


def test_400(place: Place) -> None:
    """Whatever is not of the form is refused with one line of text, and cosigned by nobody."""
    for data in malformed():
        status, media, said = place.post(data)
        assert (status, media) == (400, "text/plain; charset=utf-8")
        assert said.count(b"\n") == 1
    assert place.add(0, 3)[0] == 200


def test_400_old_beyond_new(place: Place) -> None:
    """An old size above the checkpoint's is a bad request, whatever was cosigned."""
    assert place.add(0, 5)[0] == 200
    for old in (6, 5):
        assert place.post(body(old, [], LOG.note(3)))[0] == 400


def test_403(place: Place) -> None:
    """No signature by a trusted key of that origin, or a bad one: forbidden."""
    text = checkpoints.format(LOG.checkpoint(3))
    good = note_signature(LOG.keys[0], text)
    stranger = note_signature(secret("stranger.example"), text)
    same_name = note_signature(secret(LOG.origin, KeyType.COSIGNATURE_MLDSA44), text, NOW_S)
    bad = notes.NoteSignature(good.name, good.key_id, bytes(64))
    for lines in [(stranger,), (same_name,), (bad,), (good, bad)]:
        note = notes.format(notes.Note(text, lines))
        assert place.post(body(0, [], note))[0] == 403
    note = notes.format(notes.Note(text, (stranger, same_name, good)))  # unknown keys are ignored
    assert place.post(body(0, [], note))[0] == 200


def test_404(place: Place) -> None:
    """The checkpoint of a log that is not followed is not found, however well it is signed."""
    assert place.add(0, 3, SigningLog(secret("other.example")))[0] == 404


def test_409(place: Place) -> None:
    """Another old size than the last is answered with the last, in decimal and its media type."""
    for old, new, last in [
        (3, 5, b"0\n"),
        (0, 7, None),
        (0, 9, b"7\n"),
        (5, 9, b"7\n"),
        (5, 5, b"7\n"),
    ]:
        status, media, said = place.add(old, new)
        if last is None:
            assert status == 200
        else:
            assert (status, media, said) == (409, "text/x.tlog.size", last)
    assert place.add(7, 9)[0] == 200


def test_422(place: Place) -> None:
    """A proof that does not hold, one where none may be, another root at the same size."""
    assert place.post(body(0, [bytes(32)], LOG.note(3)))[0] == 422
    empty = checkpoints.format(LOG.checkpoint(0)).replace(b"47DEQpj8", b"47DEQpj9")
    assert place.post(body(0, [], LOG.sign(empty)))[0] == 422
    assert place.add(0, 5)[0] == 200
    right = LOG.prove(5, 9)
    for wrong in [[], right[:-1], [*right, bytes(32)], right[::-1], [bytes(32), *right[1:]]]:
        assert place.post(body(5, wrong, LOG.note(9)))[0] == 422
    assert place.post(body(5, [bytes(32)], LOG.note(5)))[0] == 422
    assert place.add(5, 5, LOG.forked(2))[0] == 422
    assert place.add(5, 9, LOG.forked(2))[0] == 422
    assert place.add(5, 9)[0] == 200


def test_latest_checkpoint(place: Place) -> None:
    """The last cosigned checkpoint stands at the SHA-256 of its origin, with all cosignatures."""
    path = f"/{sha256(LOG.origin.encode()).hexdigest()}/checkpoint"
    assert place.ask("GET", path)[0] == 404
    lines = b""
    for old, new in [(0, 3), (3, 9)]:
        lines = place.add(old, new)[2]
    status, media, note, _ = place.ask("GET", path)
    assert (status, media, note) == (200, "text/plain; charset=utf-8", LOG.note(9) + lines)
    assert place.ask("HEAD", path)[2] == b""
    for other in ("/" + "0" * 64 + "/checkpoint", path.upper(), path + "/", path[:-1]):
        assert place.ask("GET", other)[0] == 404


def test_who_answers(place: Place) -> None:
    """The root of the prefix says, in a few words, who this witness is and what it follows."""
    status, media, text, _ = place.ask("GET", "/")
    assert (status, media) == (200, "text/plain; charset=utf-8")
    assert LOG.origin.encode() in text
    for key in KEYS:
        assert format_vkey(public_of(key)).encode() in text


OTHERS = [
    ("GET", "/add-checkpoint", 405, "POST"),
    ("PUT", "/add-checkpoint", 405, "POST"),
    ("POST", "/", 405, "GET, HEAD"),
    ("DELETE", "/" + "0" * 64 + "/checkpoint", 405, "GET, HEAD"),
    ("GET", "/add-checkpoints", 404, None),
    ("POST", "/add-checkpoint/", 404, None),
    ("GET", "/../add-checkpoint", 404, None),
    ("GET", "/%2e%2e", 404, None),
    ("GET", "/robots.txt", 404, None),
]
"""Method, path, and the status and `Allow` of the answer."""


@pytest.mark.parametrize("prefix", ["", "/w1"])
def test_other_requests(prefix: str, tmp_path: Path) -> None:
    """Another path is not found, another method not allowed, and both say so in one line."""
    with served(tmp_path, prefix) as place:
        for method, path, status, allowed in OTHERS:
            found, media, said, headers = place.ask(method, path)
            assert (found, media) == (status, "text/plain; charset=utf-8")
            assert headers.get("allow") == allowed
            assert said.count(b"\n") == 1


def test_under_a_prefix(tmp_path: Path) -> None:
    """Everything stands under the prefix, and nothing beside it."""
    with served(tmp_path, "/w1") as place:
        assert place.add(0, 3)[0] == 200
        path = f"/{sha256(LOG.origin.encode()).hexdigest()}/checkpoint"
        assert [place.ask("GET", end)[0] for end in (path, "/", "")] == [200, 200, 200]
        outside = Place(f"http://{place.connection.host}:{place.connection.port}", "")
        assert [outside.ask("GET", end)[0] for end in (path, "/", "/w1x", "/w")] == [404] * 4
        outside.connection.close()


def test_keep_alive(place: Place) -> None:
    """One connection serves request after request, whatever their status."""
    place.connection.connect()
    line = place.connection.sock
    for old, new in [(0, 3), (0, 3), (3, 2), (3, 9)]:
        place.add(old, new)
        assert place.connection.sock is line


def test_body_that_is_too_long(place: Place) -> None:
    """A longer body than any honest one is refused, whether its length is stated or not."""
    long = body(0, [], LOG.note(3)) + bytes(BODY_MAX_BYTES)
    assert place.post(long)[0] == 413
    place.connection.close()
    place.connection.request(
        "POST", f"{place._prefix}/add-checkpoint", iter([long]), encode_chunked=True
    )
    assert place.connection.getresponse().status == 413
    place.connection.close()
    assert place.add(0, 3)[0] == 200


def test_race(tmp_path: Path) -> None:
    """Requests for N and N+K at once, again and again: never a cosignature that goes back."""
    witness = open_witness(WitnessMemory(tmp_path / "w.db", create=True))
    with serving(WitnessApp(witness)) as url:
        size = 0
        for step in range(1, 25):
            sizes = (size + step % 3 + 1, size + step % 3 + 1 + step % 4)
            answers = dict(ask_at_once(url, size, sizes))
            good = [new for new, status in answers.items() if status == 200]
            assert set(answers.values()) <= {200, 409}
            assert len(good) == 1
            (size,) = good
            assert int((witness.latest(LOG.origin) or b"").split(b"\n")[1]) == size


def ask_at_once(url: str, old: int, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Ask for several growths from one size on as many connections, at the same moment."""
    gate = threading.Barrier(len(set(sizes)))
    answers: list[tuple[int, int]] = []

    def ask(new: int) -> None:
        place = Place(url, "")
        data = body(old, LOG.prove(old, new), LOG.note(new))
        place.connection.connect()
        gate.wait()
        answers.append((new, place.post(data)[0]))
        place.connection.close()

    threads = [threading.Thread(target=ask, args=(new,)) for new in set(sizes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers

"""Ask a witness over HTTP, and believe nothing that it says but a cosignature that holds.

The other side may be down, slow, broken or hostile: time, size and shape of its answers are
bounded, its cosignature is verified before anybody sees it, and what it says about our log is its
word, not a fact. This module refuses to follow redirects (they would let a witness send our
requests elsewhere), to use other schemes than http and https, and to send credentials.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    NotFound,
    Refused,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import note as notes
from counterfoil.formats import witness_request
from counterfoil.formats.ascii import parse_decimal
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.vkey import VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports import Clock, SystemClock
from counterfoil.ports.witness import StaleSize
from counterfoil.proofs.trust import CLOCK_SKEW_S, open_note

__all__ = ["ANSWER_MAX_BYTES", "SIZE_MEDIA", "RemoteWitness", "require_url"]

ANSWER_MAX_BYTES: Final = 65_536
"""Longest answer that is read, bytes: some 20 ML-DSA-44 cosignatures."""

SIZE_MEDIA: Final = "text/x.tlog.size"
"""Media type of an answer that holds the size that was cosigned last (C2SP tlog-witness)."""

_SAID_MAX: Final = 200


class RemoteWitness:
    """A witness at an address.

    name: what the log's policy calls it. key: its verifier key, the only one that counts. url:
    its submission prefix, http or https. timeout_s: longest time for one request, seconds, from
    the first byte sent to the last one read. Asks one thing at a time: while a request hangs, the
    next is refused, so that a dead witness holds one thread at most.
    Raises InputError with code witness.url.
    """

    def __init__(
        self, name: str, key: VerifierKey, url: str, timeout_s: float, clock: Clock | None = None
    ) -> None:
        self.name, self.key = name, key
        self._timeout_s, self._clock = timeout_s, clock or SystemClock()
        parsed = require_url(url)
        self._prefix = (parsed.path or "").rstrip("/")
        self._busy = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._pool = self._make_pool(parsed)

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Ask for a cosignature, and return it if it holds.

        Raises InputError with code witness.said-malformed, Refused with code
        witness.said-forbidden, NotFound with code witness.said-unknown, StaleSize with code
        witness.stale and VerificationError with code witness.said-inconsistent as the witness
        answers; VerificationError with code witness.answer when its answer is none;
        Unavailable with code witness.unreachable, witness.busy or witness.status.
        Source: C2SP tlog-witness, "add-checkpoint".
        """
        status, media, body = self._ask("POST", "add-checkpoint", witness_request.format(request))
        if status == 200:
            return self._cosignatures(request.checkpoint, body)
        raise self._refusal(status, media, body)

    def latest(self, origin: str) -> bytes | None:
        """Read what the witness shows as the latest checkpoint of a log that it cosigned.

        It is a signed note of which nothing is verified; None where the witness shows none.
        Raises VerificationError with code witness.answer, Unavailable as `add_checkpoint`.
        """
        digest = sha256(origin.encode()).hexdigest()
        status, _, body = self._ask("GET", f"{digest}/checkpoint", None)
        if status == 404:
            return None
        if status != 200:
            raise self._status(status, body)
        try:
            notes.parse(body)
        except InputError as err:
            raise self._nonsense("a signed note", err.message) from err
        return body

    def close(self) -> None:
        """Hang up."""
        self._pool.close()

    def _cosignatures(self, checkpoint: bytes, body: bytes) -> tuple[NoteSignature, ...]:
        """Take the lines of its key, which must hold; ignore those of others."""
        try:
            mine = tuple(
                line
                for line in notes.parse_signatures(body)
                if (line.name, line.key_id) == (self.key.name, self.key.key_id)
            )[-1:]
            signed = Note(notes.parse(checkpoint).text, mine)
            (verified,) = open_note(signed, [self.key])
        except CounterfoilError as err:
            raise self._nonsense("a cosignature by its key", err.message) from err
        if (verified.time_s or 0) > self._clock.now_ms() // 1000 + CLOCK_SKEW_S:
            raise self._nonsense("a cosignature of now", f"it is of {verified.time_s} s")
        return mine

    def _refusal(self, status: int, media: str, body: bytes) -> CounterfoilError:
        said = f"witness {self.name} answered {status}: {_said(body)}"
        if status == 400:
            return InputError("witness.said-malformed", f"expected a cosignature, but {said}")
        if status == 403:
            hint = "Give this log's keys to the witness's operator."
            return Refused(
                "witness.said-forbidden", f"expected a cosignature, but {said}", hint=hint
            )
        if status == 404:
            hint = "Ask the witness's operator to follow this log; check the address."
            return NotFound(
                "witness.said-unknown", f"expected a cosignature, but {said}", hint=hint
            )
        if status == 409 and media == SIZE_MEDIA:
            try:
                size = parse_decimal(body.removesuffix(b"\n"))
            except InputError as err:
                return self._nonsense("the size that it cosigned last", err.message)
            expected = f"expected an old size that witness {self.name} cosigned last"
            return StaleSize("witness.stale", f"{expected}, found it at {size}", size=size)
        if status in (409, 422):  # 409 without a size: the same size and another root, as of old
            hint = "If the proof was right, this log's history differs from what was cosigned."
            return VerificationError(
                "witness.said-inconsistent", f"expected a cosignature, but {said}", hint=hint
            )
        return self._status(status, body)

    def _status(self, status: int, body: bytes) -> Unavailable:
        return Unavailable(
            "witness.status",
            f"expected an answer of tlog-witness, but witness {self.name} answered {status}: "
            f"{_said(body)}",
            hint="Redirects are not followed: give the address where the witness itself answers."
            if 300 <= status < 400
            else "Try again later, or ask its operator.",
        )

    def _nonsense(self, expected: str, why: str) -> VerificationError:
        return VerificationError(
            "witness.answer",
            f"expected {expected} from witness {self.name}, but: {why}",
            hint="The witness is broken or lies, or its key in the policy is not its own.",
        )

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        if not self._busy.acquire(blocking=False):
            raise Unavailable(
                "witness.busy",
                f"expected witness {self.name} to have answered before, found it still at it",
                hint="It is slow or hangs; it is asked again later.",
            )
        try:
            with self._deadline():
                return self._exchange(method, path, body)
        except (HTTPError, OSError, ValueError) as err:
            raise Unavailable(
                "witness.unreachable",
                f"expected witness {self.name} to answer within {self._timeout_s:g} s, "
                f"but: {str(err)[:_SAID_MAX]!a}",
                hint="Check its address and the network; it is asked again later.",
            ) from err
        finally:
            self._busy.release()

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        answer = self._pool.request(
            method,
            f"{self._prefix}/{path}",
            body=body,
            headers={"Content-Type": "text/plain; charset=utf-8"} if body is not None else {},
            redirect=False,
            preload_content=False,
            decode_content=False,  # nothing is unpacked: a few bytes could become gigabytes
        )
        try:
            data = answer.read(ANSWER_MAX_BYTES + 1)
            if len(data) > ANSWER_MAX_BYTES:
                answer.close()
                raise self._nonsense(f"at most {ANSWER_MAX_BYTES} bytes", "it sent more")
            media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return answer.status, media, data
        finally:
            answer.release_conn()

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """Cut the line when the time is up: a byte now and then must not hold it open."""
        timer = threading.Timer(self._timeout_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        for line in list(self._sockets):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _make_pool(self, url: Url) -> urllib3.HTTPConnectionPool:
        sockets = self._sockets

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.clear()
                sockets.add(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                sockets.clear()
                sockets.add(self.sock)

        options: dict[str, Any] = {
            "port": url.port,
            "maxsize": 1,
            "timeout": urllib3.Timeout(connect=self._timeout_s, read=self._timeout_s),
            "retries": False,
        }
        pool: urllib3.HTTPConnectionPool
        if url.scheme == "https":
            pool = urllib3.HTTPSConnectionPool(url.host or "", **options)
            pool.ConnectionCls = Secure
        else:
            pool = urllib3.HTTPConnectionPool(url.host or "", **options)
            pool.ConnectionCls = Plain
        return pool


def require_url(url: str) -> Url:
    """Read the address of a witness. Raises InputError with code witness.url."""
    try:
        parsed = parse_url(url)
    except (HTTPError, ValueError) as err:
        raise _bad_url(str(err)) from err
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _bad_url(f"{url[:_SAID_MAX]!a}")
    if parsed.auth or parsed.query or parsed.fragment:
        raise _bad_url("one with credentials, a query or a fragment")
    return parsed


def _bad_url(came: str) -> InputError:
    return InputError(
        "witness.url",
        f"expected the http or https address of a witness, found {came}",
        hint="For example https://witness.example/w1, its submission prefix.",
    )


def _said(body: bytes) -> str:
    """Show what a stranger said, on one line and harmless to a terminal."""
    return ascii(body[:_SAID_MAX].decode("utf-8", "replace").strip())

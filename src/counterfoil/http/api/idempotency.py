"""Do what a request asks for once, however often it comes: by its Idempotency-Key.

That there is a key is written down, durably, before anything is done, and the answer after it; for
a day the same request gets the same answer. Each principal has keys of its own. An answer is sealed
under the key and the request, of which only digests are kept: whoever reads the file learns
nothing. What opens or hands out secrets is not kept at all. What a crash interrupted is told as
such, since nobody knows how far it came. This module refuses one key for two requests.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import Conflict, CounterfoilError, FatalLogError, InputError, Unavailable
from counterfoil.http.bodies import media_type

__all__ = ["KEPT_S", "Once"]

KEPT_S: Final = 24 * 3600
"""How long an answer is kept, seconds."""

_LOG: Final = logging.getLogger("counterfoil.http")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ANSWER_MAX: Final = 1 << 20
_KEYS_MAX: Final = 100_000
_KEYS_EACH: Final = 10_000
_ANSWERS_EACH: Final = 64 << 20  # bytes that are kept for one principal
_NONCE_BYTES: Final = 12
_SCHEMA: Final = """
create table if not exists asked (
    name text primary key, who text not null, digest text not null, run text not null,
    began integer not null, status integer, headers text, body blob
) without rowid;
create index if not exists asked_began on asked (began);
create index if not exists asked_who on asked (who);
"""
_HEADERS: Final = ("content-type", "content-disposition", "content-security-policy")


class Unprocessable(InputError):
    """A key that was used for something else."""

    http_status = 422


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with a key. name: of the key, as it is kept. digest: of the request. seal: key.

    who: a digest of who asks.
    """

    name: str
    who: str
    digest: str
    seal: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of a key. status: None while it is under way, or was when the node ended."""

    digest: str
    run: str
    status: int | None
    headers: str
    body: bytes | None


class Once:
    """Remembers requests and their answers, in one file. Safe for threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._run = secrets.token_hex(8)
        self._lock = threading.Lock()

    async def answer(
        self,
        request: Request,
        body: bytes,
        run: Callable[[], Awaitable[Response]],
        *,
        secret: bool = False,
    ) -> Response:
        """Answer as the first time, or now. An error is not kept: the request may be tried anew.

        secret: the answer must not be written down, sealed or not. Raises InputError with code
        http.idempotency-key or (422) http.idempotency-reused, Conflict with code
        http.idempotency-running, http.idempotency-unknown or http.idempotency-lost, Unavailable
        with code http.idempotency-full or http.idempotency-store, before anything was done, and as
        `run`.
        """
        asked = _asked(request, body)
        kept = await asyncio.to_thread(self._begin, asked)
        if kept is not None:
            return self._again(kept, asked)
        try:
            response = await run()
        except FatalLogError:
            await asyncio.to_thread(self._abandon, asked)
            raise
        except CounterfoilError:
            await asyncio.to_thread(self._forget, asked)
            raise
        except BaseException:
            await asyncio.to_thread(self._abandon, asked)
            raise
        try:
            await asyncio.to_thread(self._keep, asked, response, secret=secret)
        except Unavailable as err:  # it was done, and who asked must hear so
            _LOG.warning("an answer could not be kept: %s", err)
            with suppress(Unavailable):
                await asyncio.to_thread(self._abandon, asked)
        return response

    def _again(self, kept: _Kept, asked: _Asked) -> Response:
        if kept.digest != asked.digest:
            raise Unprocessable(
                "http.idempotency-reused",
                "expected the request that came with this Idempotency-Key before, found another",
                hint="Make a new key for each request, and send it again only with the same one.",
            )
        if kept.status is None and kept.run == self._run:
            raise Conflict(
                "http.idempotency-running",
                "expected a request that is done, found that it is still under way",
                hint="Send it again in a moment, to get its answer.",
            )
        if kept.status is None:
            raise Conflict(
                "http.idempotency-unknown",
                "expected the answer to this request, found that none was kept: "
                "it may have broken off",
                hint="Look whether it was done, and send it with a new key if it was not.",
            )
        if kept.body is None:
            raise Conflict(
                "http.idempotency-lost",
                f"expected an answer that is kept, found one that is secret, or with which "
                f"more than {_ANSWER_MAX} bytes, or {_ANSWERS_EACH} of one key, would be kept",
                hint="It was done; ask for what it made.",
            )
        headers = dict(line.split(": ", 1) for line in kept.headers.split("\n") if line)
        headers |= {"cache-control": "no-store", "idempotency-replayed": "true"}
        nonce, sealed = kept.body[:_NONCE_BYTES], kept.body[_NONCE_BYTES:]
        body = AESGCM(asked.seal).decrypt(nonce, sealed, None)
        return Response(body, kept.status, headers)

    def _begin(self, asked: _Asked) -> _Kept | None:
        """Write down that a request is under way; if it came before, tell what became of it."""
        now = int(self._clock())
        with self._opened() as database:
            database.execute("begin immediate")
            database.execute("delete from asked where began < ?", (now - KEPT_S,))
            row = database.execute(
                "select digest, run, status, headers, body from asked where name = ?",
                (asked.name,),
            ).fetchone()
            if row is not None:
                return _Kept(*row)
            self._require_room(database, asked)
            database.execute(
                "insert into asked (name, who, digest, run, began) values (?, ?, ?, ?, ?)",
                (asked.name, asked.who, asked.digest, self._run, now),
            )
        return None

    def _require_room(self, database: sqlite3.Connection, asked: _Asked) -> None:
        """Bound what is remembered, of one principal and of all, so that none takes all of it."""
        (of_all,) = database.execute("select count(*) from asked").fetchone()
        query = "select count(*) from asked where who = ?"
        (own,) = database.execute(query, (asked.who,)).fetchone()
        if of_all >= _KEYS_MAX or own >= _KEYS_EACH:
            raise Unavailable(
                "http.idempotency-full",
                f"expected fewer than {_KEYS_EACH} keys in a day, {_KEYS_MAX} of all, found as "
                "many",
                hint="Number what you record in a series: that needs no key.",
            )

    def _keep(self, asked: _Asked, response: Response, *, secret: bool) -> None:
        whole = type(response) is Response and not secret and len(response.body) <= _ANSWER_MAX
        body = None
        if whole:
            nonce = secrets.token_bytes(_NONCE_BYTES)
            body = nonce + AESGCM(asked.seal).encrypt(nonce, bytes(response.body), None)
        headers = "\n".join(
            f"{key}: {value}" for key, value in response.headers.items() if key in _HEADERS
        )
        with self._opened() as database:
            query = "select coalesce(sum(length(body)), 0) from asked where who = ?"
            (held,) = database.execute(query, (asked.who,)).fetchone()
            if body is not None and held + len(body) > _ANSWERS_EACH:
                body = None
            database.execute(
                "update asked set status = ?, headers = ?, body = ? where name = ?",
                (response.status_code, headers, body, asked.name),
            )

    def _forget(self, asked: _Asked) -> None:
        with self._opened() as database:
            database.execute("delete from asked where name = ?", (asked.name,))

    def _abandon(self, asked: _Asked) -> None:
        """Let what became of a request be unknown, as if the node had ended."""
        with self._opened() as database:
            database.execute("update asked set run = '' where name = ?", (asked.name,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a block. Raises Unavailable with code http.idempotency-store."""
        try:
            if not self._path.exists():
                self._path.touch(0o600)
            database = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
            with self._lock, closing(database):
                database.execute("pragma journal_mode = wal")
                database.execute("pragma synchronous = full")
                database.execute("pragma secure_delete = on")
                database.executescript(_SCHEMA)
                with database:
                    yield database
        except (sqlite3.Error, OSError) as err:
            raise Unavailable(
                "http.idempotency-store",
                f"expected to write down a request in {self._path.name}, but: {err}",
                hint="Check the disk; the file may be deleted while the node is stopped.",
            ) from err


def _asked(request: Request, body: bytes) -> _Asked:
    """Name a key, of one principal alone, and tell its request from others.

    The boundary of a form's parts is not part of it.
    """
    key = request.headers["idempotency-key"]
    if not _KEY.fullmatch(key):
        raise InputError(
            "http.idempotency-key",
            f"expected 1 to 255 printable characters, found {key[:80]!a}",
            hint="A random UUID is a good key.",
        )
    secret = f"{request.state.principal.key_id}\0{key}".encode()
    media = media_type(request)
    mark = request.headers.get("content-type", "").partition("boundary=")[2].strip().strip('"')
    if media == "multipart/form-data" and mark:
        body = body.replace(mark.encode(), b"boundary")
    said = [request.method, request.url.path, str(request.query_params), media]
    whole = "\0".join(said).encode() + b"\0" + body
    digest = hmac.digest(secret, b"request\0" + whole, "sha256").hex()
    seal = hmac.digest(secret, b"answer\0" + whole, "sha256")
    who = hashlib.sha256(f"who\0{request.state.principal.key_id}".encode()).hexdigest()
    return _Asked(hashlib.sha256(b"key\0" + secret).hexdigest(), who, digest, seal)

"""Do what a request asks for once, however often it comes: by its Idempotency-Key.

The key is written down, durably, before anything is done, and the answer after it; for a day the
same request gets the same answer. Each principal has keys of its own. What a crash interrupted is
told as such, since nobody knows how far it came. This module refuses one key for two requests.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import Conflict, CounterfoilError, InputError, Unavailable
from counterfoil.http.problems import problem

__all__ = ["KEPT_S", "Once"]

KEPT_S: Final = 24 * 3600
"""How long an answer is kept, seconds."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_ANSWER_MAX: Final = 1 << 20
_KEYS_MAX: Final = 100_000
_SCHEMA: Final = """
create table if not exists requests (
    name text primary key, digest text not null, run text not null, began integer not null,
    status integer, headers text, body blob
) without rowid;
create index if not exists requests_began on requests (began);
"""
_HEADERS: Final = ("content-type", "content-disposition", "content-security-policy")


class Unprocessable(InputError):
    """A key that was used for something else."""

    http_status = 422


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
        self, request: Request, body: bytes, run: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Answer as the first time, or now.

        Raises InputError with code http.idempotency-key or (422) http.idempotency-reused, Conflict
        with code http.idempotency-running, http.idempotency-unknown or http.idempotency-lost, and
        as `run`.
        """
        name, digest = _name(request), _digest(request, body)
        kept = await asyncio.to_thread(self._begin, name, digest)
        if kept is not None:
            return self._again(kept, digest)
        try:
            response = await run()
        except Unavailable:
            await asyncio.to_thread(self._forget, name)  # to be tried again
            raise
        except CounterfoilError as err:
            await asyncio.to_thread(self._keep, name, problem(err))
            raise
        except BaseException:
            await asyncio.to_thread(self._abandon, name)
            raise
        await asyncio.to_thread(self._keep, name, response)
        return response

    def _again(self, kept: _Kept, digest: str) -> Response:
        if kept.digest != digest:
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
                "expected the answer to this request, found that the node ended meanwhile",
                hint="Look whether it was done, and send it with a new key if it was not.",
            )
        if kept.body is None:
            raise Conflict(
                "http.idempotency-lost",
                f"expected an answer of at most {_ANSWER_MAX} bytes to keep, found a larger one",
                hint="It was done; ask for what it made.",
            )
        headers = dict(line.split(": ", 1) for line in kept.headers.split("\n") if line)
        headers |= {"cache-control": "no-store", "idempotency-replayed": "true"}
        return Response(kept.body, kept.status, headers)

    def _begin(self, name: str, digest: str) -> _Kept | None:
        """Write down that a request is under way; if it came before, tell what became of it."""
        now = int(self._clock())
        with self._lock, closing(self._open()) as database, database:
            database.execute("begin immediate")
            database.execute("delete from requests where began < ?", (now - KEPT_S,))
            row = database.execute(
                "select digest, run, status, headers, body from requests where name = ?", (name,)
            ).fetchone()
            if row is not None:
                return _Kept(*row)
            (count,) = database.execute("select count(*) from requests").fetchone()
            if count >= _KEYS_MAX:
                raise Unavailable(
                    "http.idempotency-full",
                    f"expected fewer than {_KEYS_MAX} keys in a day, found as many",
                    hint="Number what you record in a series: that needs no key.",
                )
            database.execute(
                "insert into requests (name, digest, run, began) values (?, ?, ?, ?)",
                (name, digest, self._run, now),
            )
        return None

    def _keep(self, name: str, response: Response) -> None:
        body = bytes(response.body) if type(response) is Response else None
        if body is not None and len(body) > _ANSWER_MAX:
            body = None
        headers = "\n".join(
            f"{key}: {value}" for key, value in response.headers.items() if key in _HEADERS
        )
        with self._lock, closing(self._open()) as database, database:
            database.execute(
                "update requests set status = ?, headers = ?, body = ? where name = ?",
                (response.status_code, headers, body, name),
            )

    def _forget(self, name: str) -> None:
        with self._lock, closing(self._open()) as database, database:
            database.execute("delete from requests where name = ?", (name,))

    def _abandon(self, name: str) -> None:
        """Let what became of a request be unknown, as if the node had ended."""
        with self._lock, closing(self._open()) as database, database:
            database.execute("update requests set run = '' where name = ?", (name,))

    def _open(self) -> sqlite3.Connection:
        try:
            if not self._path.exists():
                self._path.touch(0o600)
            database = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
            try:
                database.execute("pragma journal_mode = wal")
                database.execute("pragma synchronous = full")
                database.executescript(_SCHEMA)
            except BaseException:
                database.close()
                raise
        except (sqlite3.Error, OSError) as err:
            raise Unavailable(
                "http.idempotency-store",
                f"expected to write down a request in {self._path.name}, but: {err}",
                hint="Check the disk; the file may be deleted while the node is stopped.",
            ) from err
        return database


def _name(request: Request) -> str:
    """Name a key: of one principal alone."""
    key = request.headers["idempotency-key"]
    if not _KEY.fullmatch(key):
        raise InputError(
            "http.idempotency-key",
            f"expected 1 to 255 printable characters, found {key[:80]!a}",
            hint="A random UUID is a good key.",
        )
    said = f"{request.state.principal.key_id}\0{key}"
    return hashlib.sha256(said.encode()).hexdigest()


def _digest(request: Request, body: bytes) -> str:
    """Tell one request from another; the boundary of a form's parts is not part of it."""
    said = [request.method, request.url.path, str(request.query_params)]
    media, _, rest = request.headers.get("content-type", "").partition(";")
    mark = rest.partition("boundary=")[2].strip().strip('"')
    if media.strip().lower() == "multipart/form-data" and mark:
        body = body.replace(mark.encode(), b"boundary")
    digest = hashlib.sha256("\0".join([*said, media.strip().lower()]).encode() + b"\0")
    digest.update(body)
    return digest.hexdigest()

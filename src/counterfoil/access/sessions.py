"""Let a browser stay signed in: an opaque id in a cookie, of which only a digest is kept.

A session that a key began ends with the key, and may what the key may now. Ids are made here and
nowhere else, so that nobody can be given one that somebody else knows. A token bound to the
session proves that a form came from one of its pages. This module refuses sessions that were idle
too long, or that are too old.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from counterfoil.access.book import AccessBook
from counterfoil.errors import Refused, Unauthenticated
from counterfoil.ports import Clock
from counterfoil.ports.access import Principal

__all__ = ["IDLE_MS", "LONGEST_MS", "Session", "Sessions"]

IDLE_MS: Final = 60 * 60_000
"""A session ends when nothing was asked for so long, ms."""

LONGEST_MS: Final = 12 * 60 * 60_000
"""A session ends so long after it began, ms."""

_NOTE_MS: Final = 60_000
_OF_ONE_MAX: Final = 20
_CACHE_MAX: Final = 10_000
_ID_BYTES: Final = 32
_ID_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Session:
    """A session that began now. text: its id, for the cookie and nowhere else."""

    text: str = field(repr=False)
    until_ms: int


@dataclass(slots=True)
class _Held:
    principal: Principal
    until_ms: int
    used_ms: int


class Sessions:
    """The sessions in a book. Safe for threads.

    of_key: gives the principal of a key while it counts, else None.
    """

    def __init__(
        self, book: AccessBook, clock: Clock, of_key: Callable[[str], Principal | None]
    ) -> None:
        self._book, self._clock, self._of_key = book, clock, of_key
        self._held: dict[bytes, _Held] = {}
        self._version = -1
        self._lock = threading.Lock()

    def begin(self, principal: Principal, *, until_ms: int | None = None) -> Session:
        """Begin a session of somebody who has just shown who they are.

        until_ms: no longer than so, Unix ms. The oldest beyond 20 of one key end.
        """
        now = self._clock.now_ms()
        end = min(now + LONGEST_MS, now + LONGEST_MS if until_ms is None else until_ms)
        session = Session(secrets.token_urlsafe(_ID_BYTES), end)
        lists = (principal.roles, principal.scopes, principal.sources)
        with self._book.writing() as connection:
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    _digest(session.text),
                    principal.name,
                    principal.key_id,
                    *(json.dumps(sorted(one)) for one in lists),
                    now,
                    now,
                    end,
                ),
            )
            connection.execute(
                "DELETE FROM session WHERE until_ms <= ? OR used_ms <= ?", (now, now - IDLE_MS)
            )
            connection.execute(
                "DELETE FROM session WHERE key = ?1 AND digest NOT IN (SELECT digest FROM session "
                "WHERE key = ?1 ORDER BY made_ms DESC, digest = ?3 DESC LIMIT ?2)",
                (principal.key_id, _OF_ONE_MAX, _digest(session.text)),
            )
        return session

    def check(self, text: str) -> Principal:
        """Find whose session an id is. Raises Unauthenticated with code access.session."""
        now, digest = self._clock.now_ms(), _digest(text)
        held = self._find(digest)
        if held is None or now >= held.until_ms or now - held.used_ms >= IDLE_MS:
            raise _ended()
        principal = held.principal
        if not principal.key_id.startswith("oidc:"):
            found = self._of_key(principal.key_id)
            if found is None:
                raise _ended()
            principal = replace(found, via="session")
        if now - held.used_ms >= _NOTE_MS:
            held.used_ms = now
            with self._book.writing() as connection:
                query = "UPDATE session SET used_ms = ? WHERE digest = ?"
                connection.execute(query, (now, digest))
        return principal

    def end(self, text: str) -> None:
        """End a session; one that is none does nothing."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM session WHERE digest = ?", (_digest(text),))

    def end_of_providers(self) -> None:
        """End the sessions that identity providers began: who may what is asked anew of them."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM session WHERE key LIKE 'oidc:%'")

    def seconds_left(self, session: Session) -> int:
        """Tell how long a session can last, seconds."""
        return max(0, session.until_ms - self._clock.now_ms()) // 1000

    @staticmethod
    def form_token(text: str) -> str:
        """Make the token that forms on a session's pages carry: 64 digits, no secret of others."""
        return sha256(b"counterfoil form v1\n" + text.encode()).hexdigest()

    def check_form(self, text: str, given: str) -> None:
        """Check that a form carries its session's token. Raises Refused with code access.form."""
        if not compare_digest(self.form_token(text).encode(), given.encode("utf-8", "replace")):
            raise Refused(
                "access.form",
                "expected a form of a page of this session, found another",
                hint="Load the page again and send the form from there.",
            )

    def _find(self, digest: bytes) -> _Held | None:
        version = self._book.version()
        with self._lock:
            if version != self._version or len(self._held) > _CACHE_MAX:
                self._held.clear()
                self._version = version
            held = self._held.get(digest)
        if held is not None:
            return held
        query = "SELECT name, key, roles, scopes, sources, used_ms, until_ms FROM session "
        for row in self._book.rows(f"{query} WHERE digest = ?", digest):
            held = _held(row)
            with self._lock:
                if version == self._version:
                    self._held[digest] = held
        return held


def _held(row: tuple[Any, ...]) -> _Held:
    name, key, roles, scopes, sources, used_ms, until_ms = row
    may, within, series = (frozenset(json.loads(one)) for one in (roles, scopes, sources))
    return _Held(Principal(name, key, may, within, series, "session"), until_ms, used_ms)


def _digest(text: str) -> bytes:
    return sha256(b"counterfoil session v1\n" + text[:_ID_MAX].encode("utf-8", "replace")).digest()


def _ended() -> Unauthenticated:
    return Unauthenticated(
        "access.session",
        "expected a session that goes on, found one that has ended",
        hint="Sign in again.",
    )

"""Make, list, revoke and check API keys; a check costs microseconds, a revocation counts at once.

What was read stays in memory until anybody, also another process, changes the file. A digest is
compared in constant time, and an unknown id costs as much as a known one. This module refuses to
tell why a key does not count: who guesses learns nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

from counterfoil.access.book import AccessBook
from counterfoil.access.tokens import AccessToken, digest_of, new_token, parse_token
from counterfoil.errors import Conflict, InputError, NotFound, Unauthenticated
from counterfoil.ports import Clock
from counterfoil.ports.access import ROLES, Principal, Role

__all__ = ["NAME_MAX", "AccessKey", "AccessKeys"]

NAME_MAX: Final = 100
"""Longest name of a key, characters."""

_COLUMNS: Final = (
    "id, name, digest, roles, scopes, sources, rate, burst, quota, made_ms, expires_ms, "
    "revoked_ms, used_ms, replaces"
)
_CACHE_MAX: Final = 10_000
_LIST_MAX: Final = 256
_NOBODY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What is known of a key.

    rate: requests a second, burst: how many at once, quota: records a UTC day; None for the
    node's own. made_ms, expires_ms, revoked_ms, used_ms: Unix ms; the last is up to a minute old.
    replaces: id of the key that it was made for, by `rotate`.
    """

    key_id: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[str, ...]
    sources: tuple[str, ...]
    rate: float | None
    burst: int | None
    quota: int | None
    made_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    used_ms: int | None
    replaces: str | None

    def in_force(self, now_ms: int) -> bool:
        """Tell whether it counts at a time, Unix ms."""
        return all(end is None or now_ms < end for end in (self.expires_ms, self.revoked_ms))

    def principal(self) -> Principal:
        """Make the principal that it shows."""
        return Principal(
            self.name,
            self.key_id,
            frozenset(self.roles),
            frozenset(self.scopes),
            frozenset(self.sources),
        )


class AccessKeys:
    """The keys in a book. Safe for threads."""

    def __init__(self, book: AccessBook, clock: Clock) -> None:
        self._book, self._clock = book, clock
        self._cache: dict[str, tuple[AccessKey, bytes, Principal]] = {}
        self._used: dict[str, int] = {}
        self._version = -1
        self._lock = threading.Lock()

    def add(
        self,
        name: str,
        roles: Iterable[Role],
        *,
        scopes: Iterable[str] = (),
        sources: Iterable[str] = (),
        expires_ms: int | None = None,
        rate: float | None = None,
        burst: int | None = None,
        quota: int | None = None,
        replaces: str | None = None,
    ) -> tuple[AccessKey, AccessToken]:
        """Make a key; the token is shown once and never again.

        name: 1 to 100 visible characters, such as a person or a service. Raises InputError with
        code access.key-name, access.key-role, access.key-list, access.key-limit or
        access.key-expiry.
        """
        now, token = self._clock.now_ms(), new_token()
        key = AccessKey(
            token.key_id,
            _checked_name(name),
            _checked_roles(roles),
            _checked_list(scopes),
            _checked_list(sources),
            rate,
            burst,
            quota,
            now,
            expires_ms,
            None,
            None,
            replaces,
        )
        _check_limits(key, now)
        lists = (json.dumps(one) for one in (key.roles, key.scopes, key.sources))
        row = (key.key_id, key.name, digest_of(token, self._book.origin), *lists)
        rest = (rate, burst, quota, now, expires_ms, None, None, replaces)
        with self._book.writing() as connection:
            connection.execute(
                f"INSERT INTO key ({_COLUMNS}) VALUES (?{', ?' * 13})",  # noqa: S608
                (*row, *rest),
            )
        return key, token

    def check(self, text: str) -> tuple[AccessKey, Principal]:
        """Find whose key a text is.

        Raises Unauthenticated with code access.key-refused for one that is unknown, revoked,
        expired or another ledger's, access.key-form for what is no key.
        """
        try:
            token = parse_token(text)
        except InputError as err:
            raise Unauthenticated("access.key-form", err.message, hint=err.hint) from None
        found = self._find(token.key_id)
        expected = _NOBODY if found is None else found[1]
        same = compare_digest(digest_of(token, self._book.origin), expected)
        now = self._clock.now_ms()
        if found is None or not same or not found[0].in_force(now):
            raise Unauthenticated(
                "access.key-refused",
                "expected a key of this ledger that is in force, found one that is not",
                hint="`counterfoil access ls` lists the keys and when they end.",
            )
        self._used[token.key_id] = now
        return found[0], found[2]

    def get(self, key_id: str) -> AccessKey:
        """Find a key by its id or a unique beginning of it.

        Raises NotFound with code access.key-unknown, InputError with code access.key-unclear.
        """
        found = [key for key in self.list() if key.key_id.startswith(key_id) and key_id]
        exact = [key for key in found if key.key_id == key_id]
        if len(exact or found) > 1:
            raise InputError(
                "access.key-unclear",
                f"expected the beginning of one key's id, found that of {len(found)}",
                hint="Write more of it.",
            )
        for key in exact or found:
            return key
        raise NotFound(
            "access.key-unknown",
            f"expected the id of a key of this ledger, found {key_id[:40]!a}",
            hint="`counterfoil access ls` lists them; never give the secret part.",
        )

    def list(self) -> list[AccessKey]:
        """List all keys that were ever made, oldest first."""
        rows = self._book.rows(f"SELECT {_COLUMNS} FROM key ORDER BY made_ms, rowid")  # noqa: S608
        return [_key_of(row) for row in rows]

    def lately(self, key_id: str) -> AccessKey | None:
        """Give a key as it was when it was last checked, for what need not be newer: its limits.

        Asking the file lets go of the interpreter, and a busy process waits to get it back.
        """
        found = self._cache.get(key_id)
        return self.known(key_id) if found is None else found[0]

    def known(self, key_id: str) -> AccessKey | None:
        """Give the key with exactly this id while it counts, else None."""
        found = self._find(key_id)
        if found is None or not found[0].in_force(self._clock.now_ms()):
            return None
        return found[0]

    def revoke(self, key_id: str, *, at_ms: int | None = None) -> AccessKey:
        """End a key: at once, or at a time; an end that was set before is put off by none.

        Raises as `get`, and Conflict with code access.key-ended where it has ended already.
        """
        key, now = self.get(key_id), self._clock.now_ms()
        if not key.in_force(now):
            raise Conflict(
                "access.key-ended",
                f"expected a key that is in force, found {key.key_id}, which has ended",
                hint="There is nothing left to revoke.",
            )
        end = now if at_ms is None else at_ms
        with self._book.writing() as connection:
            query = "UPDATE key SET revoked_ms = min(?1, coalesce(revoked_ms, ?1)) WHERE id = ?2"
            connection.execute(query, (end, key.key_id))
            if end <= now:
                connection.execute("DELETE FROM session WHERE key = ?", (key.key_id,))
        return self.get(key.key_id)

    def rotate(self, key_id: str, *, grace_ms: int = 0) -> tuple[AccessKey, AccessToken]:
        """Make a key that may do the same, and end the old one after `grace_ms`.

        Raises as `revoke`.
        """
        old, now = self.get(key_id), self._clock.now_ms()
        lifetime = None if old.expires_ms is None else old.expires_ms - old.made_ms
        self.revoke(old.key_id, at_ms=now + grace_ms)
        return self.add(
            old.name,
            old.roles,
            scopes=old.scopes,
            sources=old.sources,
            expires_ms=None if lifetime is None else now + lifetime,
            rate=old.rate,
            burst=old.burst,
            quota=old.quota,
            replaces=old.key_id,
        )

    def discard(self, key_id: str) -> None:
        """Forget a key that nobody was shown."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM key WHERE id = ?", (key_id,))

    def flush(self) -> None:
        """Write down when keys were last used."""
        used, self._used = self._used, {}
        if not used:
            return
        with self._book.writing() as connection:
            connection.executemany(
                "UPDATE key SET used_ms = ? WHERE id = ?",
                [(at, key_id) for key_id, at in list(used.items())],  # a check may still add one
            )

    def _find(self, key_id: str) -> tuple[AccessKey, bytes, Principal] | None:
        version = self._book.version()
        with self._lock:
            if version != self._version or len(self._cache) > _CACHE_MAX:
                self._cache.clear()
                self._version = version
            found = self._cache.get(key_id)
        if found is not None:
            return found
        query = f"SELECT {_COLUMNS} FROM key WHERE id = ?"  # noqa: S608
        for row in self._book.rows(query, key_id):
            key = _key_of(row)
            found = (key, row[2], key.principal())
            with self._lock:
                if version == self._version:
                    self._cache[key_id] = found
        return found


def _key_of(row: tuple[Any, ...]) -> AccessKey:
    key_id, name, _, roles, scopes, sources, *rest = row
    roles, scopes, sources = (tuple(json.loads(one)) for one in (roles, scopes, sources))
    return AccessKey(key_id, name, roles, scopes, sources, *rest)


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or name != name.strip():
        raise InputError(
            "access.key-name",
            f"expected a name of 1 to {NAME_MAX} visible characters, found {name[:80]!a}",
            hint="For example checkout-service or alice.",
        )
    return name


def _checked_roles(roles: Iterable[Role]) -> tuple[Role, ...]:
    given = set(roles)
    if not given or not given <= set(ROLES):
        raise InputError(
            "access.key-role",
            f"expected at least one of {', '.join(ROLES)}, found {sorted(given)!a}",
            hint="writer records, reader reads, auditor opens what is sealed, operator does all.",
        )
    return tuple(role for role in ROLES if role in given)


def _checked_list(values: Iterable[str]) -> tuple[str, ...]:
    given = tuple(sorted(set(values)))
    if len(given) > _LIST_MAX or not all(
        1 <= len(one) <= 255 and one.isprintable() for one in given
    ):
        raise InputError(
            "access.key-list",
            f"expected at most {_LIST_MAX} names of 1 to 255 visible characters",
            hint="Scopes are first words of commands, sources are names of series.",
        )
    return given


def _check_limits(key: AccessKey, now_ms: int) -> None:
    for value, least, most in ((key.rate, 0.001, 1e6), (key.burst, 1, 10**6), (key.quota, 1, 1e12)):
        if value is not None and not least <= value <= most:
            raise InputError(
                "access.key-limit",
                f"expected a limit of {least:g} to {most:g}, found {value:g}",
                hint="Leave it out to go by the node's own limits.",
            )
    if key.expires_ms is not None and not now_ms < key.expires_ms < 2**53:
        raise InputError(
            "access.key-expiry",
            "expected an end in the future, found one that is over, or too far",
            hint="For example --expires 90d.",
        )

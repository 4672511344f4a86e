"""Make, list, replace and end the keys with which people and programs use a ledger's node."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

from counterfoil.access import AccessBook, AccessKey, AccessKeys, MadeKey, opened_desk
from counterfoil.access.spans import parse_span
from counterfoil.ops.listing import Limit, at_most
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import Param, SystemClock
from counterfoil.ports.access import Role

__all__ = ["KeyEnded", "KeyMade", "KeyOfAccess", "add", "listing", "revoke", "rotate"]

KeyId = Annotated[str, Param("Id of the key, or a unique beginning of it; not the key.", "ID")]
Actor = Annotated[
    str | None, Param("Who does it; stands in the log. Else the user of this machine.", "NAME")
]
Why = Annotated[str, Param("Why, for people; it is recorded.", "TEXT")]


@dataclass(frozen=True, slots=True)
class KeyOfAccess:
    """A key, without its secret, and whether it counts now."""

    key_id: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[str, ...]
    sources: tuple[str, ...]
    rate: float | None
    quota: int | None
    made_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    used_ms: int | None
    replaces: str | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new key. token: the key itself, shown this once. index: of the statement about it."""

    key_id: str
    name: str
    token: str
    roles: tuple[Role, ...]
    expires_ms: int | None
    index: int


@dataclass(frozen=True, slots=True)
class KeyEnded:
    """A key that counts no more. index: of the statement about it."""

    key_id: str
    name: str
    index: int


def add(
    name: Annotated[str, Param("Who or what gets the key; stands in the log.", "NAME")],
    *,
    role: Annotated[
        tuple[Role, ...], Param("What it may do: write, read, open what is sealed, or everything.")
    ] = ("reader",),
    scope: Annotated[
        tuple[str, ...],
        Param("Only commands with this first word, such as record or case; else all.", "WORD"),
    ] = (),
    source: Annotated[
        tuple[str, ...], Param("A writer may only write this series; else all.", "SERIES")
    ] = (),
    expires: Annotated[
        str | None, Param("How long it counts, such as 90d; else no end.", "SPAN")
    ] = None,
    rate: Annotated[int | None, Param("Most requests a second; twice that at once.", "N")] = None,
    quota: Annotated[int | None, Param("Most records a day (UTC).", "N")] = None,
    actor: Actor = None,
    why: Why = "",
    ledger: LedgerFolder = None,
) -> KeyMade:
    """Make a key for a ledger's node, and show it once.

    Raises InputError with code access.key-name, access.key-role, access.key-list,
    access.key-limit or access.span.
    """
    ends = None if expires is None else SystemClock().now_ms() + parse_span(expires)
    with open_for_writing(ledger) as opened, opened_desk(opened, _by(actor)) as desk:
        made = desk.add(
            name,
            role,
            scopes=scope,
            sources=source,
            expires_ms=ends,
            rate=rate,
            quota=quota,
            why=why,
        )
        return _shown(made)


def listing(
    *,
    all_: Annotated[bool, Param("Those that count no more, too.")] = False,
    limit: Limit = None,
    ledger: LedgerFolder = None,
) -> Iterator[KeyOfAccess]:
    """List the keys of a ledger's node, oldest first.

    Raises InputError with code list.limit.
    """
    now = SystemClock().now_ms()
    with open_for_reading(ledger) as opened:
        if not opened.layout.access_book.exists():
            return
        with closing(AccessBook(opened.layout.access_book, opened.origin)) as book:
            found = AccessKeys(book, SystemClock()).list()
    yield from at_most((_listed(key, now) for key in found if all_ or key.in_force(now)), limit)


def revoke(
    key: KeyId, *, actor: Actor = None, why: Why = "", ledger: LedgerFolder = None
) -> KeyEnded:
    """End a key at once, also in a node that runs.

    Raises NotFound with code access.key-unknown, InputError with code access.key-unclear,
    Conflict with code access.key-ended.
    """
    with open_for_writing(ledger) as opened, opened_desk(opened, _by(actor)) as desk:
        ended, index = desk.revoke(key, why=why)
    return KeyEnded(ended.key_id, ended.name, index)


def rotate(
    key: KeyId,
    *,
    grace: Annotated[
        str | None, Param("How long the old key still counts, such as 1h; else it ends.", "SPAN")
    ] = None,
    actor: Actor = None,
    why: Why = "",
    ledger: LedgerFolder = None,
) -> KeyMade:
    """Make a key that may do the same as another, and end the other.

    Raises as `revoke`, and InputError with code access.span.
    """
    grace_ms = 0 if grace is None else parse_span(grace)
    with open_for_writing(ledger) as opened, opened_desk(opened, _by(actor)) as desk:
        return _shown(desk.rotate(key, grace_ms=grace_ms, why=why))


def _by(actor: str | None) -> str:
    return actor or getpass.getuser()


def _shown(made: MadeKey) -> KeyMade:
    key = made.key
    return KeyMade(key.key_id, key.name, made.token, key.roles, key.expires_ms, made.index)


def _listed(key: AccessKey, now_ms: int) -> KeyOfAccess:
    return KeyOfAccess(
        key.key_id,
        key.name,
        key.roles,
        key.scopes,
        key.sources,
        key.rate,
        key.quota,
        key.made_ms,
        key.expires_ms,
        key.revoked_ms,
        key.used_ms,
        key.replaces,
        key.in_force(now_ms),
    )

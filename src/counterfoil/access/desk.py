"""Make and end keys so that the log says so: no use of an operator's rights goes unrecorded.

A key is shown only after its statement is durable; an end counts before it is recorded, since
waiting would leave a thief in. This module refuses to show a key twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from counterfoil.access.book import AccessBook
from counterfoil.access.keyring import AccessKey, AccessKeys
from counterfoil.access.tokens import AccessToken
from counterfoil.ledger import Ledger
from counterfoil.ports import SystemClock
from counterfoil.ports.access import Role

__all__ = ["AccessDesk", "MadeKey", "opened_desk"]


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key. token: shown now and never again. index: of the statement that it was made."""

    key: AccessKey
    token: str = field(repr=False)
    index: int


class AccessDesk:
    """The keys of an open ledger's node. by: who acts, for the log."""

    def __init__(self, ledger: Ledger, keys: AccessKeys, by: str) -> None:
        self._ledger, self.keys, self._by = ledger, keys, by

    def add(self, name: str, roles: Iterable[Role], *, why: str = "", **options: Any) -> MadeKey:
        """Make a key. options: as of `AccessKeys.add`. Raises as that and as `Ledger.record`."""
        return self._made(*self.keys.add(name, roles, **options), why)

    def revoke(self, key_id: str, *, why: str = "") -> tuple[AccessKey, int]:
        """End a key at once; gives it and the index of the statement. Raises as `AccessKeys`."""
        key = self.keys.revoke(key_id)
        return key, self._state("end", key, key.revoked_ms, why)

    def rotate(self, key_id: str, *, grace_ms: int = 0, why: str = "") -> MadeKey:
        """Make a key that may do the same, and end the old one after `grace_ms`."""
        key, token = self.keys.rotate(key_id, grace_ms=grace_ms)
        made = self._made(key, token, why)
        old = self.keys.get(key.replaces or "")
        self._state("end", old, old.revoked_ms, why)
        return made

    def first_operator(self) -> MadeKey | None:
        """Make an operator's key where none counts now, so that a new node can be used."""
        if any("operator" in key.roles and self.keys.known(key.key_id) for key in self.keys.list()):
            return None
        return self.add(
            "first operator", ["operator"], why="a node without an operator was started"
        )

    def _made(self, key: AccessKey, token: AccessToken, why: str) -> MadeKey:
        try:
            index = self._state("add", key, key.expires_ms, why)
        except BaseException:
            self.keys.discard(key.key_id)  # nobody has seen it
            raise
        return MadeKey(key, token.text, index)

    def _state(self, action: str, key: AccessKey, until_ms: int | None, why: str) -> int:
        fields: dict[str, Any] = {
            "action": action,
            "key": key.key_id,
            "name": key.name,
            "roles": key.roles,
            "scopes": key.scopes,
            "sources": key.sources,
            "by": self._by,
            "why": why,
        }
        for name, value in (("until_ms", until_ms), ("replaces", key.replaces)):
            if value is not None:
                fields[name] = value
        return self._ledger.record_statement("access-change", fields).index


@contextmanager
def opened_desk(ledger: Ledger, by: str) -> Iterator[AccessDesk]:
    """Open the keys of a ledger's node for a block, also beside a node that runs.

    Raises as `AccessBook`.
    """
    with closing(AccessBook(ledger.layout.access_book, ledger.origin)) as book:
        yield AccessDesk(ledger, AccessKeys(book, SystemClock()), by)

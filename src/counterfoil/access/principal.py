"""Who asks, and what they may do: roles, scopes and series, as plain data.

A principal comes from a key, a token or a session, and looks the same from then on. This module
refuses to know where any of them is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["ROLES", "Principal", "Role", "Via"]

Role = Literal["writer", "reader", "auditor", "operator"]
"""writer: records, and takes receipts of what it wrote. reader: reads. auditor: reads, opens,
replays and explains what is sealed, audits, and sees refusals. operator: everything."""

Via = Literal["key", "session", "oidc"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

_INCLUDES: Final[dict[Role, frozenset[Role]]] = {
    "writer": frozenset({"writer"}),
    "reader": frozenset({"reader"}),
    "auditor": frozenset({"auditor", "reader"}),
    "operator": frozenset(ROLES),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who showed who they are.

    name: for people and for the log. key_id: of the key, or `oidc:` and a digest of issuer and
    subject. roles: as given; `has` knows what they include. scopes: first words of the operations
    that may be called, none for all. sources: series that may be written, none for all. via: how
    they showed it.
    """

    name: str
    key_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    via: Via = "key"

    def has(self, role: Role) -> bool:
        """Tell whether one of the roles is `role` or includes it."""
        return any(role in _INCLUDES[held] for held in self.roles)

    def in_scope(self, words: Sequence[str]) -> bool:
        """Tell whether an operation, by its words, may be called; no words are always in scope."""
        return not self.scopes or not words or words[0] in self.scopes

    def may_write(self, source: str | None) -> bool:
        """Tell whether a series may be written; None is the ledger's own series."""
        return not self.sources or (source is not None and source in self.sources)

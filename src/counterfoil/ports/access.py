"""Who asks a node for something, and what they may do: roles, scopes and series, as plain data.

The types that the shell and the room of access share. This module refuses to decide how somebody
shows who they are: `access.Guard` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["DESKS", "ROLES", "Principal", "Role", "Via"]

Role = Literal["writer", "reader", "auditor", "operator"]
"""writer: records, and takes receipts of what it recorded. reader: reads what is not sealed.
auditor: a reader who may open, replay and explain what is sealed, and sees refusals. operator: all.
"""

ROLES: Final[tuple[Role, ...]] = ("writer", "reader", "auditor", "operator")

Via = Literal["key", "session", "oidc"]

DESKS: Final = ("escrowed/", "order/", "order-money/")
"""Beginnings of series by which desks move money: what stands there is acted on. A key writes
there only if it names the series; the desks' own operations do without."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    name: given by an operator, or of their organisation's sign-in. key_id: what identifies their
    key, never the key; of a sign-in `oidc:` and a digest of issuer and subject. roles: what they
    may do; `may` knows what a role covers. scopes: first words of operations that they may use;
    none means all. sources: series that they may write; none means all but those of `DESKS`. via:
    how they showed who they are.
    """

    name: str
    key_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    via: Via = "key"

    def may(self, role: Role) -> bool:
        """Tell whether their roles cover one."""
        covering = {role, "operator"} | ({"auditor"} if role == "reader" else set())
        return bool(self.roles & covering)

    def in_scope(self, words: Sequence[str]) -> bool:
        """Tell whether they may use an operation, by its words; no words are always in scope."""
        return not self.scopes or not words or words[0] in self.scopes

    def may_write(self, source: str | None) -> bool:
        """Tell whether they may write a series; None is the ledger's own series."""
        if self.sources:
            return source is not None and source in self.sources
        return "operator" in self.roles or source is None or not source.startswith(DESKS)

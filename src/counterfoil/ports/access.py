"""Who asks a node for something, and the one who decides whether they may.

The types that the shell and the room of access share. This module refuses to decide anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

__all__ = ["ROLES", "Guard", "Principal", "Role"]

Role = Literal["writer", "reader", "auditor", "operator"]
"""writer: records, and takes receipts of what it recorded. reader: reads what is not sealed.
auditor: a reader who may open, replay and explain what is sealed, and sees refusals. operator: all.
"""

ROLES: Final[tuple[Role, ...]] = ("writer", "reader", "auditor", "operator")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    name: given by an operator, or of their organisation's sign-in. key_id: what identifies their
    key, never the key. roles: what they may do. scopes: first words of operations that they may
    use; none means all. sources: series that they may write; none means all. via: how they showed
    who they are.
    """

    name: str
    key_id: str
    roles: frozenset[Role]
    scopes: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    via: Literal["key", "session", "oidc"] = "key"

    def may(self, role: Role) -> bool:
        """Tell whether their roles cover one."""
        covering = {role, "operator"} | ({"auditor"} if role == "reader" else set())
        return bool(self.roles & covering)


class Guard(Protocol):
    """Decides who may do what, how often, and keeps account of what it refused.

    Safe for threads. `address` is the peer's, as text.
    """

    def identify(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str
    ) -> Principal | None:
        """Tell who asks; None where nothing was shown.

        headers: by lower-case name. Raises Unauthenticated for what does not count, TooMany where
        an address failed too often.
        """

    def require(
        self, principal: Principal | None, role: Role, words: tuple[str, ...], address: str
    ) -> Principal:
        """Let them do something, or raise.

        words: of the operation, or one that names what is asked for. Raises Unauthenticated where
        nobody was shown, Refused with code access.role or access.scope.
        """

    def admit(self, principal: Principal, records: int, address: str) -> None:
        """Count a request, and so many records of it. Raises TooMany."""

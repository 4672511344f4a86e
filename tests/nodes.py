"""A node for tests: a ledger of its own, served by a real server, with keys of each role."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from counterfoil.errors import Refused, Unauthenticated
from counterfoil.http import Site, make_app
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.node.status import NodeStatus, Service
from counterfoil.ops.place import lending
from counterfoil.ops.serving import serving
from counterfoil.ports.access import ROLES, Principal, Role

__all__ = ["KeyRing", "served"]


class KeyRing:
    """A guard that knows one key a role, which is the role's name; it works, and keeps no book."""

    def identify(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str
    ) -> Principal | None:
        shown = headers.get("authorization", "").removeprefix("Bearer ") or cookies.get("key", "")
        if not shown:
            return None
        role = next((one for one in ROLES if one == shown), None)
        if role is None:
            raise Unauthenticated("access.unknown", "expected a key of this node, found another")
        return Principal(f"the {role}", role, frozenset({role}))

    def require(
        self, principal: Principal | None, role: Role, words: tuple[str, ...], address: str
    ) -> Principal:
        if principal is None:
            raise Unauthenticated("access.none", "expected a key, found none")
        if not principal.may(role):
            raise Refused("access.role", f"expected a key of a {role}, found {principal.name}")
        return principal

    def admit(self, principal: Principal, records: int, address: str) -> None:
        pass


@contextmanager
def served(ledger: Ledger, settings: NodeSettings | None = None) -> Iterator[str]:
    """Serve a ledger for a block, which gets the node's address."""
    began = int(time.time() * 1000)

    def status() -> NodeStatus:
        return NodeStatus(began, (Service("sequencer", "running", began, needed=True),))

    site = Site(ledger, KeyRing(), status, settings or NodeSettings())
    with lending(ledger), serving(make_app(site)) as url:
        yield url

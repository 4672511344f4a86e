"""A node for tests: a ledger of its own, served by a real server, with keys of each role."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from counterfoil.access import AccessBook, Guard, Limits
from counterfoil.http import Site, make_app
from counterfoil.http.endpoint import Endpoint, Lane, Mounted
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.node.status import NodeStatus, Service
from counterfoil.ops.place import lending
from counterfoil.ops.serving import Listener, serving
from counterfoil.ports import SystemClock
from counterfoil.ports.access import ROLES, Principal

__all__ = ["KeyRing", "offered_by", "served"]


class KeyRing(Guard):
    """A guard that, beside real keys, knows one of each role by the role's name; also as cookie."""

    def identify(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str
    ) -> Principal | None:
        shown = headers.get("authorization", "").removeprefix("Bearer ") or cookies.get("key", "")
        role = next((one for one in ROLES if one == shown), None)
        if role is None:
            return super().identify(headers, cookies, address)
        return Principal(f"the {role}", role, frozenset({role}))


@contextmanager
def served(
    ledger: Ledger,
    settings: NodeSettings | None = None,
    *,
    limits: Limits | None = None,
    fast: bool = False,
    listen: str | Listener = "127.0.0.1:0",
) -> Iterator[str]:
    """Serve a ledger for a block, which gets the node's address; fast: as `counterfoil up` does."""
    began = int(time.time() * 1000)

    def status() -> NodeStatus:
        return NodeStatus(began, (Service("sequencer", "running", began, needed=True),))

    book = AccessBook(ledger.layout.folder / "access.db", ledger.origin)
    guard = KeyRing(book, SystemClock(), limits=limits)
    site = Site(ledger, guard, status, settings or NodeSettings())
    with closing(guard), lending(ledger), serving(make_app(site), listen, fast=fast) as url:
        yield url


def offered_by(ledger: Ledger) -> list[Endpoint | Mounted | Lane]:
    """List all that a node answers."""
    with closing(AccessBook(ledger.layout.access_book, ledger.origin)) as book:
        ring = KeyRing(book, SystemClock())
        return make_app(Site(ledger, ring, lambda: NodeStatus(0))).offered

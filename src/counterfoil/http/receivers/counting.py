"""Hold what comes by other programs' protocols to its sender's key, as records themselves are.

What they bring stands in series that the node chooses: a key that may write some series only brings
nothing of others, and all of it counts against its quota. This module refuses to know a protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from counterfoil.http.guarding import address_of
from counterfoil.http.site import Site

__all__ = ["counted"]

_T = TypeVar("_T")


def counted(
    site: Site,
    request: Request,
    records: int,
    work: Callable[[], _T],
    kept: Callable[[_T], int],
    *,
    series: str | None = None,
) -> _T:
    """Do work that records, and count what it records.

    records: the most that it may record. kept: tells how many count of what came of it; of what
    fails none does. series: in which they stand; None for the ledger's own. Raises as `work`,
    Refused with code access.source, TooMany with code access.quota.
    """
    guard, principal, address = site.guard, request.state.principal, address_of(request)
    guard.require_source(principal, series, address)
    guard.charge(principal, records, address)
    used = 0
    try:
        done = work()
        used = min(records, max(0, kept(done)))
    finally:
        guard.refund(principal, records - used)
    return done

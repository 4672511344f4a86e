"""Operations, records, events and their description for programs, below `/api/v1`."""

from __future__ import annotations

from counterfoil.http.endpoint import Endpoint, Mounted
from counterfoil.http.site import Site

__all__ = ["endpoints"]


def endpoints(_site: Site) -> list[Endpoint | Mounted]:
    """List what programs may ask for; what is asked for most comes first."""
    return []

"""Operations, records, events and their description for programs, below `/api/v1`."""

from __future__ import annotations

from counterfoil.http.api import reading, recording, saying
from counterfoil.http.api.events import event_endpoints
from counterfoil.http.api.operations import operation_endpoints
from counterfoil.http.api.scribe import Scribe
from counterfoil.http.endpoint import Endpoint, Lane, Mounted
from counterfoil.http.site import Site

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted | Lane]:
    """List what programs may ask for; what is asked for most comes first."""
    scribe = Scribe()
    return [
        *recording.lanes(site, scribe),
        *saying.lanes(site, scribe),
        *reading.endpoints(site),
        *event_endpoints(site),
        *operation_endpoints(site),
    ]

"""What other programs reach here by their own protocols: logs, SCITT, EPCIS, traces, chains."""

from __future__ import annotations

from counterfoil.http.endpoint import Endpoint, Mounted
from counterfoil.http.receivers import chain, epcis, labels, lineage, log, scitt, tracing, witness
from counterfoil.http.site import Site

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List them."""
    return [
        *log.endpoints(site),
        *chain.endpoints(site),
        *tracing.endpoints(site),
        *lineage.endpoints(site),
        *scitt.endpoints(site),
        *epcis.endpoints(site),
        *labels.endpoints(site),
        *witness.endpoints(site),
    ]

"""What other programs reach here by their own protocols: logs, SCITT, traces, lineage, chains."""

from __future__ import annotations

from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.site import Site
from counterfoil.network.log_app import LogApp

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List them."""
    return [_log(site)]


def _log(site: Site) -> Mounted:
    """Serve the C2SP paths, to anybody as far as the node's settings share the log."""
    public = site.settings.public
    need = Need("reader", ("log",)) if public == "nothing" else Need(None)
    app = LogApp(site.ledger.layout.folder, "all" if public == "nothing" else public)
    return Mounted("", need, app, below=("/checkpoint", "/tile", "/payload", "/events"))

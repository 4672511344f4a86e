"""The log's own paths (C2SP tlog-tiles), so that any monitor, mirror or witness can read it.

To anybody as far as the node's settings share it, else to who has a reader's key. This module
refuses to decide what is shared: `network.log_app` keeps to the settings.
"""

from __future__ import annotations

from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted, Need
from counterfoil.http.site import Site
from counterfoil.network.log_app import LogApp

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List `/checkpoint`, `/tile/...`, `/payload/...` and `/events`."""
    folder, public = site.ledger.layout.folder, site.settings.public
    below = ("/checkpoint", "/tile", "/payload", "/events")
    if public == "nothing":
        return [Mounted("", Need("reader", ("log",)), LogApp(folder), below)]
    return [Mounted("", ANYBODY, LogApp(folder, public), below)]

"""The node's witness, which cosigns the logs of its network's other members (C2SP tlog-witness).

Anybody may ask, as the protocol has it: it signs only for logs that it follows, and only what
grows. This module refuses to choose them: the node's network does.
"""

from __future__ import annotations

from counterfoil.http.endpoint import ANYBODY, Endpoint, Mounted
from counterfoil.http.site import Site
from counterfoil.network.node import WITNESS_PREFIX

__all__ = ["endpoints"]


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List what is below `/witness`, where the node is a member of a network."""
    if site.witness is None:
        return []
    return [Mounted("", ANYBODY, site.witness, (WITNESS_PREFIX,))]

"""What parties do with each other's logs: fetch, mirror, watch, belong, and prove that one lied.

Nothing that comes from another party is believed: every byte must lead to a root that the reader's
own policy accepts.
"""

from counterfoil.network.log_app import LogApp
from counterfoil.network.mirror import Mirror, MirrorEvent
from counterfoil.network.monitor import Monitor, MonitorEvent
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource, open_source

__all__ = [
    "LogApp",
    "LogSource",
    "Mirror",
    "MirrorEvent",
    "Monitor",
    "MonitorEvent",
    "ProvenTiles",
    "open_source",
]

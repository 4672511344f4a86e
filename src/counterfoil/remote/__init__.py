"""A ledger on another machine: recorded in and read over HTTP, as if it were here.

With a spool nothing is lost while the node is away. Needs no extra.
"""

from counterfoil.remote.connecting import KEY_ENVIRONMENT, connect
from counterfoil.remote.events import Event
from counterfoil.remote.ledger import RemoteLedger
from counterfoil.remote.results import SetAside, Spooled

__all__ = ["KEY_ENVIRONMENT", "Event", "RemoteLedger", "SetAside", "Spooled", "connect"]

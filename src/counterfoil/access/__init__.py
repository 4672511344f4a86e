"""Who may do what in a node: keys, roles, tokens, sessions, limits, and what was refused.

This room knows no web framework; a shell asks its `Guard`. It refuses to keep a secret: of keys,
sessions and tokens only digests are written down.
"""

from counterfoil.access.audit import Refusal, RefusalLog
from counterfoil.access.book import AccessBook
from counterfoil.access.desk import AccessDesk, MadeKey, opened_desk
from counterfoil.access.guard import Guard
from counterfoil.access.keyring import AccessKey, AccessKeys
from counterfoil.access.limits import Admission, Limits, Rate
from counterfoil.access.opening import open_guard
from counterfoil.access.sessions import Session, Sessions
from counterfoil.ports.access import ROLES, Principal, Role

__all__ = [
    "ROLES",
    "AccessBook",
    "AccessDesk",
    "AccessKey",
    "AccessKeys",
    "Admission",
    "Guard",
    "Limits",
    "MadeKey",
    "Principal",
    "Rate",
    "Refusal",
    "RefusalLog",
    "Role",
    "Session",
    "Sessions",
    "open_guard",
    "opened_desk",
]

"""Counterfoil: the ledger that AI systems write to, learn from and are governed by.

`open` makes or opens a ledger, `connect` uses one that a node serves, `verify` checks a receipt
offline. All are loaded when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.ledger import open_ledger as open
    from counterfoil.ops.verify_files import verify
    from counterfoil.remote import connect

__all__ = ["Ledger", "__version__", "connect", "open", "verify"]

__version__ = "0.1.0"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name == "Ledger":
        from counterfoil.ledger import Ledger

        return Ledger
    if name == "open":  # with the pace that anchors it in the background
        from functools import wraps

        from counterfoil.ledger import open_ledger
        from counterfoil.ops.place import open_anchoring

        return wraps(open_ledger)(open_anchoring)
    if name == "connect":
        from counterfoil.remote import connect

        return connect
    if name == "verify":
        from counterfoil.ops.verify_files import verify

        return verify
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

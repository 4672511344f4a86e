"""Import what the extra `watch` brings, and say what to install where it is missing.

This module refuses to import anything by itself: `import counterfoil` stays light.
"""

from __future__ import annotations

from typing import Any

from counterfoil import extras

__all__ = ["need"]


def need(module: str) -> Any:
    """Import a module of the extra. Raises Unavailable with code extra.missing."""
    return extras.need(module, "watch")

"""Import what only the extra `insight` brings, and say what to install where it is missing.

This module refuses to import anything by itself: `import counterfoil` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from counterfoil.errors import Unavailable

__all__ = ["need"]


def need(module: str) -> Any:
    """Import a module of the extra. Raises Unavailable with code extra.insight."""
    try:
        return import_module(module)
    except ImportError as err:
        raise Unavailable(
            "extra.insight",
            f"expected the package {module}, which is not installed",
            hint="Install counterfoil[insight].",
        ) from err

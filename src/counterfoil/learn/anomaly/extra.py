"""Import what only the extra `watch` brings, and say what to install where it is missing.

This module refuses to import anything by itself: `import counterfoil` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from counterfoil.errors import InputError

__all__ = ["need"]


def need(module: str) -> Any:
    """Import a module of the extra. Raises InputError with code extra.watch."""
    try:
        return import_module(module)
    except ImportError as err:
        raise InputError(
            "extra.watch",
            f"expected the package {module}, which is not installed",
            hint="Install counterfoil[watch].",
        ) from err

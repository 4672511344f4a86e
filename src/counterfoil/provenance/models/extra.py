"""Say what to install when the libraries of the `models` extra are missing. Refuses to install."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from counterfoil.errors import Unavailable

__all__ = ["need"]


def need(module: str) -> ModuleType:
    """Import a module of the extra `models`. Raises Unavailable with code models.extra."""
    try:
        return import_module(module)
    except ImportError as err:
        raise Unavailable(
            "models.extra",
            f"expected the Python package {module.partition('.')[0]}, but: {err}",
            hint="Install it: pip install 'counterfoil[models]'.",
        ) from err

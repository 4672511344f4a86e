"""Say what to install when the libraries of the `frames` extra are missing. Refuses to install."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from counterfoil.errors import Unavailable

__all__ = ["need"]


def need(module: str) -> Any:
    """Import a module of the `frames` extra. Raises Unavailable with code dataset.extra."""
    try:
        return import_module(module)
    except ImportError as err:
        raise Unavailable(
            "dataset.extra",
            f"expected the Python package for tables, found no {module.partition('.')[0]}",
            hint="Install it: pip install 'counterfoil[frames]'.",
        ) from err

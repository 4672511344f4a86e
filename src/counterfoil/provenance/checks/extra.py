"""Say what to install when a library that a check needs is missing. Refuses to install."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from counterfoil.errors import Unavailable

__all__ = ["need"]


def need(module: str) -> Any:
    """Import a module of the extras `frames` and `models`.

    Raises Unavailable with code check.extra.
    """
    try:
        return import_module(module)
    except ImportError as err:
        raise Unavailable(
            "check.extra",
            f"expected the Python package {module.partition('.')[0]}, but: {err}",
            hint="Install it: pip install 'counterfoil[frames,models]'.",
        ) from err

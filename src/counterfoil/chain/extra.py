"""Say what to install when the libraries of the `chain` extra are missing. Refuses to install."""

from __future__ import annotations

from counterfoil import extras

__all__ = ["require_extra"]


def require_extra(*modules: str) -> None:
    """Check that modules of the `chain` extra can be imported, without importing them.

    Raises Unavailable with code extra.missing.
    """
    extras.require("chain", *modules)

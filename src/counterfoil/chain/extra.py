"""Say what to install when the libraries of the `chain` extra are missing. Refuses to install."""

from __future__ import annotations

from importlib.util import find_spec

from counterfoil.errors import Unavailable

__all__ = ["require_extra"]


def require_extra(*modules: str) -> None:
    """Check that modules of the `chain` extra can be imported, without importing them.

    Raises Unavailable with code chain.extra.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise Unavailable(
            "chain.extra",
            f"expected the Python packages for chains, found no {', '.join(missing)}",
            hint="Install them: pip install 'counterfoil[chain]'.",
        )

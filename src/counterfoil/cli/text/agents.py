"""Text of `ops.agents`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint

__all__ = ["mcp"]


def mcp(result: None, paint: Paint) -> Iterator[str]:  # noqa: ARG001  # as all texts
    """Say nothing: standard output belongs to the protocol."""
    yield from ()

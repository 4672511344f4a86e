"""A server for AI agents over the Model Context Protocol: record, look up, prove and verify.

Its tools are made from the registry of operations, as the command line is. Needs the extra
`agents`.
"""

from counterfoil.errors import Unavailable

try:
    from counterfoil.agents.server import make_server, serve_stdio
except ImportError as err:
    raise Unavailable(
        "agents.extra",
        f"expected the Python package mcp, but: {err}",
        hint="Install it: pip install 'counterfoil[agents]'.",
    ) from err

__all__ = ["make_server", "serve_stdio"]

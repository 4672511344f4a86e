"""A server for AI agents over the Model Context Protocol: record, look up, prove and verify.

Its tools are made from the registry of operations, as the command line is. Needs the extra
`agents`.
"""

from counterfoil.extras import brings

with brings("agents"):
    from counterfoil.agents.server import make_server, serve_stdio

__all__ = ["make_server", "serve_stdio"]

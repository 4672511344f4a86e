"""The node's shell: an API made from the registry of operations, pages, and other programs' paths.

Needs the extra `node`.
"""

from counterfoil.extras import brings

with brings("node"):
    from counterfoil.http.app import make_app
    from counterfoil.http.site import Site

__all__ = ["Site", "make_app"]

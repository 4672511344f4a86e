"""Tokens and sign-in of other organisations' identity providers (OpenID Connect Core 1.0).

Needs the extra `node`. This room refuses to believe a token's own word on how to check it.
"""

from counterfoil.extras import brings

with brings("node"):
    from counterfoil.access.oidc.issuers import Issuers
    from counterfoil.access.oidc.signing_in import SigningIn

__all__ = ["Issuers", "SigningIn"]

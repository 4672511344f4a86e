"""Read a token (RFC 7519), first what it claims, then what its signature proves.

What was read unchecked only chooses which issuer's keys are tried. This module refuses encrypted
tokens, nested ones, critical headers that it does not know, and names that stand twice.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error as BinasciiError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from counterfoil.access.audit import visible
from counterfoil.access.settings import IssuerSettings
from counterfoil.errors import Unauthenticated
from counterfoil.ports.access import Principal, Role

__all__ = ["Claims", "Shown", "principal_of", "read_unchecked"]

_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_SECONDS_MAX: Final = 1e12
_VALUES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, once it is proven to be its issuer's."""

    said: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """`iss`."""
        return self.text("iss")

    @property
    def until_ms(self) -> int:
        """`exp`, Unix ms; 0 where there is none."""
        return int((_seconds(self.said.get("exp")) or 0.0) * 1000)

    def text(self, name: str) -> str:
        """Give a claim that is text; empty for none."""
        value = self.said.get(name)
        return value if isinstance(value, str) else ""

    def require(self, issuer: str, audience: str, now_ms: int, leeway_s: int) -> None:
        """Check by whom, for whom and for when it is.

        Raises Unauthenticated with code access.token-claims, access.token-audience,
        access.token-expired or access.token-early.
        """
        now = now_ms / 1000
        ends, begins = _seconds(self.said.get("exp")), _seconds(self.said.get("nbf", 0))
        made = _seconds(self.said.get("iat", 0))
        if self.issuer != issuer or not self.text("sub") or None in (ends, begins, made):
            raise Unauthenticated(
                "access.token-claims",
                "expected a token with `iss`, `sub` and `exp`, found one that lacks some",
                hint="Get a token of the issuer that access.toml names.",
            )
        given = self.said.get("aud")
        if audience not in (given if isinstance(given, list) else [given]):
            raise Unauthenticated(
                "access.token-audience",
                f"expected a token for {audience}, found one for somebody else",
                hint="Ask the issuer for a token with this audience.",
            )
        assert ends is not None and begins is not None and made is not None  # noqa: PT018, S101
        if now >= ends + leeway_s:
            raise Unauthenticated(
                "access.token-expired",
                "expected a token that still counts, found one that has expired",
                hint="Get a new token.",
            )
        if now < max(begins, made) - leeway_s:
            raise Unauthenticated(
                "access.token-early",
                "expected a token that counts already, found one for later",
                hint="Check the clocks of the issuer and of this machine.",
            )


@dataclass(frozen=True, slots=True)
class Shown:
    """A token, unchecked. issuer: as it claims. kid: of the key that it names."""

    issuer: str
    algorithm: str
    kid: str | None
    text: str = field(repr=False)

    def checked_by(self, key: Any) -> Claims:
        """Check the signature. Raises Unauthenticated with code access.token-signature."""
        try:
            found = jws.deserialize_compact(self.text, key, algorithms=[self.algorithm])
            return Claims(_object(found.payload))
        except (JoseError, ValueError, TypeError, RecursionError) as err:
            raise Unauthenticated(
                "access.token-signature",
                "expected a token signed by its issuer, found another signature",
                hint="Get a new token.",
            ) from err


def read_unchecked(text: str) -> Shown:
    """Read what a token claims about itself. Raises Unauthenticated with code access.token-form."""
    try:
        head, body, _ = text.split(".")
        header, claims = _object(_decoded(head)), _object(_decoded(body))
        kid, algorithm, issuer = header.get("kid"), header.get("alg"), claims.get("iss")
        fine = isinstance(algorithm, str) and isinstance(issuer, str) and "crit" not in header
        fine = fine and "b64" not in header and isinstance(kid, str | None)
        if not fine or str(header.get("typ", "jwt")).lower() not in _TYPES:
            raise ValueError("a header that is not understood")
    except (ValueError, BinasciiError, RecursionError):
        raise Unauthenticated(
            "access.token-form",
            "expected a signed JSON Web Token, found text that is none",
            hint="Send the token as the issuer gave it.",
        ) from None
    return Shown(str(issuer), str(algorithm), kid, text)


def principal_of(settings: IssuerSettings, claims: Claims) -> Principal:
    """Make the principal that a token shows: its roles are what the settings make of its claim.

    Its name ends with the issuer's, so that nobody who may choose one there passes for a key here.
    """
    value: Any = claims.said
    for part in settings.claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    values: Sequence[Any] = [value] if isinstance(value, str) else value or ()
    roles: set[Role] = set(settings.everybody)
    for one in values[:_VALUES_MAX] if isinstance(values, list) else ():
        roles.update(settings.roles.get(one, ()) if isinstance(one, str) else ())
    subject = claims.text("sub")
    digest = sha256(f"{settings.issuer}\n{subject}".encode()).hexdigest()[:24]
    name = f"{visible(claims.text(settings.name_claim) or subject)} ({settings.name})"
    return Principal(
        name,
        f"oidc:{digest}",
        frozenset(roles),
        frozenset(settings.scopes),
        frozenset(settings.sources),
        "oidc",
    )


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data, object_pairs_hook=_unique)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name that stands twice")
    return found


def _seconds(value: Any) -> float | None:
    """Read a time (RFC 7519, 2): seconds; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _SECONDS_MAX else None  # NaN is in no range

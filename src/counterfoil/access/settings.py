"""What the operator says about access: whose tokens a node takes, and its limits. `access.toml`.

Every setting has a default, so that the file may be missing. This module refuses unknown settings:
a misspelt one would silently let somebody in, or keep them out.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from counterfoil.access.limits import Limits, Rate
from counterfoil.errors import InputError
from counterfoil.ports.access import Role

__all__ = ["AccessSettings", "Algorithm", "IssuerSettings", "LimitSettings", "load_settings"]

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""How a token may be signed: never `none`, and never with a shared secret (RFC 8725, 3.1)."""

_MAX_BYTES: Final = 1 << 20
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_Name = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
_Url = Annotated[str, msgspec.Meta(pattern=r"\Ahttps?://[!-~]+\Z", max_length=500)]
_PerSecond = Annotated[float, msgspec.Meta(ge=0.001, le=1e6)]
_Many = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class IssuerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody whose tokens count (OpenID Connect).

    name: of lower-case letters, stands in the address of the sign-in. issuer: its URL, exactly as
    its tokens say it. audience: what its tokens must be for. algorithms: how they may be signed.
    claim: where a token says what its holder is, such as `groups` or `realm_access.roles`. roles:
    value of that claim -> roles here. everybody: roles of whoever the issuer knows. scopes,
    sources: as of keys, for all of its holders. name_claim: what a holder is called. once: a token
    counts one time, by its `jti`. leeway_s: how far clocks may differ. client_id: of this node, for
    signing in with a browser; empty for none. client_secret_file: holds its secret, where it has
    one; relative to the ledger's folder.
    """

    name: _Name
    issuer: _Url
    audience: _Text
    algorithms: Annotated[tuple[Algorithm, ...], msgspec.Meta(min_length=1)] = (
        "RS256",
        "PS256",
        "ES256",
        "EdDSA",
    )
    claim: _Text = "roles"
    roles: dict[str, tuple[Role, ...]] = msgspec.field(default_factory=dict)
    everybody: tuple[Role, ...] = ()
    scopes: tuple[_Text, ...] = ()
    sources: tuple[_Text, ...] = ()
    name_claim: _Text = "preferred_username"
    once: bool = False
    leeway_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 30
    client_id: str = ""
    client_secret_file: str = ""


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a node takes; see `Limits`. Rates are per second, bursts at once."""

    requests_per_s: _PerSecond = 5_000.0
    requests_burst: _Many = 10_000
    failures_per_s: _PerSecond = 0.2
    failures_burst: _Many = 20
    anonymous_per_s: _PerSecond = 300.0
    anonymous_burst: _Many = 1_000
    in_flight: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256
    in_flight_bytes: Annotated[int, msgspec.Meta(ge=1 << 20, le=1 << 40)] = 256 << 20

    def limits(self) -> Limits:
        """Give them as the guard has them."""
        return Limits(
            Rate(self.requests_per_s, self.requests_burst),
            Rate(self.failures_per_s, self.failures_burst),
            Rate(self.anonymous_per_s, self.anonymous_burst),
            self.in_flight,
            self.in_flight_bytes,
        )


class AccessSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `access.toml`. issuer: any number of `[[issuer]]`, each with its own name."""

    issuer: Annotated[tuple[IssuerSettings, ...], msgspec.Meta(max_length=16)] = ()
    limits: LimitSettings = msgspec.field(default_factory=LimitSettings)


def load_settings(path: Path) -> AccessSettings:
    """Read the settings; those of a file that is not there are the defaults.

    Raises InputError with code access.settings, naming what is wrong.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode()
        found = msgspec.convert(tomllib.loads(text), AccessSettings)
        for field in ("name", "issuer"):
            values = [getattr(one, field) for one in found.issuer]
            if len(set(values)) < len(values):
                raise ValueError(f"two issuers have the same {field}")
    except FileNotFoundError:
        return AccessSettings()
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as err:
        raise InputError(
            "access.settings",
            f"expected the settings of access in {path}, but: {err}",
            hint="docs/guides/access.md lists them all.",
        ) from err
    return found

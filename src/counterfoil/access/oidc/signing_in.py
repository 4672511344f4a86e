"""Sign a browser in with an identity provider: the authorization code flow with PKCE.

Each attempt has a state that only its own browser can end (its cookie), a nonce that its token
must carry, and a verifier that never leaves this machine before the code is exchanged. An attempt
counts once and for ten minutes. This module refuses to set a cookie: the shell does.
Source: OpenID Connect Core 1.0, 3.1; RFC 6749, 7636, 9207, 9700.
"""

from __future__ import annotations

import os
import secrets
import threading
from base64 import b64encode, urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus, urlencode, urlsplit

from counterfoil.access.oidc.claims import principal_of, read_unchecked
from counterfoil.access.oidc.fetching import ask
from counterfoil.access.oidc.issuers import Issuer, Issuers
from counterfoil.errors import NotFound, Refused, Unauthenticated, Unavailable
from counterfoil.ports import Clock
from counterfoil.ports.access import Principal

__all__ = ["ATTEMPT_S", "Attempt", "SigningIn"]

ATTEMPT_S: Final = 600
"""How long an attempt to sign in counts, seconds."""

_ATTEMPTS_MAX: Final = 1000
_SECRET_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Attempt:
    """A browser was sent to sign in. url: where to. cookie: what it must bring back."""

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Open:
    issuer: Issuer
    cookie: bytes
    nonce: str
    verifier: str
    back: str
    place: str
    until_ms: int


class SigningIn:
    """The attempts under way, in bounded memory. Safe for threads; asks the issuers.

    folder: the ledger's, for files with secrets.
    """

    def __init__(self, issuers: Issuers, clock: Clock, folder: Path) -> None:
        self._issuers, self._clock, self._folder = issuers, clock, folder
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[tuple[str, str]]:
        """List whom one can sign in with: name, and host for people."""
        found = (one.settings for one in self._issuers.with_signin())
        return [(one.name, urlsplit(one.issuer).hostname or one.issuer) for one in found]

    def begin(self, name: str, back: str, place: str) -> Attempt:
        """Begin an attempt.

        name: of the issuer. back: this node's address that it leads back to. place: where to go
        then. Raises NotFound with code access.issuer-unknown, and as `ask`.
        """
        issuer = self._issuers.named(name)
        if issuer is None:
            raise NotFound(
                "access.issuer-unknown",
                f"expected the name of somebody to sign in with, found {name[:40]!a}",
                hint="The page /signin lists them.",
            )
        state, cookie, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        now = self._clock.now_ms()
        opened = _Open(
            issuer, _digest(cookie), nonce, verifier, back, place, now + ATTEMPT_S * 1000
        )
        endpoint = str(issuer.document().get("authorization_endpoint", ""))
        scheme = urlsplit(endpoint).scheme
        if scheme != urlsplit(issuer.settings.issuer).scheme and scheme != "https":
            raise Unavailable(
                "access.issuer-answer",
                f"expected an https address to sign in at, found {endpoint[:200]!a}",
            )
        with self._lock:
            self._open[state] = opened
            while len(self._open) > _ATTEMPTS_MAX:
                self._open.popitem(last=False)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": issuer.settings.client_id,
            "redirect_uri": back,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in endpoint else "?"
        return Attempt(f"{endpoint}{joint}{urlencode(query)}", cookie)

    def finish(
        self, state: str, code: str, cookie: str, *, issuer: str | None = None
    ) -> tuple[Principal, str]:
        """End an attempt: gives who signed in, and where to go.

        issuer: as the answer names it, where it does (RFC 9207). Raises Unauthenticated with code
        access.signin for what is no answer to an attempt of this browser, and as `Issuers.check`.
        """
        with self._lock:
            opened = self._open.pop(state, None)
        fine = opened is not None and self._clock.now_ms() < opened.until_ms
        if opened is None or not fine or not compare_digest(opened.cookie, _digest(cookie)):
            raise _no_attempt()
        settings = opened.issuer.settings
        if issuer is not None and issuer != settings.issuer:  # a mix-up attack
            raise _no_attempt()
        token = self._exchange(opened, code)
        shown = read_unchecked(token)
        if shown.issuer != settings.issuer:
            raise _no_attempt()
        claims = self._issuers.claims_of(opened.issuer, shown, settings.client_id)
        if not compare_digest(claims.text("nonce").encode(), opened.nonce.encode()):
            raise _no_attempt()
        if claims.said.get("azp", settings.client_id) != settings.client_id:
            raise _no_attempt()
        principal = principal_of(settings, claims)
        if not principal.roles:
            raise Refused(
                "access.no-role",
                f"expected {principal.name} to have a role here, found none",
                hint="The operator gives roles in access.toml.",
            )
        return principal, opened.place

    def _exchange(self, opened: _Open, code: str) -> str:
        """Exchange the code for the identity token."""
        settings = opened.issuer.settings
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": opened.back,
            "code_verifier": opened.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = self._secret_of(opened.issuer)
        if secret:  # RFC 6749, 2.3.1: each part is form-encoded first
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            fields["client_id"] = settings.client_id
        endpoint = str(opened.issuer.document().get("token_endpoint", ""))
        try:
            answer = ask(
                endpoint, settings.issuer, body=urlencode(fields).encode(), headers=headers
            )
        except Unavailable as err:
            raise Unauthenticated(
                "access.signin-code",
                f"expected {settings.issuer} to confirm the sign-in, but: {err.message}",
                hint="Sign in again.",
            ) from err
        token = answer.get("id_token")
        return token if isinstance(token, str) else ""

    def _secret_of(self, issuer: Issuer) -> str:
        name = issuer.settings.client_secret_file
        if not name:
            return ""
        try:
            with (self._folder / name).open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise ValueError("others than its owner may read it: chmod 600")
                return file.read(_SECRET_MAX).strip()
        except (OSError, ValueError) as err:
            raise Unavailable(
                "access.client-secret",
                f"expected the secret of {issuer.settings.name} in {name}, but: {err}",
                hint="Check client_secret_file in access.toml, and who may read the file.",
            ) from err


def _digest(cookie: str) -> bytes:
    return sha256(b"counterfoil sign-in v1\n" + cookie.encode("utf-8", "replace")).digest()


def _no_attempt() -> Unauthenticated:
    return Unauthenticated(
        "access.signin",
        "expected the answer to a sign-in that this browser began, found another",
        hint="Sign in again.",
    )

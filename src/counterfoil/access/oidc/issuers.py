"""Know the issuers' documents and keys, and check tokens by them.

Which issuer, which algorithm and which audience are the operator's word; a token only says which
of the issuer's published keys signed it. Keys are fetched again from time to time, and at once for
one that is not known, though not often: so they can be rotated, and a flood of made-up names does
not become a flood of questions.
Source: OpenID Connect Discovery 1.0; RFC 7517, 7519, 8725, 9068.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from counterfoil.access.book import AccessBook
from counterfoil.access.oidc.claims import Claims, Shown, principal_of, read_unchecked
from counterfoil.access.oidc.fetching import ask
from counterfoil.access.settings import IssuerSettings
from counterfoil.errors import CounterfoilError, Refused, Unauthenticated, Unavailable
from counterfoil.ports import Clock
from counterfoil.ports.access import Principal

__all__ = ["Issuer", "Issuers"]

_LOG: Final = logging.getLogger("counterfoil.access")
_FRESH_S: Final = 600.0
_STALE_S: Final = 3600.0
_PAUSE_S: Final = 30.0
_KEYS_MAX: Final = 64
_KNOWN_MAX: Final = 10_000
_KNOWN_MS: Final = 60_000
_KTY: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_RSA_LEAST_BITS: Final = 2048


class Issuer:
    """One issuer: its document and its keys, as last fetched. Safe for threads."""

    def __init__(
        self, settings: IssuerSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._document: dict[str, Any] | None = None
        self._keys: dict[str | None, list[Mapping[str, Any]]] = {}
        self._fetched = self._tried = float("-inf")

    def document(self) -> dict[str, Any]:
        """Give the discovery document.

        Raises as `ask`, and Unavailable for another issuer's, or soon after it could not be had.
        """
        with self._lock:
            if self._document is None:
                self._refresh_carefully(float("inf"))
            assert self._document is not None  # noqa: S101  # else it raised
            return self._document

    def key(self, shown: Shown) -> Any:
        """Find the published key that a token names.

        Raises Unauthenticated with code access.token-key where there is none that fits, and as
        `ask` where none could be fetched.
        """
        with self._lock:
            age = self._clock() - self._fetched
            if age > _FRESH_S or not self._fitting(shown):
                self._refresh_carefully(age)
            found = self._fitting(shown)
        if not found:
            raise Unauthenticated(
                "access.token-key",
                "expected a token signed by a key that its issuer publishes, found another",
                hint="Get a new token.",
            )
        return found[0]

    def _refresh_carefully(self, age: float) -> None:
        """Fetch anew, unless that was just tried; old keys go on for a while without."""
        if self._clock() - self._tried < _PAUSE_S:
            if age > _STALE_S:
                raise Unavailable(
                    "access.issuer-answer",
                    f"expected the keys of {self.settings.issuer}, which could not be fetched",
                    hint="Try again in a minute.",
                )
            return
        try:
            self._refresh()
        except CounterfoilError:
            if age > _STALE_S:
                raise

    def _refresh(self) -> None:
        self._tried = self._clock()
        issuer = self.settings.issuer
        document = ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration", issuer)
        if document.get("issuer") != issuer:  # OpenID Connect Discovery 1.0, 4.3
            raise Unavailable(
                "access.issuer-other",
                f"expected the document of {issuer}, found that of "
                f"{str(document.get('issuer'))[:200]!a}",
                hint="Write the issuer in access.toml exactly as its document says it.",
            )
        keys = ask(str(document.get("jwks_uri", "")), issuer).get("keys")
        by_id: dict[str | None, list[Mapping[str, Any]]] = {}
        for key in keys[:_KEYS_MAX] if isinstance(keys, list) else []:
            if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP"):
                kid = key.get("kid")
                by_id.setdefault(kid if isinstance(kid, str) else None, []).append(key)
        self._document, self._keys, self._fetched = document, by_id, self._clock()

    def _fitting(self, shown: Shown) -> list[Any]:
        """List the keys that a token may mean, imported; its `kid` decides, if it has one."""
        if shown.kid is not None:
            named = self._keys.get(shown.kid, [])
        else:
            named = [key for keys in self._keys.values() for key in keys]
            named = named if len(named) == 1 else []  # no guessing among several
        return [found for key in named if (found := _imported(key, shown.algorithm)) is not None]


def _imported(key: Mapping[str, Any], algorithm: str) -> Any:
    """Import a key if it is meant for signatures of this algorithm; None otherwise.

    An RSA key never checks an HMAC: that kind is not among the algorithms (key confusion).
    """
    if key.get("kty") != _KTY[algorithm[:2]] or key.get("use", "sig") != "sig":
        return None
    if key.get("alg", algorithm) not in (algorithm, {"EdDSA": "Ed25519"}.get(algorithm)):
        return None
    if key["kty"] == "RSA" and len(str(key.get("n", ""))) * 6 < _RSA_LEAST_BITS:
        return None
    try:
        public = {name: value for name, value in key.items() if name not in ("d", "use", "key_ops")}
        return JWKRegistry.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


class Issuers:
    """All issuers of a node. Safe for threads; may ask them, so it may take seconds.

    book: remembers tokens that count once.
    """

    def __init__(
        self, settings: tuple[IssuerSettings, ...], book: AccessBook, clock: Clock
    ) -> None:
        self._book, self._clock = book, clock
        self._by_url = {one.issuer: Issuer(one) for one in settings}
        self._known: OrderedDict[bytes, tuple[Principal, int]] = OrderedDict()
        self._lock = threading.Lock()

    def named(self, name: str) -> Issuer | None:
        """Give the issuer with a name, if browsers can sign in with it."""
        return next((one for one in self.with_signin() if one.settings.name == name), None)

    def with_signin(self) -> list[Issuer]:
        """List the issuers with which browsers can sign in."""
        return [one for one in self._by_url.values() if one.settings.client_id]

    def check(self, token: str) -> Principal:
        """Check a bearer token, and tell whose it is.

        Raises Unauthenticated with code access.token-form, access.token-issuer,
        access.token-algorithm, access.token-key, access.token-signature, access.token-claims,
        access.token-audience, access.token-expired, access.token-early or access.token-replayed,
        Unavailable with code access.issuer-down.
        """
        digest, now = sha256(token.encode()).digest(), self._clock.now_ms()
        with self._lock:
            held = self._known.get(digest)
        if held is not None and now < held[1]:
            return held[0]
        shown = read_unchecked(token)
        issuer = self._by_url.get(shown.issuer)
        if issuer is None:
            raise Unauthenticated(
                "access.token-issuer",
                "expected a token of an issuer that this node knows, found another's",
                hint="The operator names issuers in access.toml.",
            )
        try:
            claims = self.claims_of(issuer, shown, issuer.settings.audience)
        except (Unavailable, Refused) as err:
            if isinstance(err, Unauthenticated):
                raise
            _LOG.warning("the keys of %s: %s", issuer.settings.name, err)  # not for strangers
            raise Unavailable(
                "access.issuer-down",
                "expected to check a token, but the keys of its issuer cannot be fetched now",
                hint="Try again in a minute; the node's own log says why.",
            ) from err
        principal = principal_of(issuer.settings, claims)
        if issuer.settings.once:
            self._use_once(claims)
        else:
            self._keep(digest, principal, min(claims.until_ms, now + _KNOWN_MS))
        return principal

    def claims_of(self, issuer: Issuer, shown: Shown, audience: str) -> Claims:
        """Check a token of an issuer, and give what it says. Raises as `check`."""
        settings = issuer.settings
        if shown.algorithm not in settings.algorithms:
            raise Unauthenticated(
                "access.token-algorithm",
                f"expected a token signed with {', '.join(settings.algorithms)}, found "
                f"{shown.algorithm[:20]!a}",
                hint="`none` and shared secrets never count.",
            )
        claims = shown.checked_by(issuer.key(shown))
        claims.require(settings.issuer, audience, self._clock.now_ms(), settings.leeway_s)
        return claims

    def _use_once(self, claims: Claims) -> None:
        """Remember a token until it ends, durably; refuse it where it is remembered."""
        name = claims.text("jti")
        digest = sha256(f"{claims.issuer}\n{name}".encode()).digest()
        now = self._clock.now_ms()
        with self._book.writing() as connection:
            connection.execute("DELETE FROM seen WHERE until_ms < ?", (now - 600_000,))
            new = connection.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, claims.until_ms)
            ).rowcount
        if not name or not new:
            raise Unauthenticated(
                "access.token-replayed",
                "expected a token with a `jti` that was not used before, found another",
                hint="Get a new token for each request.",
            )

    def _keep(self, digest: bytes, principal: Principal, until_ms: int) -> None:
        with self._lock:
            self._known[digest] = (principal, until_ms)
            while len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)

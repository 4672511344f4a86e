"""Read what a request shows: a bearer key or token, a key as a Basic password, a session's cookie.

One of them counts, and a request with two different ones is refused rather than guessed at. This
module refuses to check what it reads, and never repeats it.
"""

from __future__ import annotations

from binascii import Error as BinasciiError
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from counterfoil.access.tokens import looks_like_key
from counterfoil.errors import Unauthenticated

__all__ = ["CREDENTIAL_MAX", "SESSION_COOKIE", "Credential", "read_credential"]

CREDENTIAL_MAX: Final = 16_384
"""Longest credential, characters."""

SESSION_COOKIE: Final = "counterfoil-session"
"""Under this name a shell hands over a session's id, whatever its cookie is called."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What was shown, unchecked. kind: a key of ours, a JWT, or a session's id."""

    kind: Literal["key", "jwt", "session"]
    text: str = field(repr=False)


def read_credential(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Credential | None:
    """Find what a request shows; None where it shows nothing.

    headers: names in lower case. A header beats a cookie: a page's session must not stand in for
    a bad key. Raises Unauthenticated with code access.credential for another scheme or form.
    """
    given = headers.get("authorization")
    if given is not None:
        return _of_header(given)
    shown = cookies.get(SESSION_COOKIE)
    return Credential("session", shown[:CREDENTIAL_MAX]) if shown else None


def _of_header(given: str) -> Credential:
    scheme, _, rest = given.strip().partition(" ")
    text = rest.strip()
    if len(text) > CREDENTIAL_MAX or not text.isascii() or not text:
        raise _unreadable(f"{len(text)} characters")
    if scheme.lower() == "basic":
        text = _password(text)
    elif scheme.lower() != "bearer":
        raise _unreadable("another scheme")
    if looks_like_key(text):
        return Credential("key", text)
    if scheme.lower() == "bearer" and text.count(".") == 2:
        return Credential("jwt", text)
    raise _unreadable("neither")


def _password(text: str) -> str:
    try:
        user, _, password = a2b_base64(text, strict_mode=True).decode("ascii").partition(":")
    except (BinasciiError, ValueError):
        raise _unreadable("what is no base64 of text") from None
    return password or user  # a client that only takes a URL may have one field


def _unreadable(found: str) -> Unauthenticated:
    return Unauthenticated(
        "access.credential",
        "expected `Authorization: Bearer` with a key or a token, or Basic with a key as password, "
        f"found {found}",
        hint="Send: Authorization: Bearer cfk_...",
    )

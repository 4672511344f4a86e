"""The form of an API key: `cfk_<id>_<secret>`, found by scanners, with a checksum against typos.

Only a digest of it is kept, and it is bound to the ledger's origin: a key that another ledger
made, or its row in another ledger's file, opens nothing. A secret has 256 random bits, so that a
plain SHA-256 is enough: there is no dictionary to try. This module refuses to show what it reads.
"""

from __future__ import annotations

import re
import secrets
from binascii import crc32
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from counterfoil.errors import InputError

__all__ = ["PREFIX", "AccessToken", "digest_of", "looks_like_key", "new_token", "parse_token"]

PREFIX: Final = "cfk_"
"""What every key begins with."""

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH: Final = 12
_SECRET_LENGTH: Final = 43  # 62^43 > 2^256
_CHECK_LENGTH: Final = 6  # 62^6 > 2^32
_FORM: Final = re.compile(
    rf"{PREFIX}([{_ID}]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH + _CHECK_LENGTH}}})",
    re.ASCII,
)
_DOMAIN: Final = b"counterfoil access key v1"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A key as its holder has it.

    key_id: 12 letters and digits, no secret. text: all of it; never shown, logged or kept.
    """

    key_id: str
    text: str = field(repr=False)


def new_token() -> AccessToken:
    """Make a new random key."""
    key_id = "".join(secrets.choice(_ID) for _ in range(_ID_LENGTH))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    text = f"{PREFIX}{key_id}_{secret}"
    return AccessToken(key_id, text + _check_of(text))


def looks_like_key(text: str) -> bool:
    """Tell whether a text is meant to be one of our keys."""
    return text.startswith(PREFIX)


def parse_token(text: str) -> AccessToken:
    """Read a key.

    Raises InputError with code access.key-form where its form or checksum is wrong; the text is
    not repeated.
    """
    match = _FORM.fullmatch(text)
    if match is None or _check_of(text[:-_CHECK_LENGTH]) != text[-_CHECK_LENGTH:]:
        raise InputError(
            "access.key-form",
            f"expected a key {PREFIX}<id>_<secret> whose checksum is right, found "
            f"{len(text)} characters that are none",
            hint="Copy the whole key; `counterfoil access add` makes a new one.",
        )
    return AccessToken(match[1], text)


def digest_of(token: AccessToken, origin: str) -> bytes:
    """Make what is kept of a key: 32 bytes, different for every ledger.

    origin: of the ledger that the key is for.
    """
    return sha256(b"\n".join((_DOMAIN, origin.encode(), token.text.encode()))).digest()


def _check_of(text: str) -> str:
    number, digits = crc32(text.encode()), ""
    for _ in range(_CHECK_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits

"""Let a holder open some of a person's data until a time: the keys, wrapped for them alone.

A permit is an X25519 key pair: the private half is the token that the holder gets and nobody
keeps, the public half stays here, so that keys which are made later can be wrapped, too (HPKE,
RFC 9180). Revoking deletes the wraps. This module refuses to judge purposes and times: the ledger
does, and says so in its log.
"""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from counterfoil.errors import InputError, Refused
from counterfoil.vault.database import VaultFile

__all__ = ["TOKEN_PREFIX", "Permit", "Permits", "Token", "make_token", "parse_token"]

TOKEN_PREFIX: Final = "cfpermit1."  # noqa: S105  # a label, no secret
"""How a token begins, so that scanners for leaked secrets can find it."""

_ID_BYTES: Final = 16
_PRIVATE_BYTES: Final = 32
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_COLUMNS: Final = "id, handle, data_class, holder, purpose, until_ms, public"


@dataclass(frozen=True, slots=True)
class Token:
    """What a holder shows: the permit's id, 16 bytes, and its private key."""

    id: bytes
    private: X25519PrivateKey = field(repr=False)

    def text(self) -> str:
        """Write it as text."""
        data = self.id + self.private.private_bytes_raw()
        return TOKEN_PREFIX + base64.urlsafe_b64encode(data).decode()


@dataclass(frozen=True, slots=True)
class Permit:
    """What a holder may open.

    id: 16 bytes. handle: of the person. data_class: one. until_ms: Unix ms; None without an end.
    public: what keys are wrapped for, 32 bytes.
    """

    id: bytes
    handle: bytes
    data_class: str
    holder: str
    purpose: str
    until_ms: int | None
    public: bytes


def make_token() -> Token:
    """Make a new token."""
    return Token(token_bytes(_ID_BYTES), X25519PrivateKey.generate())


def parse_token(text: str) -> Token:
    """Read a token. Raises InputError with code person.token; its message shows nothing of it."""
    try:
        data = base64.b64decode(
            text.removeprefix(TOKEN_PREFIX).encode("ascii"), altchars=b"-_", validate=True
        )
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if not text.startswith(TOKEN_PREFIX) or len(data) != _ID_BYTES + _PRIVATE_BYTES:
        raise InputError(
            "person.token",
            f"expected a token that begins with {TOKEN_PREFIX}, found other text",
            hint="`counterfoil person grant` prints it once, for its holder.",
        )
    private = X25519PrivateKey.from_private_bytes(data[_ID_BYTES:])
    return Token(data[:_ID_BYTES], private)


class Permits:
    """The permits and wraps in a vault's `keys.db`; the caller holds the vault's lock."""

    def __init__(self, file: VaultFile) -> None:
        self._file = file

    def add(
        self, run: sqlite3.Connection, permits: Sequence[Permit], keys: Iterable[tuple[bytes, Any]]
    ) -> None:
        """Keep the permits of one grant, in a transaction under way.

        keys: (id, key) of each key that they open by now.
        """
        run.executemany(
            "INSERT INTO permit VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (p.id, p.handle, p.data_class, p.holder, p.purpose, p.until_ms, p.public)
                for p in permits
            ],
        )
        for key_id, key in keys:
            self.wrap(run, permits[:1], key_id, key)

    def wrap(
        self, run: sqlite3.Connection, permits: Iterable[Permit], key_id: bytes, key: bytes
    ) -> None:
        """Wrap a key for the holders of permits, in a transaction under way."""
        run.executemany(
            "INSERT OR IGNORE INTO wrap VALUES (?, ?, ?)",
            [
                (
                    p.id,
                    key_id,
                    _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(p.public), key_id),
                )
                for p in permits
            ],
        )

    def of(self, handle: bytes, data_class: str | None = None) -> list[Permit]:
        """List the permits for a person, or for one class of their data."""
        rows = self._file.read(
            f"SELECT {_COLUMNS} FROM permit WHERE handle = ?1 AND (data_class = ?2 OR ?2 IS NULL)",  # noqa: S608  # names of ours
            handle,
            data_class,
        )
        return [Permit(*row) for row in rows]

    def with_id(self, permit_id: bytes) -> list[Permit]:
        """List the permits of a token, one a class."""
        rows = self._file.read(f"SELECT {_COLUMNS} FROM permit WHERE id = ?", permit_id)  # noqa: S608  # names of ours
        return [Permit(*row) for row in rows]

    def unwrap(self, token: Token, key_id: bytes) -> bytes:
        """Open the wrap of a key. Raises Refused with code person.not-granted."""
        rows = self._file.read(
            "SELECT wrapped FROM wrap WHERE permit = ? AND key = ?", token.id, key_id
        )
        try:
            if rows:
                key: bytes = _SUITE.decrypt(rows[0][0], token.private, key_id)
                return key
        except (InvalidTag, ValueError):
            pass
        raise Refused(
            "person.not-granted",
            "expected a token that opens this, found one that does not",
            hint="It was revoked, has expired, or is for other data: ask who granted it.",
        )

    def revoke(self, run: sqlite3.Connection, permit_ids: Iterable[bytes]) -> None:
        """Delete permits with their wraps, in a transaction under way."""
        for one in permit_ids:
            run.execute("DELETE FROM wrap WHERE permit = ?", (one,))
            run.execute("DELETE FROM permit WHERE id = ?", (one,))

"""Keep private keys as files that only their owner can read, one key a file.

This module refuses to overwrite a key and to show one.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats.envelope import keyid_of
from counterfoil.formats.vkey import KeyType, SigningKey, format_skey, parse_skey
from counterfoil.proofs.signing import public_of, signing_key
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["KeyFiles", "StatementKey", "statement_key"]

_KEY_FILE_MAX_BYTES: Final = 4096
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class StatementKey:
    """An Ed25519 key that signs statements.

    keyid: 64 hexadecimal digits, see `envelope.keyid_of`. public: 32 bytes.
    """

    keyid: str
    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes, deterministic (RFC 8032)."""
        return self._private.sign(message)


class KeyFiles:
    """The private keys in one folder, each in `<name>.key` with mode 0600.

    Names are of letters, digits, hyphens, points and underscores, so that none leads out of the
    folder: InputError with code key.file-name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str, key_name: str, key_type: KeyType) -> SigningKey:
        """Make a new random key and write it durably.

        key_name: name in its verifier key. Raises InputError with code key.exists, Unavailable
        with code key.write.
        """
        self._path(name)  # the file's name first: it tells more than the key's
        return self.put(name, signing_key(key_name, key_type, secrets.token_bytes(32)))

    def put(self, name: str, key: SigningKey) -> SigningKey:
        """Write a key that is at hand durably; errors as for `create`."""
        target = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(target, format_skey(key).encode() + b"\n", mode=0o600)
            sync_folder(self._folder)
        except FileExistsError as err:
            if not self._folder.is_dir():
                raise _unwritable(target, err) from err
            raise InputError(
                "key.exists",
                f"expected no key at {target}, found one",
                hint="Keys are never overwritten: move the file away first.",
            ) from err
        except OSError as err:
            raise _unwritable(target, err) from err
        return key

    def discard(self, name: str) -> None:
        """Delete a key that was made in vain; it must never have signed. Raises Unavailable."""
        target = self._path(name)
        try:
            target.unlink(missing_ok=True)
        except OSError as err:
            raise _unwritable(target, err) from err

    def rename(self, name: str, new_name: str) -> None:
        """Give a key file another name; the target must not exist.

        Raises NotFound with code key.missing, InputError with code key.exists, Unavailable with
        code key.write.
        """
        source, target = self._path(name), self._path(new_name)
        if target.exists():
            raise InputError("key.exists", f"expected no key at {target}, found one")
        try:
            source.rename(target)
            sync_folder(self._folder)
        except FileNotFoundError as err:
            raise _missing(source) from err
        except OSError as err:
            raise _unwritable(target, err) from err

    def names(self) -> list[str]:
        """List the names of the keys that are there."""
        return sorted(path.stem for path in self._folder.glob("*.key"))

    def load(self, name: str) -> SigningKey:
        """Read a key and check that its id belongs to its seed.

        Raises NotFound with code key.missing, Unavailable with code key.unreadable, InputError
        with the codes of `parse_skey`.
        """
        source = self._path(name)
        try:
            with source.open("rb") as file:
                text = file.read(_KEY_FILE_MAX_BYTES).decode("utf-8", "replace")
        except FileNotFoundError as err:
            raise _missing(source) from err
        except OSError as err:
            raise Unavailable("key.unreadable", f"expected to read {source}, but: {err}") from err
        key = parse_skey(text.removesuffix("\n"))
        public_of(key)
        return key

    def load_statement_key(self, name: str) -> StatementKey:
        """Read a key that signs statements; errors as for `load`."""
        return statement_key(self.load(name))

    def exposed(self) -> list[Path]:
        """List the key files that others than their owner may read."""
        return [p for p in sorted(self._folder.glob("*.key")) if p.stat().st_mode & 0o077]

    def _path(self, name: str) -> Path:
        if not _FILE_NAME.fullmatch(name):
            raise InputError(
                "key.file-name",
                "expected a name of at most 100 letters, digits, hyphens and points, "
                f"found {name[:80]!a}",
                hint="For example intake-2.",
            )
        return self._folder / f"{name}.key"


def statement_key(key: SigningKey) -> StatementKey:
    """Make a statement key of a signing key of type 1."""
    if key.type is not KeyType.ED25519:
        raise InputError("key.type", f"expected an Ed25519 key, found type {int(key.type)}")
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    public = private.public_key().public_bytes_raw()
    return StatementKey(keyid_of(public), public, private)


def _missing(source: Path) -> NotFound:
    return NotFound(
        "key.missing",
        f"expected a key at {source}, found none",
        hint="Without its keys a ledger can be read and audited, but not written.",
    )


def _unwritable(target: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "key.write",
        f"expected to write {target}, but: {err}",
        hint="Check the space and the permissions of the disk; no key was changed in the log.",
    )

"""Keep payloads that are too large for an entry, or private, beside the log: by their digest.

What is read is hashed again, so a changed file is never taken for the recorded one. A payload is
durable before the entry that names it; one that no entry names is an orphan, and harmless.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path

from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["PAYLOAD_MAX_BYTES", "PayloadFiles"]

PAYLOAD_MAX_BYTES = 256 << 20
"""Largest payload, bytes."""


class PayloadFiles:
    """Payloads in one folder: `<first two digits>/<64 hexadecimal digits>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store a payload durably and return its SHA-256 as 64 hexadecimal digits.

        Raises InputError with code payload.size, Unavailable with code payload.write.
        """
        if len(data) > PAYLOAD_MAX_BYTES:
            raise InputError(
                "payload.size",
                f"expected a payload of at most {PAYLOAD_MAX_BYTES} bytes, found {len(data)}",
                hint="Record a data set's fingerprint instead of its bytes.",
            )
        digest = sha256(data).hexdigest()
        target = self._path(digest)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not _holds(target, data):  # what was changed meanwhile is mended here
                fresh = target.with_name(f".{secrets.token_hex(8)}.new")
                write_new(fresh, data)
                fresh.rename(target)
            for folder in (target.parent, self._folder):
                sync_folder(folder)
        except OSError as err:
            raise Unavailable(
                "payload.write",
                f"expected to write {target}, but: {err}",
                hint="Check the space and the permissions of the disk; nothing was recorded.",
            ) from err
        return digest

    def get(self, digest: str) -> bytes:
        """Read a payload and check its digest.

        Raises NotFound with code payload.missing, VerificationError with code payload.digest.
        """
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError as err:
            raise NotFound(
                "payload.missing",
                f"expected a payload at {path}, found none",
                hint="It was erased, or never copied here; the entry that names it still stands.",
            ) from err
        except OSError as err:
            raise Unavailable("payload.read", f"expected to read {path}, but: {err}") from err
        if sha256(data).hexdigest() != digest:
            raise VerificationError(
                "payload.digest",
                f"expected {path} to have its digest as name, found other bytes",
                hint="The file was changed: restore it from a copy.",
            )
        return data

    def sweep(self) -> int:
        """Delete what a crash left half-written; returns the number of files."""
        stale = list(self._folder.glob("*/.*.new"))
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise InputError("payload.name", f"expected a SHA-256 digest, found {digest[:80]!r}")
        return self._folder / digest[:2] / digest


def _holds(target: Path, data: bytes) -> bool:
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except FileNotFoundError:
        return False

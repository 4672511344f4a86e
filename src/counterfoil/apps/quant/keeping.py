"""What is kept beside the log of a committed forecast: its secret until it is revealed, its proof.

The secret is durable before the commitment is recorded: a forecast that cannot be revealed any more
counts as missed. A proof is a receipt under a checkpoint that others had cosigned soon after; one
that is taken later shows a later time. This module refuses to replace either by a later one.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Ledger
from counterfoil.storage.durable import sync_folder

__all__ = ["Secret", "keep_proof", "keep_secret", "proof_of", "secret_of"]


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens a commitment. salt: 32 bytes, hexadecimal. forecast: the content's text."""

    salt: str
    forecast: str


def keep_secret(ledger: Ledger, digest: str, secret: Secret) -> None:
    """Keep what opens a commitment, durably, for this user's eyes. Raises Unavailable."""
    _write(_folder(ledger) / f"{digest}.secret.json", msgspec.json.encode(secret))


def secret_of(ledger: Ledger, digest: str) -> Secret:
    """Read what opens a commitment. Raises NotFound with code quant.secret, InputError."""
    path = _folder(ledger) / f"{digest}.secret.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Secret)
    except FileNotFoundError as err:
        raise NotFound(
            "quant.secret",
            f"expected what opens the commitment {digest[:16]} in {path.parent}, found nothing",
            hint="Without its salt a forecast cannot be revealed, and counts as missed: bring the "
            "file back from a backup.",
        ) from err
    except msgspec.MsgspecError as err:
        raise InputError(
            "quant.secret-damaged",
            f"expected what opens the commitment {digest[:16]}, but: {err}",
            hint="Bring the file back from a backup.",
        ) from err


def keep_proof(ledger: Ledger, digest: str, receipt: Receipt, kind: str = "receipt") -> None:
    """Keep the receipt of a commitment, unless one of that kind is kept. Raises Unavailable."""
    path = _folder(ledger) / f"{digest}.{kind}.json"
    if not path.exists():
        _write(path, receipts.format(receipt))


def proof_of(ledger: Ledger, digest: str, kind: str = "receipt") -> Receipt | None:
    """Read the kept receipt of a commitment; None where there is none, or one that is damaged."""
    path = _folder(ledger) / f"{digest}.{kind}.json"
    try:
        return receipts.parse(path.read_bytes())
    except (OSError, InputError):
        return None


def _folder(ledger: Ledger) -> Path:
    return ledger.layout.forecasts


def _write(path: Path, data: bytes) -> None:
    """Write a file whole and durably, or nothing; only its owner may read it."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(path)
        sync_folder(path.parent)
    except OSError as err:
        raise Unavailable(
            "quant.write",
            f"expected to write {path}, but: {err}",
            hint="Check the permissions and the space of the disk.",
        ) from err

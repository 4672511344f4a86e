"""Keep the secrets from which rows of data sets are salted: files of their owner alone.

They lie among the ledger's keys (`keys/datasets/`), and travel with them: whoever has one can try
likely rows against the leaves. This module refuses to write over one.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from counterfoil.errors import NotFound, Unavailable
from counterfoil.ledger.layout import Layout
from counterfoil.provenance.fingerprint import SECRET_BYTES
from counterfoil.storage.durable import sync_folder, write_new

__all__ = ["keep_secret", "load_secret", "new_secret"]


def new_secret() -> bytes:
    """Make a secret: 32 bytes."""
    return secrets.token_bytes(SECRET_BYTES)


def keep_secret(layout: Layout, digest: str, secret: bytes) -> None:
    """Keep the secret of the data set that `digest` names. Raises Unavailable dataset.secret."""
    path = _path(layout, digest)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, secret.hex().encode() + b"\n", 0o600)
        sync_folder(path.parent)
    except FileExistsError:
        return  # the digest is made from it: it is the same one
    except OSError as err:
        raise Unavailable(
            "dataset.secret-file",
            f"expected to keep the data set's secret at {path}, but: {err}",
            hint="Check the permissions and the space of the disk.",
        ) from err


def load_secret(layout: Layout, digest: str) -> bytes:
    """Read the secret of a data set. Raises NotFound with code dataset.no-secret."""
    path = _path(layout, digest)
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as err:
        raise NotFound(
            "dataset.no-secret",
            f"expected the data set's secret at {path}, but: {err}",
            hint="Bring it back from a backup of the keys; without it no row can be proven.",
        ) from err


def _path(layout: Layout, digest: str) -> Path:
    return layout.keys / "datasets" / f"{digest}.key"

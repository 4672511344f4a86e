"""Pages that a brand shows to everybody, kept ready: who scans a code waits for no computing.

A node serves what is in `labels/` of its ledger's folder, to anybody, and nothing is there until
somebody publishes it. With a page goes the policy that its code pins; the newest stands at the
well-known path, and each page carries its own. This module refuses to serve what is no page.
"""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from counterfoil.apps.supply.events.identifiers import DOMAIN, canonical
from counterfoil.errors import NotFound, Unavailable

__all__ = ["publish", "published_page", "published_policy"]

_FOLDER: Final = "labels"
_POLICY: Final = "policy.txt"


def publish(folder: Path, thing: str, page: bytes, policy: bytes) -> Path:
    """Publish a page and its policy; what was there of the same thing is replaced.

    folder: of the ledger. thing: its canonical name. Returns the page's file. Raises Unavailable
    with code label.publish.
    """
    place = folder / _FOLDER
    file = place / _name(thing)
    try:
        place.mkdir(mode=0o755, exist_ok=True)
        _write(place / _POLICY, policy)
        _write(file, page)
    except OSError as err:
        raise Unavailable(
            "label.publish",
            f"expected to write {file}, but: {err.strerror or err}",
            hint="Check the permissions and the space of the disk.",
        ) from err
    return file


def published_page(folder: Path, path: str) -> bytes:
    """Read the page of a thing. path: of a Digital Link, such as `01/04012345111118/10/L1`.

    Raises NotFound with code label.unpublished.
    """
    name = canonical(f"{DOMAIN}/{path.strip('/')}")
    return _read(folder / _FOLDER / _name(name), "a page of this product")


def published_policy(folder: Path) -> bytes:
    """Read the policy of the page that was published last. Raises NotFound, label.unpublished."""
    return _read(folder / _FOLDER / _POLICY, "a policy")


def _name(thing: str) -> str:
    # A digest, since a name may hold what no file system takes, or what leads out of the folder.
    return f"{sha256(thing.encode()).hexdigest()}.html"


def _read(file: Path, what: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as err:
        raise NotFound(
            "label.unpublished",
            f"expected {what} that is published here, found none",
            hint="`counterfoil supply label-publish THING --brand https://HOST` publishes one.",
        ) from err


def _write(file: Path, data: bytes) -> None:
    """Write a file whole and durably, or leave what was there."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
    try:
        with fresh.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(file)
    finally:
        fresh.unlink(missing_ok=True)

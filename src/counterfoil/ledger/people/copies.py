"""Take a vault along into a backup, and back: sealed bytes always, their keys where asked.

The keys lie in the user's state folder, so that no copy of a ledger's folder opens anything. A
backup with keys has them in `vault.keys.db`; whoever opens the restored ledger first takes them
up, unless the state folder has them, which are newer. Who was erased since is erased again, by the
log. This module refuses to leave keys lying in a ledger's folder.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from counterfoil.errors import Unavailable
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.state import state_folder
from counterfoil.storage.durable import sync_folder
from counterfoil.storage.sqlite_copy import copy_database
from counterfoil.storage.sqlite_schema import READ_FAULTS, fault

__all__ = ["bring_vault", "copy_vault", "keys_path", "take_up_keys"]


def keys_path(vault_id: bytes) -> Path:
    """Name the file of a vault's keys, in the user's state folder; vault_id: 16 bytes."""
    return state_folder() / "vaults" / vault_id.hex() / "keys.db"


def copy_vault(source: Layout, target: Layout, *, with_keys: bool) -> int:
    """Copy a ledger's vault while its owner uses it; how many files of keys were copied.

    What an older copy has of people who were erased since is replaced. Raises as `copy_database`.
    """
    if not source.vault.exists():
        return 0
    _replace(source.vault, target.vault)
    keys = keys_path(vault_id_of(source.vault))
    if not with_keys or not keys.exists():
        return 0
    _replace(keys, target.vault_keys)
    return 1


def bring_vault(target: Layout, copy: Layout) -> None:
    """Bring a vault back from a copy, with its keys where they are there."""
    if target.vault.exists() or not copy.vault.is_file():
        return
    if copy.vault_keys.is_file():
        _replace(copy.vault_keys, target.vault_keys)
    _replace(copy.vault, target.vault)


def take_up_keys(layout: Layout, place_of: Callable[[bytes], Path]) -> None:
    """Move keys that a recovery left beside the ledger to where they belong.

    Raises Unavailable with code vault.unavailable.
    """
    beside = layout.vault_keys
    if not beside.exists() or not layout.vault.exists():
        return
    place = place_of(vault_id_of(layout.vault))
    try:
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(beside, place)
        for suffix in ("", "-wal", "-shm"):
            left = beside.with_name(beside.name + suffix)
            if left.exists():
                left.write_bytes(bytes(left.stat().st_size))
                left.unlink()
        sync_folder(beside.parent)
    except OSError as err:
        raise Unavailable(
            "vault.unavailable",
            f"expected to move {beside} to {place}, but: {err}",
            hint="Check the space and the permissions of the state folder.",
        ) from err


def vault_id_of(path: Path) -> bytes:
    """Read a vault's id, 16 bytes. Raises as `sqlite_schema.fault`."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection:
            (found,) = connection.execute("SELECT id FROM vault").fetchone()
            return bytes(found)
    except READ_FAULTS as err:
        raise fault(err, path) from err


def _replace(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    copy_database(source, fresh)
    fresh.chmod(0o600)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    fresh.replace(target)
    sync_folder(target.parent)

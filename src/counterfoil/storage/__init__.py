"""Adapters that keep bytes: SQLite, tile files, key files, payloads, the owner's lock."""

from counterfoil.storage.key_files import KeyFiles, StatementKey, statement_key
from counterfoil.storage.owner_lock import OwnerLock, read_owner
from counterfoil.storage.payload_files import PayloadFiles
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles

__all__ = [
    "KeyFiles",
    "OwnerLock",
    "PayloadFiles",
    "SqliteStore",
    "StatementKey",
    "TileFiles",
    "read_owner",
    "statement_key",
]

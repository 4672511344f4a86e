"""Adapters that keep bytes: SQLite, tile files, key files, payloads, the owner's lock."""

from counterfoil.storage.key_files import KeyFiles, StatementKey, statement_key
from counterfoil.storage.owner_lock import OwnerLock, read_owner
from counterfoil.storage.payload_files import PayloadFiles
from counterfoil.storage.search_index import (
    TERM_SEPARATOR,
    IndexState,
    SearchIndex,
    Zone,
    ZoneKind,
    discard_index,
    index_lock,
    quote_term,
)
from counterfoil.storage.seen_anchors import SeenAnchors
from counterfoil.storage.seen_states import Seen, SeenStates
from counterfoil.storage.sqlite_store import SqliteStore
from counterfoil.storage.tile_files import TileFiles

__all__ = [
    "TERM_SEPARATOR",
    "IndexState",
    "KeyFiles",
    "OwnerLock",
    "PayloadFiles",
    "SearchIndex",
    "Seen",
    "SeenAnchors",
    "SeenStates",
    "SqliteStore",
    "StatementKey",
    "TileFiles",
    "Zone",
    "ZoneKind",
    "discard_index",
    "index_lock",
    "quote_term",
    "read_owner",
    "statement_key",
]

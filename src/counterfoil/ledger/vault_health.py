"""Say how the vault of personal data stands, in a doctor's words. Refuses to open anything."""

from __future__ import annotations

from contextlib import closing
from typing import Literal

from counterfoil.ledger.layout import Layout
from counterfoil.ledger.people.copies import keys_path
from counterfoil.storage.sqlite_schema import READ_FAULTS, connect_reader

__all__ = ["vault_health"]

_Found = tuple[str, Literal["ok", "warn", "bad"], str, str]
_WORD = "vault"


def vault_health(layout: Layout) -> _Found:
    """Tell word, status, detail and hint of a doctor's check."""
    if not layout.vault.exists():
        return _WORD, "ok", "nothing personal is sealed", ""
    try:
        with closing(connect_reader(layout.vault)) as vault:
            (whole,) = vault.execute("PRAGMA quick_check(1)").fetchone()
            (vault_id,) = vault.execute("SELECT id FROM vault").fetchone()
            groups, people = vault.execute(
                "SELECT count(*), count(DISTINCT handle) FROM sealed"
            ).fetchone()
        if whole != "ok":
            return _WORD, "bad", f"vault.db is damaged: {whole}", "Put it back from a backup."
        keys = keys_path(vault_id)
        if not keys.exists() and groups:
            hint = f"Put keys.db back at {keys}; without it nothing opens, nothing new is sealed."
            return _WORD, "bad", f"{groups:,} sealed groups, and no keys", hint
        if not keys.exists():
            return _WORD, "ok", "nothing personal is sealed", ""
        if keys.stat().st_mode & 0o077:
            return _WORD, "bad", f"others may read {keys}", f"chmod 600 {keys}"
        with closing(connect_reader(keys)) as book:
            (unsaid,) = book.execute("SELECT count(*) FROM unsaid").fetchone()
    except READ_FAULTS as err:
        return _WORD, "bad", f"cannot be read: {err}", "Put vault.db and keys.db back."
    if unsaid:
        hint = "Open the ledger for writing once: what was begun is ended and said."
        return _WORD, "warn", f"{unsaid} changes are not in the log yet", hint
    if layout.vault_keys.exists():
        hint = "Open the ledger for writing once: they are moved to the state folder."
        return _WORD, "warn", "keys lie beside the vault", hint
    return _WORD, "ok", f"{groups:,} sealed groups of {people:,} people", ""

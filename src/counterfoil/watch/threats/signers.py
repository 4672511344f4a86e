"""What watchers of signers have in common: whose entry it is, and the hour it came in.

This module refuses to look at names: a signer is its key.
"""

from __future__ import annotations

from typing import Final, TypeVar

from counterfoil.ports.watchers import WatchedEntry
from counterfoil.watch.threats.budget import DAY_MS, HOUR_MS

__all__ = ["BINS", "hour_bin", "remember", "signer_of", "told_key", "told_time"]

BINS: Final = 48
"""Hours that are told apart: of a working day, and of a day at the week's end (UTC)."""

_KEYS_MAX: Final = 4096
_NO_HABIT: Final = frozenset({"batch", "key", "unreadable"})
_T = TypeVar("_T")


def signer_of(entry: WatchedEntry) -> str | None:
    """Give the key that an entry is signed by; None for what says nothing of a signer's habits."""
    if entry.kind in _NO_HABIT or not entry.signed_by or entry.at_ms <= 0:
        return None
    return entry.signed_by[0]


def hour_bin(at_ms: int) -> int:
    """Tell the hour of a Unix time, 0 to 23, or 24 to 47 on Saturday and Sunday (UTC)."""
    weekend = (at_ms // DAY_MS + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return at_ms % DAY_MS // HOUR_MS + 24 * weekend


def remember(keys: dict[str, _T], key: str, made: _T) -> _T:
    """Add what is known of a key; the key that is known for longest goes where there are many."""
    if len(keys) >= _KEYS_MAX:
        keys.pop(next(iter(keys)))
    keys[key] = made
    return made


def told_key(key: str) -> str:
    """Write a key id for people."""
    return f"key {key[:12]}"


def told_time(at_ms: int) -> str:
    """Write a time for people, to the minute."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%a %Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms after 1970"

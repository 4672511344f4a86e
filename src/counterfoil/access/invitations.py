"""Let somebody in once by a link: for who starts a node and wants to look at it at once.

A link counts once and for a quarter of an hour, in the process that made it. Only its digest is
held. This module refuses to write anything down.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from counterfoil.errors import Unauthenticated
from counterfoil.ports import Clock
from counterfoil.ports.access import Principal

__all__ = ["INVITED_MS", "Invitations"]

INVITED_MS: Final = 900_000
"""How long a link counts, milliseconds."""

_BYTES: Final = 24
_TEXT_MAX: Final = 64


class Invitations:
    """Links that were given out and not used. Safe for threads.

    of_key: gives the principal of a key while it counts, else None.
    """

    def __init__(self, clock: Clock, of_key: Callable[[str], Principal | None]) -> None:
        self._clock, self._of_key = clock, of_key
        self._lock = threading.Lock()
        self._open: dict[bytes, tuple[str, int]] = {}

    def make(self, key_id: str) -> str:
        """Make the secret part of a link that stands for a key. key_id: of one that counts."""
        text, now = secrets.token_urlsafe(_BYTES), self._clock.now_ms()
        with self._lock:
            self._open = {one: held for one, held in self._open.items() if held[1] > now}
            self._open[_digest(text)] = (key_id, now + INVITED_MS)
        return text

    def take(self, text: str) -> Principal:
        """Use a link. Raises Unauthenticated with code access.invitation."""
        with self._lock:
            held = self._open.pop(_digest(text), None)
        if held is not None and self._clock.now_ms() < held[1]:
            found = self._of_key(held[0])
            if found is not None:
                return found
        raise Unauthenticated(
            "access.invitation",
            "expected a link that was not used yet, found one that does not count any more",
            hint="Sign in with a key; `counterfoil access add` makes one.",
        )


def _digest(text: str) -> bytes:
    return sha256(text[:_TEXT_MAX].encode("utf-8", "replace")).digest()

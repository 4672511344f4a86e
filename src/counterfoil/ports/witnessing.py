"""What a log expects of those who watch it: memory of its states, and cosignatures.

A log's own files cannot show that they were all put back together; somebody outside them must
remember. This module refuses to say where that memory is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from counterfoil.formats.checkpoint import Checkpoint

__all__ = ["Prove", "Unwatched", "Witnessing"]

Prove = Callable[[int, int], Sequence[bytes]]
"""`prove(old, new)`: the consistency path between two sizes of the log (RFC 9162, 2.1.4)."""


class Witnessing(Protocol):
    """The witnesses of one log, as the log sees them."""

    def remembered(self) -> Sequence[Checkpoint]:
        """Tell the states that witnesses at hand remember; the log must extend each.

        Raises FatalLogError with code witness.missing or witness.memory when a memory that must
        be there is not, or cannot be read.
        """

    def cosign(self, note: bytes, prove: Prove) -> bytes:
        """Ask for cosignatures over a signed checkpoint, and return it with those that came.

        Raises FatalLogError when a witness knows another history of this log, Unavailable when
        one without which nothing may be published does not answer.
        """

    @property
    def wanting(self) -> bool:
        """Tell whether the last answer lacked cosignatures that are worth asking for again."""


class Unwatched:
    """Nobody watches: for a log whose policy names no witness."""

    def remembered(self) -> Sequence[Checkpoint]:
        """Remember nothing."""
        return ()

    def cosign(self, note: bytes, prove: Prove) -> bytes:  # noqa: ARG002  # the protocol's
        """Return the note as it is."""
        return note

    @property
    def wanting(self) -> bool:
        """Want nothing."""
        return False

"""What a log expects of one witness, near or far: a cosignature, or why not.

The errors are those that C2SP tlog-witness gives a status: InputError 400, Refused 403, NotFound
404, StaleSize 409, VerificationError 422. This module refuses to say how they travel.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from counterfoil.formats.note import NoteSignature
from counterfoil.formats.vkey import VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.proofs.witness import StaleSize

__all__ = ["Cosigner", "Remembering", "StaleSize"]


class Cosigner(Protocol):
    """A witness, as a log sees it."""

    @property
    def name(self) -> str:
        """What the log's policy calls this witness."""

    @property
    def key(self) -> VerifierKey:
        """The key that its cosignatures verify under."""

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Check that the checkpoint extends the last one, remember it, and cosign it.

        Raises InputError, Refused, NotFound, StaleSize or VerificationError when it does not;
        Unavailable when the witness does not answer.
        """


@runtime_checkable
class Remembering(Protocol):
    """A witness that shows what it cosigned last."""

    def latest(self, origin: str) -> bytes | None:
        """Read the latest checkpoint of a log that it cosigned, a signed note; None for none."""

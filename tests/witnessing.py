"""A log that signs checkpoints of any history, and requests to witnesses, for the tests.

The tree is the naive one of RFC 6962, and the log lies when it is told to.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.vkey import KeyType, SigningKey, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports import Clock
from counterfoil.proofs.merkle import consistency_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import NoteSigner, note_signature, public_of
from counterfoil.testing.clock import ManualClock
from counterfoil.witness import Witness, WitnessMemory
from tests.c2sp import LOG
from tests.c2sp import witness as witness_key

__all__ = ["NOW_S", "SigningLog", "new_witness", "open_witness"]

NOW_S = 1_700_000_000
"""The time of the tests' witnesses, POSIX seconds."""


class SigningLog:
    """A log of numbered entries; `salt` makes another history of the same log."""

    def __init__(self, *keys: SigningKey, salt: bytes = b"", shared: int = 0) -> None:
        self.keys = keys or (LOG,)
        self.origin = self.keys[0].name
        self._salt, self._shared = salt, shared

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Its keys, for those who verify."""
        return tuple(public_of(key) for key in self.keys)

    def forked(self, shared: int) -> SigningLog:
        """Make another history that has the first `shared` entries in common."""
        return SigningLog(*self.keys, salt=b"other", shared=shared)

    def leaves(self, size: int) -> list[bytes]:
        """Hash its first entries."""
        return [
            leaf_hash(b"%d" % at + (self._salt if at >= self._shared else b""))
            for at in range(size)
        ]

    def checkpoint(self, size: int) -> Checkpoint:
        """Make the checkpoint of its first entries."""
        return Checkpoint(self.origin, size, root_of(self.leaves(size)))

    def note(self, size: int) -> bytes:
        """Sign that checkpoint."""
        return self.sign(checkpoints.format(self.checkpoint(size)))

    def sign(self, text: bytes) -> bytes:
        """Sign any text."""
        lines = (
            note_signature(key, text, None if key.type is KeyType.ED25519 else NOW_S)
            for key in self.keys
        )
        return notes.format(Note(text, tuple(lines)))

    def prove(self, old: int, new: int) -> list[bytes]:
        """Prove growth between two sizes."""
        return consistency_path(old, new, reader_of(self.leaves(new)))

    def request(
        self, old: int, new: int, proof: Sequence[bytes] | None = None, note: bytes | None = None
    ) -> AddCheckpoint:
        """Ask for a cosignature, with the right proof unless another is given."""
        path = self.prove(old, new) if proof is None else proof
        return AddCheckpoint(old, tuple(path), self.note(new) if note is None else note)


def open_witness(
    memory: WitnessMemory,
    *logs: SigningLog,
    clock: Clock | None = None,
    keys: Sequence[SigningKey] = (),
) -> Witness:
    """Make a witness that follows these logs."""
    follows = {log.origin: log.verifiers for log in logs or (SigningLog(),)}
    signers = [NoteSigner(key) for key in keys or (witness_key(1),)]
    return Witness(memory, signers, follows.get, clock or ManualClock(NOW_S * 1000))


def new_witness(folder: Path, *logs: SigningLog, clock: Clock | None = None) -> Witness:
    """Make a witness with an empty memory in `folder`."""
    return open_witness(WitnessMemory(folder / "witness.db", create=True), *logs, clock=clock)

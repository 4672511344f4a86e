"""Sign checkpoints with the log's keys, and check that a checkpoint is this log's own."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.errors import VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.cose_receipt import protected_header
from counterfoil.formats.note import Note
from counterfoil.formats.vkey import KeyType, SigningKey, VerifierKey
from counterfoil.ports import Clock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.trust import open_note

__all__ = ["LogSigner", "NoteOpener"]


class NoteOpener:
    """Checks that checkpoints are signed by a log's own keys.

    keys: the log's verifier keys; the name of each is the origin.
    """

    def __init__(self, keys: Sequence[VerifierKey]) -> None:
        self._keys = tuple(keys)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The log's verifier keys."""
        return self._keys

    def open(self, signed: bytes) -> Checkpoint:
        """Check a signed checkpoint: every key of the log must have signed it.

        Raises VerificationError with code log.unsigned or as `open_note`.
        """
        verified = {signature.key for signature in open_note(signed, self._keys)}
        checkpoint = checkpoints.parse(note.parse(signed).text)
        missing = [key for key in self._keys if key not in verified]
        if missing or checkpoint.origin != self._keys[0].name:
            raise VerificationError(
                "log.unsigned",
                f"expected a checkpoint of {self._keys[0].name} signed by all its "
                f"{len(self._keys)} keys, found one of {checkpoint.origin} "
                f"with {len(verified)} of them",
            )
        return checkpoint


class LogSigner(NoteOpener):
    """Signs checkpoints.

    keys: the log's signing keys: Ed25519, and by option ML-DSA-44, whose cosignature carries the
    log's time.
    """

    def __init__(self, keys: Sequence[SigningKey], clock: Clock) -> None:
        self._signers, self._clock = [NoteSigner(key) for key in keys], clock
        super().__init__([signer.public for signer in self._signers])

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """Make the signed note of a checkpoint, with a signature by each key."""
        text = checkpoints.format(checkpoint)
        now_s = self._clock.now_ms() // 1000
        signatures = tuple(
            signer.sign(text, None if signer.public.type is KeyType.ED25519 else now_s)
            for signer in self._signers
        )
        return note.format(Note(text, signatures))

    def sign_receipt(self, signed: bytes, subject: str) -> tuple[bytes, bytes]:
        """Sign the root of one of the log's own checkpoints for a COSE receipt.

        signed: the checkpoint's note, signed by all keys of the log: so no root is ever signed
        here that the log did not commit to before. subject: what the entry is about.
        Returns the receipt's protected header and its signature. Raises as `open`.
        """
        checkpoint, first = self.open(signed), self._signers[0]
        protected = protected_header(
            checkpoint.origin, subject, checkpoint.size, first.public.public
        )
        return protected, first.sign_root(protected, checkpoint.root)

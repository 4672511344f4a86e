"""The witness that every ledger has by default: this user's own, with its memory elsewhere.

It is no second organisation, and no receipt says so: it notices that a ledger's folder was put
back, because it is not in that folder. Who can change both can cheat it; other witnesses and a
chain are for that. This module refuses to go on with a memory that is missing.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports import Clock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.storage import KeyFiles
from counterfoil.storage.durable import sync_folder
from counterfoil.witness import Witness, WitnessMemory

__all__ = ["SelfWitness"]

_KEY: Final = "witness"
_MEMORY: Final = "witness.db"
_HINT: Final = (
    "If its memory is lost for good, or the ledger moved here from another machine, look at "
    "`counterfoil audit` first; then go on once with --accept-new-witness, which is recorded."
)


class SelfWitness:
    """This user's witness, for one log.

    state: the folder of its key and memory. log_keys: the log's verifier keys; the name of each
    is the origin.
    """

    name = OWN_WITNESS

    def __init__(self, state: Path, log_keys: Sequence[VerifierKey], clock: Clock) -> None:
        folder = state / "witness"
        self.origin = log_keys[0].name
        try:
            signer = NoteSigner(KeyFiles(folder).load(_KEY))
            self._memory = WitnessMemory(folder / _MEMORY)
        except CounterfoilError as err:
            raise FatalLogError(
                "witness.missing",
                f"expected the memory of this ledger's witness in {folder}, but: {err.message}",
                hint=_HINT,
            ) from err
        self.key = signer.public

        def keys_of(origin: str) -> Sequence[VerifierKey] | None:
            return log_keys if origin == self.origin else None

        self._witness = Witness(self._memory, [signer], keys_of, clock)

    @staticmethod
    def establish(state: Path) -> VerifierKey:
        """Make the witness's key and memory where there are none; gives its verifier key.

        Both are made, or taken as they are, at once: a key without its memory is an error, since
        it would vouch for what it does not remember. Raises FatalLogError with code
        witness.missing, Unavailable with code witness.state.
        """
        folder = state / "witness"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(folder):
                keys = KeyFiles(folder)
                if not (folder / f"{_KEY}.key").exists():
                    WitnessMemory(folder / _MEMORY, create=True).close()
                    sync_folder(folder)
                    name = f"counterfoil.local/witness/{secrets.token_hex(8)}"
                    keys.create(_KEY, name, KeyType.COSIGNATURE_ED25519)
                signer = NoteSigner(keys.load(_KEY))
                WitnessMemory(folder / _MEMORY).close()
                return signer.public
        except OSError as err:
            raise Unavailable(
                "witness.state",
                f"expected to keep the witness's memory in {folder}, but: {err}",
                hint="Name a folder that can be written with COUNTERFOIL_STATE.",
            ) from err
        except CounterfoilError as err:
            if isinstance(err, Unavailable):
                raise
            raise FatalLogError(
                "witness.missing",
                f"expected a witness's key and its memory in {folder}, but: {err.message}",
                hint="Bring the folder back from a copy; or move what is left of it away, and go "
                "on once in each ledger with --accept-new-witness, which is recorded.",
            ) from err

    def remembered(self) -> Checkpoint | None:
        """Tell the newest state of the log that it cosigned; None where it never saw it."""
        signed = self._memory.last(self.origin)
        return None if signed is None else checkpoints.parse(notes.parse(signed).text)

    def note(self) -> bytes | None:
        """Read the newest checkpoint that it cosigned."""
        return self._memory.last(self.origin)

    def require(self) -> Checkpoint:
        """Tell what it remembers. Raises FatalLogError with code witness.missing for nothing."""
        seen = self.remembered()
        if seen is None:
            raise FatalLogError(
                "witness.missing",
                f"expected the witness {self.key.name} to remember this ledger, found that it "
                "never saw it: its memory was lost, or the ledger came from another machine",
                hint=_HINT,
            )
        return seen

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Cosign, as `Witness.add_checkpoint`."""
        return self._witness.add_checkpoint(request)

    def close(self) -> None:
        """Let go of the memory; what it holds stays."""
        self._memory.close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

"""A witness: it cosigns what extends the last that it cosigned, and remembers it first.

The embedded witness of a ledger and the one that serves others over HTTP are this one. It holds no
opinion on what a log contains; it says that the log, as its key holder shows it, only grows. This
module refuses to answer before the answer is durable, and to let its own clock go back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    Refused,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import note as notes
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports import Clock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.trust import VerifiedSignature
from counterfoil.proofs.witness import (
    StaleSize,
    Submitted,
    authenticate,
    read_request,
    require_growth,
)
from counterfoil.witness.memory import Evidence, Remembered, WitnessMemory

__all__ = ["STEP_BACK_MAX_S", "FinalSize", "LogKeys", "Witness"]

LogKeys = Callable[[str], Sequence[VerifierKey] | None]
"""`log_keys(origin)`: the keys trusted for a log; None for a log that is not followed."""

FinalSize = Callable[[str], int | None]
"""`final_size(origin)`: entries with which a log ended; None while it goes on."""

STEP_BACK_MAX_S: Final = 300
"""Largest step back of the clock that is bridged by telling the last time again, seconds."""


class Witness:
    """Cosigns the checkpoints of the logs that it follows.

    memory: its own. signers: one or more keys of type 4 or 6, each of which cosigns. clock: the
    machine's. final_size: tells beyond which size a log that ended is refused; None for none that
    did. Safe to share among threads.
    Raises InputError with code witness.key when a signer cannot cosign.
    """

    def __init__(
        self,
        memory: WitnessMemory,
        signers: Sequence[NoteSigner],
        log_keys: LogKeys,
        clock: Clock,
        final_size: FinalSize | None = None,
    ) -> None:
        types = [signer.public.type for signer in signers]
        if not signers or KeyType.ED25519 in types:
            raise InputError(
                "witness.key",
                "expected one or more keys of type 4 or 6 to cosign with, found "
                f"{', '.join(str(int(t)) for t in types) or 'none'}",
                hint="A key that signs a log must not cosign as well: make another.",
            )
        self.keys = tuple(signer.public for signer in signers)
        self._memory, self._signers = memory, tuple(signers)
        self._log_keys, self._clock = log_keys, clock
        self._final_size = final_size

    @property
    def name(self) -> str:
        """The name of its first key."""
        return self.keys[0].name

    @property
    def key(self) -> VerifierKey:
        """Its first key."""
        return self.keys[0]

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Check, remember and cosign a checkpoint: one cosignature a signer.

        A checkpoint that is signed by its log and does not follow is kept as evidence.
        Raises as `proofs.witness.judge` and `WitnessMemory.advance`, Refused with code
        witness.frozen, and Unavailable with code witness.clock; then nothing was cosigned.
        Source: C2SP tlog-witness, "add-checkpoint".
        """
        submitted = read_request(request)
        verified = authenticate(submitted, self._log_keys(submitted.origin))
        self._require_open(submitted)
        known: list[Remembered] = []
        made: list[NoteSignature] = []

        def step(last: Remembered | None) -> Remembered:
            known.extend([last] if last is not None else [])
            checkpoint = require_growth(submitted, None if last is None else last.checkpoint)
            time_s = self._time(last)
            if last is not None and (last.checkpoint, last.time_s) == (checkpoint, time_s):
                made.extend(self._own_lines(last.note))
                if len(made) == len(self._signers):
                    return last  # a stranger who repeats what is public makes nobody write
                made.clear()
            made.extend(signer.sign(submitted.note.text, time_s) for signer in self._signers)
            signed = Note(submitted.note.text, (*_lines(submitted, verified), *made))
            return Remembered(checkpoint, notes.format(signed), time_s)

        try:
            self._memory.advance(submitted.origin, step)
        except (StaleSize, VerificationError) as err:
            self._keep(submitted, verified, known[0] if known else None, err)
            raise
        return tuple(made)

    def latest(self, origin: str) -> bytes | None:
        """Read the latest checkpoint of a log that was cosigned, a signed note; None for none.

        It carries the log's own signatures and the cosignatures of this witness, no others.
        """
        return self._memory.last(origin)

    def latest_by_hash(self, origin_hash: bytes) -> bytes | None:
        """Read the same by the SHA-256 of the log's origin, 32 bytes."""
        return self._memory.last_by_hash(origin_hash)

    def _require_open(self, submitted: Submitted) -> None:
        """Refuse to go beyond the end of a log that was frozen: its key may be a thief's now."""
        final = None if self._final_size is None else self._final_size(submitted.origin)
        size = submitted.checkpoint.size if submitted.checkpoint is not None else 0
        if final is not None and size > final:
            raise Refused(
                "witness.frozen",
                f"expected no more than the {final} entries with which {submitted.origin!a} was "
                f"frozen, found a checkpoint of {size}",
                hint="The log ended; its `log-frozen` statement says where it goes on.",
            )

    def _own_lines(self, note: bytes) -> list[NoteSignature]:
        own = {(key.name, key.key_id) for key in self.keys}
        return [line for line in notes.parse(note).signatures if (line.name, line.key_id) in own]

    def _time(self, last: Remembered | None) -> int:
        now = self._clock.now_ms() // 1000
        before = last.time_s if last is not None else 0
        if before - now > STEP_BACK_MAX_S:
            raise Unavailable(
                "witness.clock",
                f"expected a time after {before} s, when this log was cosigned last, found {now} s",
                hint="Set the witness's clock right; nothing was cosigned.",
            )
        return max(now, before)

    def _keep(
        self,
        submitted: Submitted,
        verified: Sequence[VerifiedSignature],
        last: Remembered | None,
        refusal: CounterfoilError,
    ) -> None:
        """Keep what its log signed and no honest log would, or what may be so."""
        shown = submitted.checkpoint
        if shown is None:
            forked = True  # a tree of nothing has one root
        else:
            seen = last.checkpoint if last is not None else None
            forked = seen is not None and seen.size == shown.size and seen.root != shown.root
        if not forked and isinstance(refusal, StaleSize):
            return  # a log that asks from an old size is everyday life
        refused = notes.format(Note(submitted.note.text, _lines(submitted, verified)))
        self._memory.keep_evidence(
            Evidence(
                submitted.origin,
                "fork" if forked else "unproven",
                refused,
                last.note if last is not None else b"",
                self._clock.now_ms() // 1000,
            )
        )


def _lines(
    submitted: Submitted, verified: Sequence[VerifiedSignature]
) -> tuple[NoteSignature, ...]:
    """Take only the lines that were verified: a stranger may have added any others."""
    good = {(item.key.name, item.key.key_id) for item in verified}
    return tuple(s for s in submitted.note.signatures if (s.name, s.key_id) in good)

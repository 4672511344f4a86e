"""Show each checkpoint to the ledger's witnesses before readers see it.

The user's own witness must answer, at once: without its memory nothing is published. Others are
asked side by side within a time limit; who does not answer is asked again later, and readers are
told who did. This module refuses to publish what any witness knows to be another history.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from counterfoil.errors import CounterfoilError, FatalLogError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.policy import Policy
from counterfoil.formats.vkey import VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ledger.self_witness import SelfWitness
from counterfoil.ledger.signer import NoteOpener
from counterfoil.ports import Prove
from counterfoil.ports.witness import Cosigner, Remembering
from counterfoil.proofs.merkle import verify_consistency
from counterfoil.proofs.witness import StaleSize

__all__ = ["LedgerWitnesses", "remote_witnesses"]

_REST_S: Final = (5.0, 300.0)  # how long a witness that did not answer is left alone


def remote_witnesses(policy: Policy, timeout_s: float) -> list[Cosigner]:
    """Make a client for each witness of a policy that has an address."""
    if not any(witness.url for witness in policy.witnesses):
        return []  # and nothing of HTTP is imported
    from counterfoil.witness.client import RemoteWitness

    return [
        RemoteWitness(witness.name, witness.key, witness.url, timeout_s)
        for witness in policy.witnesses
        if witness.url is not None
    ]


class LedgerWitnesses:
    """The witnesses of one ledger, as `ports.Witnessing`.

    opener: checks that a note is this log's own. own: the user's, None where it was switched off.
    remote: the others. accept_new: take a memory that never saw this ledger as it is, once.
    timeout_s: how long the others may take, seconds.
    """

    def __init__(
        self,
        policy: Policy,
        opener: NoteOpener,
        own: SelfWitness | None,
        remote: Sequence[Cosigner] = (),
        *,
        accept_new: bool = False,
        timeout_s: float = 2.0,
    ) -> None:
        self._policy, self._opener = policy, opener
        self._own, self._remote = own, tuple(remote)
        self._accept_new, self._timeout_s = accept_new, timeout_s
        self._sizes: dict[str, int] = {}
        self._resting: dict[str, tuple[float, float]] = {}  # name -> (until, for how long)
        self._wanting = False
        self._new = accept_new and own is not None and own.remembered() is None
        self.failures: dict[str, CounterfoilError] = {}

    @property
    def wanting(self) -> bool:
        """Tell whether the last answer lacked a cosignature that may still come."""
        return self._wanting

    @property
    def newcomer(self) -> VerifierKey | None:
        """The key of the user's witness where it saw this ledger for the first time; else None."""
        return self._own.key if self._own is not None and self._new else None

    def remembered(self) -> Sequence[Checkpoint]:
        """Tell what the user's witness saw; see `Witnessing.remembered`."""
        if self._own is None:
            return ()
        own = self._own.remembered() if self._accept_new else self._own.require()
        return () if own is None else (own,)

    def cosign(self, note: bytes, prove: Prove) -> bytes:
        """Add the cosignatures that are to be had; see `Witnessing.cosign`."""
        if self._own is not None:
            note = _with_lines(note, self._ask_own(note, prove))
        self._wanting = False
        awake = [w for w in self._remote if self._resting.get(w.name, (0.0, 0.0))[0] <= _now()]
        if awake:
            from counterfoil.witness.collect import collect

            found = collect(awake, self._policy, note, prove, self._sizes, self._timeout_s)
            note = found.note
            ours = checkpoints.parse(notes.parse(note).text)
            self._remember_failures(awake, found.failures, ours, prove)
        signed_by = {(line.name, line.key_id) for line in notes.parse(note).signatures}
        self._wanting = any((w.key.name, w.key.key_id) not in signed_by for w in self._remote)
        return note

    def close(self) -> None:
        """Let go of what is open."""
        if self._own is not None:
            self._own.close()

    def _ask_own(self, note: bytes, prove: Prove) -> tuple[notes.NoteSignature, ...]:
        own = self._own
        if own is None:
            return ()
        size = checkpoints.parse(notes.parse(note).text).size
        seen = own.remembered()
        old = seen.size if seen is not None else 0
        if old > size:
            raise _rolled_back(old, size)
        try:
            proof = tuple(prove(old, size)) if 0 < old < size else ()
            return own.add_checkpoint(AddCheckpoint(old, proof, note))
        except StaleSize as err:
            raise _rolled_back(err.size, size) from err
        except VerificationError as err:
            raise FatalLogError(
                "witness.forked",
                f"expected a checkpoint that extends the one the witness saw, but: {err.message}",
                hint="Another copy of this ledger is being written, or this one was changed: "
                "stop, and look at `counterfoil audit`.",
            ) from err

    def _remember_failures(
        self,
        asked: Sequence[Cosigner],
        failures: Mapping[str, CounterfoilError],
        ours: Checkpoint,
        prove: Prove,
    ) -> None:
        for witness in asked:
            err = failures.get(witness.name)
            if err is None:
                self.failures.pop(witness.name, None)
                self._resting.pop(witness.name, None)
                continue
            self.failures[witness.name] = err
            if isinstance(err, StaleSize | VerificationError):
                self._heed(witness, err, ours, prove)
            pause = min(self._resting.get(witness.name, (0.0, _REST_S[0] / 2))[1] * 2, _REST_S[1])
            self._resting[witness.name] = (_now() + pause, pause)

    def _heed(
        self, witness: Cosigner, refusal: CounterfoilError, ours: Checkpoint, prove: Prove
    ) -> None:
        """Look at what a witness that refused us cosigned: our own signature on it settles it.

        Its word alone stops nobody: a witness that lies must not be able to.
        """
        if not isinstance(witness, Remembering):
            return
        try:
            shown = witness.latest(self._opener.keys[0].name)
            state = self._opener.open(shown) if shown is not None else None
        except CounterfoilError:
            return
        if state is not None and not _extends(ours, state, prove):
            raise FatalLogError(
                "witness.forked",
                f"expected this ledger to extend the {state.size} entries that witness "
                f"{witness.name} cosigned and this ledger's own key signed, but: "
                f"{refusal.message}",
                hint="This ledger was put back or changed, or another copy of it is being "
                "written: stop, and look at `counterfoil audit`.",
            ) from refusal


def _extends(ours: Checkpoint, seen: Checkpoint, prove: Prove) -> bool:
    if seen.size > ours.size:
        return False
    if seen.size in (0, ours.size):
        return seen.size == 0 or seen.root == ours.root
    try:
        path = prove(seen.size, ours.size)
        verify_consistency(seen.size, ours.size, seen.root, ours.root, path)
    except VerificationError:
        return False
    return True


def _rolled_back(seen: int, size: int) -> FatalLogError:
    return FatalLogError(
        "witness.rolled-back",
        f"expected this ledger to be ahead of its witness, found that it saw {seen} entries and "
        f"this is a checkpoint of {size}",
        hint="Another copy of this ledger is being written, or this one was put back: stop, and "
        "look at `counterfoil audit`.",
    )


def _with_lines(note: bytes, lines: Sequence[notes.NoteSignature]) -> bytes:
    """Add signature lines; one that a line by the same key replaces goes."""
    parsed = notes.parse(note)
    fresh = {(line.name, line.key_id) for line in lines}
    kept = tuple(s for s in parsed.signatures if (s.name, s.key_id) not in fresh)
    return notes.format(Note(parsed.text, (*kept, *lines)))


def _now() -> float:
    return time.monotonic()

"""Ask all witnesses of a log at once, and gather the cosignatures that come in time.

A witness that is behind is asked once more with the proof from where it stands; one that stands
beyond us saw more of this log than we have, which is reported and decided elsewhere. This module
refuses to wait longer than it was told, and to let one witness spoil another's answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from counterfoil.errors import CounterfoilError, Unavailable, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.policy import Policy
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports.witness import Cosigner, StaleSize
from counterfoil.proofs.trust import evaluate

__all__ = ["Collected", "Prove", "collect"]

Prove = Callable[[int, int], Sequence[bytes]]
"""`prove(old, new)`: the consistency path between two sizes of the log (RFC 9162, 2.1.4)."""

_Answer = tuple[str, tuple[NoteSignature, ...] | CounterfoilError]


@dataclass(frozen=True, slots=True)
class Collected:
    """What witnesses gave.

    note: the checkpoint with all cosignatures that it had and that came. cosigned: the names of
    the witnesses that cosigned now. failures: name -> why it did not. ahead: name -> the size that
    it says it has cosigned, for those that say they saw more than our checkpoint; it is their word
    only. quorum: None when the policy is met, else what is missing.
    """

    note: bytes
    cosigned: tuple[str, ...]
    failures: Mapping[str, CounterfoilError]
    ahead: Mapping[str, int]
    quorum: VerificationError | None


def collect(
    cosigners: Sequence[Cosigner],
    policy: Policy,
    note: bytes,
    prove: Prove,
    known_sizes: MutableMapping[str, int],
    deadline_s: float,
) -> Collected:
    """Ask witnesses side by side to cosign a checkpoint of ours.

    policy: whose quorum is looked at. note: signed by the log. prove: called from several threads.
    known_sizes: name -> the size that each witness cosigned last, as far as known; brought up to
    date. deadline_s: longest wait for all of them, seconds; who answers later answered in vain.
    Raises InputError when `note` is no checkpoint.
    """
    parsed = notes.parse(note)
    size = checkpoints.parse(parsed.text).size
    answers: SimpleQueue[_Answer] = SimpleQueue()
    sizes = dict(known_sizes)  # a thread that is late must not write into the caller's
    for cosigner in cosigners:
        arguments = (cosigner, note, size, prove, sizes.get(cosigner.name, 0), answers)
        threading.Thread(target=_ask, args=arguments, daemon=True).start()
    found = _gather([cosigner.name for cosigner in cosigners], answers, deadline_s)
    failures = {name: got for name, got in found.items() if isinstance(got, CounterfoilError)}
    lines = {name: got for name, got in found.items() if isinstance(got, tuple)}
    signed = parsed.with_signatures(line for several in lines.values() for line in several)
    stale = {name: err.size for name, err in failures.items() if isinstance(err, StaleSize)}
    known_sizes.update(stale | dict.fromkeys(lines, size))
    written = notes.format(signed)
    return Collected(
        note=written,
        cosigned=tuple(lines),
        failures=failures,
        ahead={name: at for name, at in stale.items() if at > size},
        quorum=_missing(policy, written),
    )


def _ask(
    cosigner: Cosigner,
    note: bytes,
    size: int,
    prove: Prove,
    known: int,
    answers: SimpleQueue[_Answer],
) -> None:
    """Ask one witness, twice if it is at another size, and put its answer."""
    answer: tuple[NoteSignature, ...] | CounterfoilError
    try:
        old = known if known <= size else 0  # of what is beyond us no proof can be made
        try:
            answer = cosigner.add_checkpoint(_request(note, old, size, prove))
        except StaleSize as err:
            if err.size > size or err.size == old:
                raise
            answer = cosigner.add_checkpoint(_request(note, err.size, size, prove))
    except CounterfoilError as err:
        answer = err
    except Exception as err:  # whatever one witness does, the others' answers count
        answer = Unavailable(
            "witness.failed",
            f"expected witness {cosigner.name} to answer, but: {type(err).__name__}: {err}",
        )
    answers.put((cosigner.name, answer))


def _request(note: bytes, old: int, size: int, prove: Prove) -> AddCheckpoint:
    path = tuple(prove(old, size)) if 0 < old < size else ()
    return AddCheckpoint(old, path, note)


def _gather(
    names: Sequence[str], answers: SimpleQueue[_Answer], deadline_s: float
) -> dict[str, tuple[NoteSignature, ...] | CounterfoilError]:
    """Wait for all answers, at most until the deadline; in the order of the names."""
    until = time.monotonic() + deadline_s
    found: dict[str, tuple[NoteSignature, ...] | CounterfoilError] = {}
    while len(found) < len(names):
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        found[name] = answer
    late = Unavailable(
        "witness.late",
        f"expected an answer within {deadline_s:g} s, found none yet",
        hint="It is slow or hangs; it is asked again later.",
    )
    return {name: found.get(name, late) for name in names}


def _missing(policy: Policy, note: bytes) -> VerificationError | None:
    try:
        evaluate(policy, note)
    except VerificationError as err:
        return err
    return None

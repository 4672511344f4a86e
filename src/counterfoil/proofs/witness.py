"""Decide, as a witness, whether a checkpoint may be cosigned: the rules alone, in their order.

What a witness remembers is an argument, so the rules can be tried on any state. Their order
matters: it decides which status a log hears, and nothing about a log's state is told to who
cannot show its signature. This module refuses to remember, to sign and to answer False: what may
not be cosigned, it raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from counterfoil.errors import Conflict, InputError, NotFound, Refused, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.checkpoint import EMPTY_ROOT, Checkpoint
from counterfoil.formats.note import Note
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.proofs.merkle import verify_consistency
from counterfoil.proofs.trust import VerifiedSignature, open_note
from counterfoil.units import HASH_BYTES

__all__ = ["StaleSize", "Submitted", "authenticate", "judge", "read_request", "require_growth"]

_LOG_TYPES: Final = (KeyType.ED25519, KeyType.COSIGNATURE_MLDSA44)


class StaleSize(Conflict):
    """The request begins at another size than the one that the witness cosigned last.

    size: of the latest checkpoint that it cosigned, 0 for none.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", size: int = 0) -> None:
        super().__init__(code, message, hint=hint)
        self.size = size

    def renewed(self, message: str = "") -> Self:
        """Make the error anew, with its size."""
        return type(self)(self.code, message or self.message, hint=self.hint, size=self.size)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request whose checkpoint was read, and of which nothing is believed yet.

    checkpoint: None where it states size 0 and another root than that of nothing, which no tree
    has.
    """

    request: AddCheckpoint
    note: Note
    origin: str
    checkpoint: Checkpoint | None


def read_request(request: AddCheckpoint) -> Submitted:
    """Read the checkpoint of a request.

    Raises InputError with a code checkpoint.* or text.*.
    """
    note = notes.parse(request.checkpoint)
    try:
        checkpoint = checkpoints.parse(note.text)
    except InputError:
        # The root of an empty tree is no question of form: its log hears 422, after 403 and 409.
        origin = _origin_of_impossible(note.text)
        if origin is None:
            raise
        return Submitted(request, note, origin, None)
    return Submitted(request, note, checkpoint.origin, checkpoint)


def authenticate(
    submitted: Submitted, log_keys: Sequence[VerifierKey] | None
) -> tuple[VerifiedSignature, ...]:
    """Check that the log itself signed the checkpoint.

    log_keys: those trusted for its origin; None for an unknown origin. Only keys whose name is
    the origin count. Signatures by other keys are ignored; a bad one by a trusted key refuses the
    whole checkpoint, as C2SP signed-note advises.
    Raises NotFound with code witness.unknown-log, Refused with code witness.log-signature.
    """
    if log_keys is None:
        raise NotFound(
            "witness.unknown-log",
            f"expected a log that this witness follows, found {_brief(submitted)}",
            hint="Ask the witness's operator to add the log's key.",
        )
    trusted = [k for k in dict.fromkeys(log_keys) if k.name == submitted.origin]
    try:
        return open_note(submitted.note, [k for k in trusted if k.type in _LOG_TYPES])
    except VerificationError as err:
        raise Refused(
            "witness.log-signature",
            f"expected a signature by a trusted key of {_brief(submitted)}, but: {err.message}",
            hint="Sign the checkpoint with the log's key that the witness knows.",
        ) from err


def require_growth(submitted: Submitted, last: Checkpoint | None) -> Checkpoint:
    """Check that the checkpoint extends the last one, and return it.

    last: the latest checkpoint cosigned for this origin; None for none, which is size 0.
    Raises InputError with code witness.old-size, StaleSize with code witness.stale, and
    VerificationError with code witness.empty-root, witness.another-root or witness.inconsistent.
    """
    request, checkpoint = submitted.request, submitted.checkpoint
    size = checkpoint.size if checkpoint is not None else 0
    known = last if last is not None else Checkpoint(submitted.origin, 0, EMPTY_ROOT)
    if request.old_size > size:
        raise InputError(
            "witness.old-size",
            f"expected an old size of at most the checkpoint's {size}, found {request.old_size}",
            hint="A log never shrinks; if this one did, it was put back to an older state.",
        )
    if request.old_size != known.size:
        raise StaleSize(
            "witness.stale",
            f"expected the old size {known.size}, which was cosigned last, found "
            f"{request.old_size}",
            hint="Send the proof from that size.",
            size=known.size,
        )
    if checkpoint is None:
        raise VerificationError(
            "witness.empty-root",
            "expected the root of nothing (SHA-256 of no bytes) for size 0, found another",
            hint="An empty log has one root only.",
        )
    if size == known.size and checkpoint.root != known.root:
        raise VerificationError(
            "witness.another-root",
            f"expected the root {known.root.hex()} at size {size}, which was cosigned, found "
            f"{checkpoint.root.hex()}: the log shows two histories",
            hint="Both checkpoints are signed by the log: they are evidence against it.",
        )
    try:
        verify_consistency(known.size, size, known.root, checkpoint.root, request.proof)
    except VerificationError as err:
        raise VerificationError(
            "witness.inconsistent",
            f"expected a proof that the tree of {size} entries extends that of {known.size} "
            f"which was cosigned, but: {err.message}",
            hint="Send the consistency proof of RFC 9162, 2.1.4; none where the old size is 0.",
        ) from err
    return checkpoint


def judge(
    request: AddCheckpoint, log_keys: Sequence[VerifierKey] | None, last: Checkpoint | None
) -> Checkpoint:
    """Decide whether a checkpoint may be cosigned, and return it if so.

    The order is that of the specification: form (400), origin (404), signature (403), old size
    beyond the new (400), old size not the last (409), consistency (422). Arguments and errors are
    those of `read_request`, `authenticate` and `require_growth`.
    Source: C2SP tlog-witness, "add-checkpoint".
    """
    submitted = read_request(request)
    authenticate(submitted, log_keys)
    return require_growth(submitted, last)


def _origin_of_impossible(text: bytes) -> str | None:
    """Read the origin of a checkpoint whose one fault is the root of its empty tree."""
    lines = text.split(b"\n")
    if len(lines) != 4 or lines[1] != b"0":
        return None
    try:
        if len(decode_base64(lines[2])) != HASH_BYTES:
            return None
        possible = checkpoints.format(Checkpoint("x", 0, EMPTY_ROOT)).partition(b"\n")[2]
        return checkpoints.parse(lines[0] + b"\n" + possible).origin
    except InputError:
        return None


def _brief(submitted: Submitted) -> str:
    return ascii(submitted.origin)

"""Decide whether a signed checkpoint may be believed under the reader's own policy.

Two steps, both pure. `open_note` says which known keys signed a note. `evaluate` says whether a
log of the policy signed the checkpoint and its quorum of witnesses cosigned it, and reports who
and when, so that a caller can print "witnessed k of n". This module refuses to fetch keys, to
take keys from what it verifies, to read a clock, and to answer False: what it does not accept, it
raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import cosignature, note, policy
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.policy import Policy
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.proofs import signature

__all__ = [
    "CLOCK_SKEW_S",
    "OWN_WITNESS",
    "Cosigner",
    "Trusted",
    "VerifiedSignature",
    "evaluate",
    "open_note",
    "signed_alone",
]

CLOCK_SKEW_S: Final = 300
"""How far ahead of `now_s` a witness's clock may be, seconds."""

OWN_WITNESS: Final = "self"
"""Name, in a policy, of a witness that the log's own operator runs."""


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that holds. time_s: the signer's word, POSIX seconds; None for type 1."""

    key: VerifierKey
    time_s: int | None


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness of the policy that cosigned.

    name: its name in the policy, fit to print. time_s: POSIX seconds by the witness's own clock;
    0 when it did not say that this was the largest tree it had seen.
    """

    name: str
    key: VerifierKey
    time_s: int

    @property
    def own(self) -> bool:
        """Tell whether the policy says that the log's own operator runs it."""
        return self.name == OWN_WITNESS


@dataclass(frozen=True, slots=True)
class Trusted:
    """A checkpoint that the policy accepts, and why.

    log: the log's key that signed. cosigners: the witnesses that cosigned, in the policy's order.
    witnesses_total: witnesses in the policy; witnesses_own: those of them that the log's operator
    runs. quorum: the rule that was met, in words.
    """

    checkpoint: Checkpoint
    log: VerifierKey
    cosigners: tuple[Cosigner, ...]
    witnesses_total: int
    quorum: str
    witnesses_own: int = 0


def open_note(signed: bytes | Note, keys: Sequence[VerifierKey]) -> tuple[VerifiedSignature, ...]:
    """Verify the signatures by known keys on a note, in the order of their lines.

    Signatures by unknown keys are ignored, also when only the name or only the id is known. One
    bad signature by a known key rejects the note, and so does the lack of any good one. A key that
    signed twice is returned twice.
    Raises InputError when the bytes are not a note (codes of `note.parse`) or two keys share name
    and id (trust.ambiguous-key); VerificationError with code signature.invalid, signature.length
    or trust.no-known-signature.
    Source: C2SP signed-note, "Signatures"; C2SP tlog-cosignature.
    """
    opened = signed if isinstance(signed, Note) else note.parse(signed)
    known = _by_id(keys)
    verified = tuple(
        _verify_line(opened.text, line, known[line.name, line.key_id])
        for line in opened.signatures
        if (line.name, line.key_id) in known
    )
    if not verified:
        raise VerificationError(
            "trust.no-known-signature",
            f"expected a signature by one of {len(known)} known keys, got "
            f"{len(opened.signatures)} by {_list(line.name for line in opened.signatures)}",
            hint="Add the signer's key if you trust it; otherwise do not rely on this note.",
        )
    return verified


def evaluate(trust: Policy, signed: bytes, *, now_s: int | None = None) -> Trusted:
    """Check a signed checkpoint against the reader's policy, and say who vouches for it.

    The log's key must carry the checkpoint's origin as its name and be of type 1 (Ed25519 over
    the text) or type 6 (the log's own ML-DSA-44 cosignature, whose time may be 0). Every other
    signature by a key of the policy must hold too, and the witnesses must meet the quorum. A
    witness counts once, with its latest time; time 0 counts, since it still states consistency.
    now_s: POSIX seconds; cosignatures more than 5 minutes ahead of it do not count. Without it no
    time is judged: this function has no clock.
    Raises InputError when the bytes are not a checkpoint (codes note.*, checkpoint.*, ...);
    VerificationError with code trust.unknown-log, trust.log-signature, trust.quorum,
    trust.no-known-signature, signature.invalid or signature.length.
    Source: C2SP tlog-policy; C2SP tlog-checkpoint, "Signatures"; C2SP tlog-cosignature.
    """
    opened = note.parse(signed)
    checkpoint = checkpoints.parse(opened.text)
    logs = _logs_of(trust, checkpoint.origin)
    keys = [log.key for log in trust.logs] + [witness.key for witness in trust.witnesses]
    verified = open_note(opened, keys)
    log = next((s.key for s in verified if s.key in logs), None)
    if log is None:
        raise VerificationError(
            "trust.log-signature",
            f"expected a signature by the log {checkpoint.origin!a}, "
            f"got only those of {_list(s.key.name for s in verified)}",
            hint="The checkpoint may come from an impostor, or the log changed its key.",
        )
    cosigners, ahead = _cosigners(trust, verified, now_s)
    _check_quorum(trust, {witness.name for witness, _ in cosigners}, ahead)
    return Trusted(
        checkpoint,
        log,
        tuple(Cosigner(_printable(w.name), w.key, time_s) for w, time_s in cosigners),
        len(trust.witnesses),
        _quorum_words(trust),
        sum(witness.name == OWN_WITNESS for witness in trust.witnesses),
    )


def signed_alone(trust: Policy, checkpoint: Checkpoint, log: VerifierKey) -> Trusted:
    """Tell what a state is worth that the log signed and nobody cosigned.

    log: the key whose signature the caller has checked. Raises VerificationError with code
    trust.quorum where the policy asks for a witness.
    """
    _check_quorum(trust, set(), ())
    own = sum(witness.name == OWN_WITNESS for witness in trust.witnesses)
    return Trusted(checkpoint, log, (), len(trust.witnesses), _quorum_words(trust), own)


def _logs_of(trust: Policy, origin: str) -> list[VerifierKey]:
    """Return the policy's keys for the log of this origin: their names must be the origin."""
    logs = [log.key for log in trust.logs if log.key.name == origin]
    if not logs:
        raise VerificationError(
            "trust.unknown-log",
            f"expected a checkpoint of {_list(log.key.name for log in trust.logs)}, "
            f"got one of {origin!a}",
            hint="If you trust this log, add a `log` line with its key to your policy.",
        )
    return logs


def _by_id(keys: Sequence[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise InputError(
                "trust.ambiguous-key",
                f"expected different ids for the keys of {key.name!a}, "
                f"got {key.key_id.hex()} twice",
                hint="This does not happen by accident: ask both owners for their keys.",
            )
    return known


def _verify_line(text: bytes, line: NoteSignature, key: VerifierKey) -> VerifiedSignature:
    """Verify one signature line by the key that it names."""
    try:
        if key.type is KeyType.ED25519:
            signature.verify_ed25519(key.public, text, line.signature)
            return VerifiedSignature(key, None)
        stamped = cosignature.parse(line.signature)
        message = _message(key, stamped.time_s, text)
        signature.verify(key.type, key.public, message, stamped.signature)
        return VerifiedSignature(key, stamped.time_s)
    except VerificationError as err:
        raise _bad_line(err.code, key, err.message) from err
    except InputError as err:
        # The line or the text is of a form that this key cannot have signed.
        raise _bad_line("signature.invalid", key, err.message) from err


def _message(key: VerifierKey, time_s: int, text: bytes) -> bytes:
    if key.type is KeyType.COSIGNATURE_ED25519:
        return cosignature.message_ed25519(time_s, text)
    tree = checkpoints.parse(text)
    return cosignature.message_mldsa44(key.name, time_s, tree.origin, 0, tree.size, tree.root)


def _bad_line(code: str, key: VerifierKey, why: str) -> VerificationError:
    return VerificationError(
        code,
        f"expected the signature of {key.name!a} (key id {key.key_id.hex()}) to hold: {why}",
        hint="The note was changed after it was signed, or forged: do not rely on it.",
    )


def _cosigners(
    trust: Policy, verified: Sequence[VerifiedSignature], now_s: int | None
) -> tuple[list[tuple[policy.Witness, int]], list[str]]:
    """Return the witnesses that count with their latest time, and the names of those too early."""
    times: dict[VerifierKey, list[int]] = {}
    for item in verified:
        if item.time_s is not None:
            times.setdefault(item.key, []).append(item.time_s)
    counted, ahead = [], []
    for witness in trust.witnesses:
        stated = times.get(witness.key, [])
        good = [t for t in stated if now_s is None or t <= now_s + CLOCK_SKEW_S]
        if good:
            counted.append((witness, max(good)))
        elif stated:
            ahead.append(witness.name)
    return counted, ahead


def _check_quorum(trust: Policy, present: set[str], ahead: Sequence[str]) -> None:
    # Groups name only what stands before them: one pass decides, however deep they nest.
    met = set(present) | {policy.NONE}
    for group in trust.groups:
        if sum(member in met for member in group.members) >= group.threshold:
            met.add(group.name)
    if trust.quorum not in met:
        came = f"{len(present)} of {len(trust.witnesses)} witnesses: {_list(sorted(present))}"
        late = f"; the clocks of {_list(ahead)} are ahead of yours" if ahead else ""
        raise VerificationError(
            "trust.quorum",
            f"expected cosignatures of {_quorum_words(trust)}, got {came}{late}",
            hint="Fetch a checkpoint that more witnesses have cosigned, or take the policy of the "
            "receipt's time: a ledger keeps them as policy-<size>.txt.",
        )


def _quorum_words(trust: Policy) -> str:
    """Say the quorum's rule in words, one level deep."""
    if trust.quorum == policy.NONE:
        return "no witness"
    group = next((g for g in trust.groups if g.name == trust.quorum), None)
    if group is None:
        return _printable(trust.quorum)
    return f"{group.threshold} of {len(group.members)} ({_list(group.members)})"


def _printable(name: str) -> str:
    """Show a name of a policy, whatever octets it holds, so that it can be written in UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _list(names: Iterable[str]) -> str:
    """List names for a message: distinct, at most eight, on one line whatever they hold."""
    distinct = list(dict.fromkeys(names))
    shown = ", ".join(ascii(_printable(name))[1:-1] for name in distinct[:8])
    rest = f" and {len(distinct) - 8} more" if len(distinct) > 8 else ""
    return (shown or "none") + rest

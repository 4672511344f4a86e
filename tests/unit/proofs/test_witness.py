"""A witness's rules on any state: what follows is accepted, everything else has its own refusal."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import (
    CounterfoilError,
    InputError,
    NotFound,
    Refused,
    VerificationError,
)
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.vkey import KeyType
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports.witness import StaleSize
from counterfoil.proofs.signing import note_signature, public_of
from counterfoil.proofs.witness import judge
from tests.c2sp import LOG, ORIGIN, secret
from tests.c2sp import witness as witness_key
from tests.witnessing import SigningLog

LOGGED = SigningLog()
KEYS = LOGGED.verifiers
sizes = st.integers(0, 33)


def code_of(request: AddCheckpoint, last: Checkpoint | None, keys: object = KEYS) -> str:
    """Judge, and give the code of the refusal, which must be there."""
    with pytest.raises(CounterfoilError) as caught:
        judge(request, keys, last)  # type: ignore[arg-type]  # also wrong ones
    assert "expected" in caught.value.message
    return f"{caught.value.http_status} {caught.value.code}"


@given(sizes, sizes)
def test_growth_is_accepted(a: int, b: int) -> None:
    """Every checkpoint that extends the last one, with its proof, is accepted as it is."""
    old, new = sorted((a, b))
    last = LOGGED.checkpoint(old) if old else None
    assert judge(LOGGED.request(old, new), KEYS, last) == LOGGED.checkpoint(new)
    assert judge(LOGGED.request(old, new), KEYS, LOGGED.checkpoint(old)).size == new


@given(sizes, sizes, sizes)
def test_another_history_is_refused(a: int, b: int, shared: int) -> None:
    """No checkpoint of another history follows, whatever proof its log makes for it."""
    old, new = sorted((a, b))
    shared %= max(old, 1)
    if old == 0:
        return
    fork = LOGGED.forked(shared)
    code = code_of(fork.request(old, new), LOGGED.checkpoint(old))
    assert code == ("422 witness.another-root" if old == new else "422 witness.inconsistent")


@given(sizes, sizes, sizes)
def test_another_old_size_is_stale(old: int, new: int, known: int) -> None:
    """An old size that is not the last is answered with the last, and nothing else is looked at."""
    request = LOGGED.request(min(old, new), new, proof=[])
    if request.old_size == known:
        return
    with pytest.raises(StaleSize) as caught:
        judge(request, KEYS, LOGGED.checkpoint(known))
    assert (caught.value.size, caught.value.http_status) == (known, 409)
    assert caught.value.renewed("anew").size == known


def test_order() -> None:
    """What comes first in the specification decides, when everything is wrong at once."""
    stranger = SigningLog(secret("stranger.example"))
    wrong = stranger.request(9, 3, proof=[bytes(32)])
    last = LOGGED.checkpoint(5)
    assert code_of(wrong, last, None) == "404 witness.unknown-log"
    assert code_of(wrong, last, KEYS) == "403 witness.log-signature"
    assert code_of(LOGGED.request(9, 3, proof=[bytes(32)]), last) == "400 witness.old-size"
    assert code_of(LOGGED.request(3, 9, proof=[bytes(32)]), last) == "409 witness.stale"
    assert code_of(LOGGED.request(5, 9, proof=[bytes(32)]), last) == "422 witness.inconsistent"


def test_proof_from_nothing_is_empty() -> None:
    """From size 0 no proof is needed, so one that is sent anyway is refused."""
    assert code_of(LOGGED.request(0, 3, proof=[bytes(32)]), None) == "422 witness.inconsistent"
    same = LOGGED.request(3, 3, proof=[bytes(32)])
    assert code_of(same, LOGGED.checkpoint(3)) == "422 witness.inconsistent"


def test_root_of_nothing() -> None:
    """Size 0 under another root than that of nothing is refused as unproven, after all else."""
    text = f"{ORIGIN}\n0\n{base64.b64encode(bytes(32)).decode()}\n".encode()
    request = LOGGED.request(0, 0, note=LOGGED.sign(text))
    assert code_of(request, None) == "422 witness.empty-root"
    assert code_of(request, LOGGED.checkpoint(3)) == "409 witness.stale"
    assert code_of(request, None, []) == "403 witness.log-signature"
    assert code_of(request, None, None) == "404 witness.unknown-log"
    assert judge(LOGGED.request(0, 0), KEYS, None).size == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"hello\n", "400 checkpoint.lines"),
        (b"\n0\n" + base64.b64encode(bytes(32)) + b"\n", "400 checkpoint.origin"),
        (b"o\n0\n" + base64.b64encode(bytes(31)) + b"\n", "400 checkpoint.root"),
        (b"o\n0\nno\n", "400 checkpoint.root"),
        (b"o\n00\n" + base64.b64encode(bytes(32)) + b"\n", "400 checkpoint.size"),
        (checkpoints.format(LOGGED.checkpoint(1)) + b"more\n", "400 checkpoint.extension"),
    ],
)
def test_no_checkpoint(text: bytes, code: str) -> None:
    """A note that holds no checkpoint is malformed, whoever signed it."""
    assert code_of(LOGGED.request(0, 0, note=LOGGED.sign(text)), None) == code


def with_lines(*lines: notes.NoteSignature) -> AddCheckpoint:
    """Ask for a cosignature on a checkpoint with these signature lines."""
    text = checkpoints.format(LOGGED.checkpoint(3))
    return LOGGED.request(0, 3, note=notes.format(notes.Note(text, lines)))


def test_signatures() -> None:
    """The log's own signature counts; strangers' are ignored; a bad one of its own spoils all."""
    text = checkpoints.format(LOGGED.checkpoint(3))
    good = note_signature(LOG, text)
    bad = notes.NoteSignature(good.name, good.key_id, good.signature[:-1] + b"\0")
    strange = note_signature(secret("stranger.example"), text)
    cosigned = note_signature(witness_key(1), text, 5)
    assert judge(with_lines(strange, cosigned, good), KEYS, None).size == 3
    for lines in [(bad,), (strange,), (cosigned,), (good, bad), (bad, good)]:
        assert code_of(with_lines(*lines), None) == "403 witness.log-signature"


def test_keys_that_cannot_sign_a_log() -> None:
    """A witness's key, or a key of another name, is no log's key, even in the list of its keys."""
    text = checkpoints.format(LOGGED.checkpoint(3))
    for key in (secret(ORIGIN, KeyType.COSIGNATURE_ED25519), secret("other.example")):
        line = note_signature(key, text, 5 if key.type is not KeyType.ED25519 else None)
        assert code_of(with_lines(line), None, [public_of(key)]) == "403 witness.log-signature"


def test_post_quantum_log() -> None:
    """A log may sign with ML-DSA-44 alone, or beside Ed25519; then both signatures must hold."""
    quantum = secret(ORIGIN, KeyType.COSIGNATURE_MLDSA44)
    for keys in [(quantum,), (LOG, quantum)]:
        log = SigningLog(*keys)
        assert judge(log.request(0, 3), [*log.verifiers, *log.verifiers], None).size == 3


def test_errors_carry_the_statuses() -> None:
    """The tree of errors is the table of the specification."""
    statuses = [InputError, Refused, NotFound, StaleSize, VerificationError]
    assert [kind.http_status for kind in statuses] == [400, 403, 404, 409, 422]

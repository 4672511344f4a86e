"""A witness cosigns what follows, remembers it first, and keeps evidence of what does not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound, Refused, Unavailable, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats.vkey import KeyType
from counterfoil.ports.witness import StaleSize
from counterfoil.proofs.signing import NoteSigner, note_signature
from counterfoil.proofs.trust import open_note
from counterfoil.testing.clock import ManualClock
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.witness import STEP_BACK_MAX_S
from tests.c2sp import secret
from tests.c2sp import witness as witness_key
from tests.witnessing import NOW_S, SigningLog, new_witness, open_witness

LOG = SigningLog()


def grown(folder: Path, *sizes: int) -> Witness:
    """Make a witness that has cosigned the log at these sizes."""
    witness, old = new_witness(folder), 0
    for size in sizes:
        witness.add_checkpoint(LOG.request(old, size))
        old = size
    return witness


def test_cosigns(tmp_path: Path) -> None:
    """The answer is one cosignature that holds, with the witness's time."""
    witness = grown(tmp_path, 0, 3)
    lines = witness.add_checkpoint(LOG.request(3, 7))
    signed = notes.Note(notes.parse(LOG.note(7)).text, lines)
    (verified,) = open_note(signed, [witness.key])
    assert (verified.key, verified.time_s) == (witness.keys[0], NOW_S)
    assert witness.name == witness.key.name


def test_every_key_cosigns(tmp_path: Path) -> None:
    """A witness with an Ed25519 and an ML-DSA-44 key gives two cosignatures, and both hold."""
    keys = [witness_key(1), witness_key(1, KeyType.COSIGNATURE_MLDSA44)]
    memory = WitnessMemory(tmp_path / "w.db", create=True)
    witness = open_witness(memory, keys=keys)
    lines = witness.add_checkpoint(LOG.request(0, 3))
    signed = notes.Note(notes.parse(LOG.note(3)).text, lines)
    assert [item.key for item in open_note(signed, witness.keys)] == list(witness.keys)


def test_latest_is_what_was_cosigned(tmp_path: Path) -> None:
    """It shows the log's and its own signatures, and nobody else's that came with them."""
    witness = new_witness(tmp_path)
    assert witness.latest(LOG.origin) is None
    text = checkpoints.format(LOG.checkpoint(3))
    strange = note_signature(secret("stranger.example"), text)
    sent = notes.parse(LOG.note(3)).with_signatures([strange])
    witness.add_checkpoint(LOG.request(0, 3, note=notes.format(sent)))
    kept = witness.latest(LOG.origin)
    assert kept is not None
    assert [item.key for item in open_note(kept, [*LOG.verifiers, witness.key])] == [
        *LOG.verifiers,
        witness.key,
    ]
    assert len(notes.parse(kept).signatures) == 2


def test_same_again(tmp_path: Path) -> None:
    """The same checkpoint is cosigned anew, at the new time."""
    clock = ManualClock(NOW_S * 1000)
    witness = new_witness(tmp_path, clock=clock)
    first = witness.add_checkpoint(LOG.request(0, 3))
    clock.advance(5_000)
    again = witness.add_checkpoint(LOG.request(3, 3))
    assert first != again
    assert witness.latest(LOG.origin) == notes.format(
        notes.parse(LOG.note(3)).with_signatures(again)
    )


def test_the_same_within_a_second_writes_nothing(tmp_path: Path) -> None:
    """Who repeats what is public gets the same answer, and makes nobody sync a disk."""
    keys = [witness_key(1), witness_key(1, KeyType.COSIGNATURE_MLDSA44)]
    witness = open_witness(WitnessMemory(tmp_path / "w.db", create=True), keys=keys)
    first = witness.add_checkpoint(LOG.request(0, 3))
    before = (tmp_path / "w.db-wal").read_bytes()
    assert witness.add_checkpoint(LOG.request(3, 3)) == first
    assert (tmp_path / "w.db-wal").read_bytes() == before
    further = open_witness(WitnessMemory(tmp_path / "w.db"), keys=[*keys, witness_key(2)])
    assert len(further.add_checkpoint(LOG.request(3, 3))) == 3  # a new key has not cosigned yet


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [(9, 3, InputError), (2, 9, StaleSize), (0, 9, StaleSize)],
)
def test_refusals_change_nothing(tmp_path: Path, old: int, new: int, kind: type[Exception]) -> None:
    """A refusal leaves the memory as it was."""
    witness = grown(tmp_path, 3)
    before = witness.latest(LOG.origin)
    with pytest.raises(kind):
        witness.add_checkpoint(LOG.request(old, new, proof=[]))
    assert witness.latest(LOG.origin) == before


def test_unknown_logs(tmp_path: Path) -> None:
    """Logs that it does not follow are not found, and forged signatures are refused."""
    witness = new_witness(tmp_path)
    other = SigningLog(secret("other.example"))
    with pytest.raises(NotFound):
        witness.add_checkpoint(other.request(0, 1))
    forged = LOG.note(1).replace(b"\n1\n", b"\n2\n")
    with pytest.raises(Refused):
        witness.add_checkpoint(LOG.request(0, 1, note=forged))
    assert witness.latest(other.origin) is None


def evidence(folder: Path) -> list[tuple[str, int, int]]:
    """List kind and sizes of the evidence in a folder."""
    found = WitnessMemory(folder / "witness.db").evidence(LOG.origin)
    return [(one.kind, size_of(one.refused), size_of(one.last)) for one in found]


def size_of(note: bytes) -> int:
    """Tell the size in a signed note; -1 where there is none."""
    return int(note.split(b"\n")[1]) if note else -1


def test_evidence_of_two_histories(tmp_path: Path) -> None:
    """Another root at the size that was cosigned is kept, also when it came with a stale size."""
    witness, fork = grown(tmp_path, 3), LOG.forked(1)
    with pytest.raises(VerificationError, match="two histories"):
        witness.add_checkpoint(fork.request(3, 3))
    assert evidence(tmp_path) == [("fork", 3, 3)]
    witness.add_checkpoint(LOG.request(3, 5))
    with pytest.raises(StaleSize):
        witness.add_checkpoint(fork.request(0, 5))
    with pytest.raises(StaleSize):
        witness.add_checkpoint(fork.request(0, 5))
    assert evidence(tmp_path) == [("fork", 3, 3), ("fork", 5, 5)]
    kept = WitnessMemory(tmp_path / "witness.db").evidence(LOG.origin)[0]
    for note in (kept.refused, kept.last):  # verifies without this witness
        assert open_note(note, LOG.verifiers)


def test_evidence_of_growth_that_was_not_proven(tmp_path: Path) -> None:
    """A checkpoint with a bad proof is kept until it is proven: its sender may be to blame."""
    witness = grown(tmp_path, 3)
    with pytest.raises(VerificationError):
        witness.add_checkpoint(LOG.request(3, 7, proof=[bytes(32)]))
    with pytest.raises(VerificationError):
        witness.add_checkpoint(LOG.forked(2).request(3, 8))
    assert evidence(tmp_path) == [("unproven", 7, 3), ("unproven", 8, 3)]
    witness.add_checkpoint(LOG.request(3, 7))
    assert evidence(tmp_path) == [("unproven", 8, 3)]


def test_evidence_of_an_impossible_tree(tmp_path: Path) -> None:
    """A signed tree of nothing with another root is kept, though nothing was cosigned."""
    witness = new_witness(tmp_path)
    text = checkpoints.format(LOG.checkpoint(0)).replace(b"47DEQpj8", b"47DEQpj9")
    with pytest.raises(VerificationError):
        witness.add_checkpoint(LOG.request(0, 0, note=LOG.sign(text)))
    assert evidence(tmp_path) == [("fork", 0, -1)]


def test_ordinary_refusals_are_no_evidence(tmp_path: Path) -> None:
    """An old size that is not the last, or no trusted signature, says nothing about a log."""
    witness = grown(tmp_path, 3)
    for request in (LOG.request(0, 5), LOG.request(0, 3), LOG.request(2, 2)):
        with pytest.raises(StaleSize):
            witness.add_checkpoint(request)
    assert evidence(tmp_path) == []


def test_time_never_goes_back(tmp_path: Path) -> None:
    """Small steps back of the clock are bridged, also by a restart; a large one stops it."""
    clock = ManualClock(NOW_S * 1000)
    witness = new_witness(tmp_path, clock=clock)
    witness.add_checkpoint(LOG.request(0, 1))
    clock.advance(-1000 * STEP_BACK_MAX_S)
    again = open_witness(WitnessMemory(tmp_path / "witness.db"), clock=clock)
    lines = again.add_checkpoint(LOG.request(1, 2))
    signed = notes.Note(notes.parse(LOG.note(2)).text, lines)
    assert open_note(signed, [again.key])[0].time_s == NOW_S
    clock.advance(-1000)
    with refuses_clock():
        again.add_checkpoint(LOG.request(2, 3))
    clock.at_ms = NOW_S * 1000
    again.add_checkpoint(LOG.request(2, 3))


def refuses_clock() -> pytest.RaisesExc[Unavailable]:
    """Expect the refusal of a clock that went back."""
    return pytest.raises(Unavailable, match="expected a time after")


def test_keys_that_do_not_cosign(tmp_path: Path) -> None:
    """A witness needs a key, and a log's key is none."""
    memory = WitnessMemory(tmp_path / "w.db", create=True)
    for signers in ([], [NoteSigner(secret("a.example"))]):
        with pytest.raises(InputError, match="type 4 or 6"):
            Witness(memory, signers, lambda _: None, ManualClock())


def test_logs_are_apart(tmp_path: Path) -> None:
    """Two ledgers that share a witness do not get into each other's way."""
    other = SigningLog(secret("other.example"))
    witness = new_witness(tmp_path, LOG, other)
    witness.add_checkpoint(LOG.request(0, 5))
    witness.add_checkpoint(other.request(0, 2))
    witness.add_checkpoint(LOG.request(5, 6))
    witness.add_checkpoint(other.request(2, 3))
    assert [size_of(witness.latest(log.origin) or b"") for log in (LOG, other)] == [6, 3]


def test_threads(tmp_path: Path) -> None:
    """Many threads that ask for different growth from one size: one is cosigned, in any order."""
    witness = grown(tmp_path, 2)
    cosigned: list[int] = []

    def ask(size: int) -> None:
        try:
            witness.add_checkpoint(LOG.request(2, size))
        except StaleSize:
            return
        cosigned.append(size)

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(3, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cosigned) == 1
    assert size_of(witness.latest(LOG.origin) or b"") == cosigned[0]


def test_a_log_that_ended_grows_no_more(tmp_path: Path) -> None:
    """Up to its end a frozen log is cosigned; a larger tree is refused with 403, and why."""
    log = SigningLog()
    memory = WitnessMemory(tmp_path / "witness.db", create=True)
    signer = NoteSigner(witness_key(1))
    ends = {log.origin: 5}
    clock = ManualClock(NOW_S * 1000)
    frozen = Witness(memory, [signer], {log.origin: log.verifiers}.get, clock, ends.get)
    frozen.add_checkpoint(log.request(0, 3))
    with pytest.raises(Refused) as caught:
        frozen.add_checkpoint(log.request(3, 6))
    assert (caught.value.code, caught.value.http_status) == ("witness.frozen", 403)
    assert len(frozen.add_checkpoint(log.request(3, 5))) == 1

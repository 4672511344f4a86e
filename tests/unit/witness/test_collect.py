"""All witnesses are asked at once; who answers in time counts, and nobody spoils the rest."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from counterfoil.errors import Refused, Unavailable, VerificationError
from counterfoil.formats import note as notes
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.policy import Log, Policy, Witness
from counterfoil.formats.vkey import VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports.witness import Cosigner, StaleSize
from counterfoil.proofs.signing import public_of
from counterfoil.proofs.trust import evaluate
from counterfoil.witness import WitnessMemory
from counterfoil.witness.collect import collect
from counterfoil.witness.quorum import majority_policy
from tests.c2sp import witness as witness_key
from tests.witnessing import SigningLog, open_witness

LOG = SigningLog()
LONG_S = 60.0


class Named:
    """A witness under the name that a policy gives it; it keeps what it was asked."""

    def __init__(self, folder: Path, number: int) -> None:
        memory = WitnessMemory(folder / f"{number}.db", create=True)
        self.inner = open_witness(memory, keys=[witness_key(number)])
        self.name, self.key = f"w{number}", self.inner.key
        self.asked: list[int] = []

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Cosign."""
        self.asked.append(request.old_size)
        return self.inner.add_checkpoint(request)


class Failing:
    """A witness that raises."""

    def __init__(self, number: int, error: Exception) -> None:
        self.name, self.key = f"w{number}", public_of(witness_key(number))
        self._error = error
        self.asked: list[int] = []

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Raise."""
        self.asked.append(request.old_size)
        raise self._error


class Hanging:
    """A witness that answers when it is let go."""

    def __init__(self, number: int) -> None:
        self.name, self.key = f"w{number}", public_of(witness_key(number))
        self.let_go, self.done = threading.Event(), threading.Event()

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Wait, then answer nonsense."""
        self.let_go.wait(LONG_S)
        self.done.set()
        raise Refused("witness.said-forbidden", "expected nothing any more")


def policy_of(*cosigners: Cosigner) -> Policy:
    """Make the policy of a majority of these."""
    witnesses = [Witness(cosigner.name, cosigner.key) for cosigner in cosigners]
    return majority_policy([Log(key) for key in LOG.verifiers], witnesses)


def keys_on(note: bytes) -> list[VerifierKey]:
    """Tell which of the tests' witnesses have cosigned."""
    known = {public_of(witness_key(number)).key_id: number for number in range(1, 9)}
    lines = notes.parse(note).signatures
    return [public_of(witness_key(known[s.key_id])) for s in lines if s.key_id in known]


def test_all_cosign(tmp_path: Path) -> None:
    """The note comes back with every cosignature, and each witness's size is remembered."""
    asked: Sequence[Named] = [Named(tmp_path, number) for number in (1, 2, 3)]
    policy, sizes = policy_of(*asked), dict[str, int]()
    for size in (3, 9, 9):
        found = collect(asked, policy, LOG.note(size), LOG.prove, sizes, LONG_S)
        assert found.cosigned == ("w1", "w2", "w3")
        assert (found.failures, found.ahead, found.quorum) == ({}, {}, None)
        assert keys_on(found.note) == [witness.key for witness in asked]
        assert len(evaluate(policy, found.note).cosigners) == 3
        assert sizes == dict.fromkeys(found.cosigned, size)
    assert [witness.asked for witness in asked] == [[0, 3, 9]] * 3  # nobody was asked in vain


def test_one_more_time_from_where_it_stands(tmp_path: Path) -> None:
    """A witness at another size is asked once more, with the proof from there."""
    behind, fresh, here = (Named(tmp_path, number) for number in (1, 2, 3))
    behind.inner.add_checkpoint(LOG.request(0, 4))
    here.inner.add_checkpoint(LOG.request(0, 9))
    sizes = {"w1": 7, "w2": 5, "w3": 3}
    asked = [behind, fresh, here]
    found = collect(asked, policy_of(*asked), LOG.note(9), LOG.prove, sizes, LONG_S)
    assert found.cosigned == ("w1", "w2", "w3")
    assert [witness.asked for witness in asked] == [[7, 4], [5, 0], [3, 9]]
    assert set(sizes.values()) == {9}


def test_ahead_of_us(tmp_path: Path) -> None:
    """A witness that saw more than our checkpoint is told apart, and its size remembered."""
    ahead, other = Named(tmp_path, 1), Named(tmp_path, 2)
    ahead.inner.add_checkpoint(LOG.request(0, 12))
    sizes: dict[str, int] = {}
    for _ in range(2):
        found = collect(
            [ahead, other], policy_of(ahead, other), LOG.note(9), LOG.prove, sizes, LONG_S
        )
        assert found.ahead == {"w1": 12}
        assert isinstance(found.failures["w1"], StaleSize)
        assert found.cosigned == ("w2",)
        assert sizes == {"w1": 12, "w2": 9}


def test_failures_are_apart(tmp_path: Path) -> None:
    """One that refuses, one that is broken and one that hangs do not keep the others from it."""
    good, other = Named(tmp_path, 1), Named(tmp_path, 2)
    refusing = Failing(3, Refused("witness.said-forbidden", "expected a key"))
    broken, hanging = Failing(4, KeyError("x")), Hanging(5)
    asked: list[Cosigner] = [good, refusing, hanging, broken, other]
    found = collect(asked, policy_of(*asked), LOG.note(9), LOG.prove, {}, 2.0)
    assert found.cosigned == ("w1", "w2")
    assert {name: err.code for name, err in found.failures.items()} == {
        "w3": "witness.said-forbidden",
        "w4": "witness.failed",
        "w5": "witness.late",
    }
    assert isinstance(found.failures["w4"], Unavailable)
    assert isinstance(found.quorum, VerificationError)
    assert "3 of 5" in found.quorum.message
    before = dict(found.failures)
    hanging.let_go.set()
    hanging.done.wait(LONG_S)
    assert dict(found.failures) == before


def test_a_witness_that_plays_with_sizes() -> None:
    """One that answers every request with another size is asked twice and no more."""
    teasing = Failing(1, StaleSize("witness.stale", "expected another", size=2))
    sizes = {"w1": 5}
    found = collect([teasing], policy_of(teasing), LOG.note(9), LOG.prove, sizes, LONG_S)
    assert teasing.asked == [5, 2]
    assert found.ahead == {}
    assert sizes == {"w1": 2}
    collect([teasing], policy_of(teasing), LOG.note(9), LOG.prove, sizes, LONG_S)
    assert teasing.asked == [5, 2, 2]


def test_cosignatures_are_merged(tmp_path: Path) -> None:
    """What the note had already stays, and a newer cosignature replaces the older of its key."""
    first, second = Named(tmp_path, 1), Named(tmp_path, 2)
    policy = policy_of(first, second)
    one = collect([first], policy, LOG.note(9), LOG.prove, {}, LONG_S)
    assert one.quorum is not None
    two = collect([second], policy, one.note, LOG.prove, {}, LONG_S)
    assert two.quorum is None
    again = collect([first], policy, two.note, LOG.prove, {"w1": 9}, LONG_S)
    assert sorted(map(str, keys_on(again.note))) == sorted(map(str, [first.key, second.key]))
    assert len(notes.parse(again.note).signatures) == 3


def test_a_proof_that_cannot_be_made(tmp_path: Path) -> None:
    """When our own tree cannot prove growth, each witness's failure says so."""
    witness = Named(tmp_path, 1)
    witness.inner.add_checkpoint(LOG.request(0, 3))

    def prove(old: int, new: int) -> list[bytes]:
        raise Unavailable("log.damaged", f"expected to read tiles from {old} to {new}")

    found = collect([witness], policy_of(witness), LOG.note(9), prove, {}, LONG_S)
    assert found.failures["w1"].code == "log.damaged"


def test_nobody_to_ask() -> None:
    """Without witnesses there is nothing to wait for, and the policy decides."""
    found = collect([], policy_of(), LOG.note(9), LOG.prove, {}, LONG_S)
    assert (found.note, found.quorum) == (LOG.note(9), None)

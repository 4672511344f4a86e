"""A simulated world: logs and witnesses in memory, one clock, and a network full of faults.

Behind the logs stands the real code of proofs, witness and network: only disks, sockets and people
are played. Everything follows from the seed of `random`, so that a failure can be repeated.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final, Literal

import pytest

from counterfoil.errors import CounterfoilError, FatalLogError, Unavailable
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import entry as entries
from counterfoil.formats import note as notes
from counterfoil.formats import predicates
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import Header
from counterfoil.formats.receipt import EntryProof, Receipt
from counterfoil.formats.vkey import KeyType, SigningKey, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ports.witness import Cosigner
from counterfoil.proofs.merkle import (
    NodeReader,
    consistency_path,
    inclusion_path,
    leaf_hash,
    reader_of,
    root_of,
)
from counterfoil.proofs.signing import NoteSigner, signing_key
from counterfoil.proofs.trust import evaluate
from counterfoil.testing.clock import ManualClock
from counterfoil.witness import Evidence, Remembered, WitnessMemory
from counterfoil.witness import collect as collecting
from counterfoil.witness.collect import Collected, Prove

__all__ = [
    "Courier",
    "Fate",
    "Links",
    "SimLog",
    "TwinMemory",
    "accepted",
    "collect_in_turn",
    "key_from",
    "leaf_of",
    "said_in",
]

Fate = Literal["arrives", "lost", "answer-lost", "twice", "late"]
_FATES: Final[tuple[Fate, ...]] = ("lost", "answer-lost", "twice", "late")


def key_from(seed: str, name: str, key_type: KeyType = KeyType.ED25519) -> SigningKey:
    """Make a key that belongs to a text."""
    return signing_key(name, key_type, sha256(f"{seed} {name} {int(key_type)}".encode()).digest())


@lru_cache(65_536)
def said_in(entry: bytes) -> Header | None:
    """Parse what an entry says, in the vocabulary of the core."""
    parsed = entries.parse(entry)
    if not isinstance(parsed, StatementEntry):
        return None
    return predicates.parse_predicate(parsed.statement)


@lru_cache(65_536)
def leaf_of(entry: bytes) -> bytes:
    """Hash an entry to its leaf, once."""
    return leaf_hash(entry)


def accepted(policy: Policy | None, note: bytes) -> bool:
    """Tell whether a policy accepts a checkpoint."""
    return policy is not None and _accepts(policy, note)


@lru_cache(65_536)
def _accepts(policy: Policy, note: bytes) -> bool:
    try:
        evaluate(policy, note)
    except CounterfoilError:
        return False
    return True


class SimLog:
    """A log in memory: its entries are its disk; it signs any state that it is asked for."""

    def __init__(self, key: SigningKey, held: Sequence[bytes] = ()) -> None:
        self.key, self.signer = key, NoteSigner(key)
        self.origin = key.name
        self.entries: list[bytes] = list(held)
        self._signed: dict[tuple[int, bytes], bytes] = {}

    @property
    def size(self) -> int:
        return len(self.entries)

    def append(self, entry: bytes) -> int:
        """Commit an entry; gives its index."""
        self.entries.append(entry)
        return self.size - 1

    def branch(self, shared: int) -> SimLog:
        """Make another history under the same key that has `shared` entries in common."""
        return SimLog(self.key, self.entries[:shared])

    def leaves(self, size: int) -> list[bytes]:
        return [leaf_of(entry) for entry in self.entries[:size]]

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, root_of(self.leaves(size)))

    def note(self, size: int) -> bytes:
        """Sign the state of the first `size` entries."""
        tree = self.checkpoint(size)
        if (size, tree.root) not in self._signed:
            text = checkpoints.format(tree)
            self._signed[size, tree.root] = notes.format(Note(text, (self.signer.sign(text),)))
        return self._signed[size, tree.root]

    def nodes(self, size: int) -> NodeReader:
        return reader_of(self.leaves(size))

    def prove(self, old: int, new: int) -> list[bytes]:
        return consistency_path(old, new, self.nodes(new))

    def receipt(self, index: int, note: bytes, key_entries: Sequence[int]) -> Receipt:
        """Make the receipt of an entry under a checkpoint of this log."""
        size = checkpoints.parse(notes.parse(note).text).size
        nodes = self.nodes(size)

        def proof(at: int) -> EntryProof:
            return EntryProof(at, self.entries[at], tuple(inclusion_path(at, size, nodes)))

        keys = tuple(proof(at) for at in key_entries if at < size)
        return Receipt(checkpoint=note.decode(), record=proof(index), keys=keys)


class TwinMemory(WitnessMemory):
    """A witness's memory that survives crashes of its organisation, without a file."""

    def __init__(self) -> None:
        self._twin: dict[str, Remembered] = {}
        self._kept: list[Evidence] = []
        self._door = threading.RLock()

    def close(self) -> None:
        """Hold nothing open."""

    def last(self, origin: str) -> bytes | None:
        found = self._twin.get(origin)
        return None if found is None else found.note

    def last_by_hash(self, origin_hash: bytes) -> bytes | None:
        for origin, found in self._twin.items():
            if sha256(origin.encode()).digest() == origin_hash:
                return found.note
        return None

    def remembered(self, origin: str) -> Remembered | None:
        return self._twin.get(origin)

    def origins(self) -> list[str]:
        return sorted(self._twin)

    def advance(self, origin: str, step: Callable[[Remembered | None], Remembered]) -> Remembered:
        with self._door:
            last = self._twin.get(origin)
            new = step(last)
            if last is not None and new.checkpoint.size < last.checkpoint.size:
                raise FatalLogError("witness.memory-back", "expected to go on, found a step back")
            self._twin[origin] = new
            return new

    def keep_evidence(self, found: Evidence) -> None:
        with self._door:
            self._kept.append(found)

    def evidence(self, origin: str) -> list[Evidence]:
        return [found for found in self._kept if found.origin == origin]


class Links:
    """Who reaches whom, and what happens on the way."""

    def __init__(self, chance: random.Random, clock: ManualClock, fault_share: float) -> None:
        self._chance, self._clock, self.fault_share = chance, clock, fault_share
        self._side: dict[str, int] = {}
        self.down: set[str] = set()
        self.late: list[Callable[[], None]] = []

    def split(self, names: Sequence[str]) -> None:
        """Cut the world in two."""
        self._side = {name: self._chance.randrange(2) for name in names}

    def heal(self) -> None:
        """Join the world again, and start who is down."""
        self._side.clear()
        self.down.clear()

    def fate(self, one: str, other: str) -> Fate:
        """Decide what happens to a request between two."""
        if {one, other} & self.down or self._side.get(one, 0) != self._side.get(other, 0):
            return "lost"
        if one != other and self._chance.random() < self.fault_share:
            return self._chance.choice(_FATES)
        return "arrives"

    def deliver_late(self) -> None:
        """Let one of the late requests arrive, whichever: they overtake each other."""
        if self.late:
            self.late.pop(self._chance.randrange(len(self.late)))()


@dataclass
class Courier:
    """A witness as a log reaches it: `ports.witness.Cosigner` over the faulty network.

    The fate is drawn before it is asked, and what is late is put off for another step.
    """

    name: str
    key: VerifierKey
    ask: Callable[[AddCheckpoint], tuple[NoteSignature, ...]]
    fate: Fate
    links: Links
    put_off: list[AddCheckpoint] = field(default_factory=list)

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        if self.fate == "late":
            self.put_off.append(request)
        if self.fate in ("lost", "late"):
            raise Unavailable("world.lost", "expected an answer, found none")
        if self.fate == "twice":
            self.ask(request)
            # The second one finds the first done: that is what a repeated packet meets.
            request = AddCheckpoint(_size(request), (), request.checkpoint)
        lines = self.ask(request)
        if self.fate == "answer-lost":
            raise Unavailable("world.lost", "expected an answer, found none")
        return tuple(s for s in lines if (s.name, s.key_id) == (self.key.name, self.key.key_id))


def _size(request: AddCheckpoint) -> int:
    return checkpoints.parse(notes.parse(request.checkpoint).text).size


class _AtOnce:
    """A thread that is done when it was started."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:
        self._target, self._args = target, args

    def start(self) -> None:
        self._target(*self._args)


def collect_in_turn(
    cosigners: Sequence[Cosigner],
    policy: Policy,
    note: bytes,
    prove: Prove,
    known_sizes: MutableMapping[str, int],
) -> Collected:
    """Collect as `witness.collect` does, one after the other: a seed has one outcome."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "threading", SimpleNamespace(Thread=_AtOnce))
        return collecting.collect(cosigners, policy, note, prove, known_sizes, 60.0)

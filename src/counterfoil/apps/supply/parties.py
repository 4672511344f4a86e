"""Organisations of one chain in one process: each with its own log, each a witness of the others.

For stories, tests and trials: in service each is a node of its own, and they witness each other
over HTTP (`counterfoil network`). The witnesses are the same: each has a key and a memory, and
cosigns only what extends what it saw. This module refuses to lend a witness to its own log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from counterfoil.formats.policy import Log, Policy
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.ledger import Layout, Ledger, create_ledger, open_ledger
from counterfoil.ledger.policy_file import read_policy, replace_policy
from counterfoil.ports import Clock, SystemClock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.storage import KeyFiles
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.quorum import with_witness

__all__ = ["Parties", "Party"]

_KEY = "witness"
_MEMORY = "witness.db"


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation. folder: of its ledger. state: of its witness. uri: who it is."""

    name: str
    uri: str
    folder: Path
    state: Path

    @property
    def logs(self) -> tuple[Log, ...]:
        """Whose signatures its log's checkpoints carry."""
        return tuple(Log(log.key, log.url) for log in read_policy(Layout(self.folder)).logs)

    @property
    def policy(self) -> Policy:
        """What a reader of its log asks for: more than half of the others have cosigned."""
        return read_policy(Layout(self.folder))


class Parties:
    """Organisations that witness each other; a context manager, which opens all their ledgers.

    ledgers: name -> an open ledger. Raises as `create_ledger` and `open_ledger`.
    """

    def __init__(self, parties: Sequence[Party], clock: Clock | None = None) -> None:
        self.parties = {party.name: party for party in parties}
        self.ledgers: dict[str, Ledger] = {}
        self._clock = clock or SystemClock()
        self._stack = ExitStack()
        self._witnesses: dict[str, Witness] = {}

    @classmethod
    def found(cls, places: Mapping[str, Path], state: Path, clock: Clock | None = None) -> Parties:
        """Make a ledger and a witness for each, and let each know the others.

        places: name -> folder of its ledger, which must not be there. state: folder for the
        witnesses. The organisation of `farm` is `https://farm.example`.
        """
        clock = clock or SystemClock()
        parties = [
            Party(name, f"https://{name}.example", folder, state / name)
            for name, folder in places.items()
        ]
        keys = {party.name: _found(party, clock) for party in parties}
        for party in parties:
            policy = read_policy(Layout(party.folder))
            for other in parties:
                if other is not party:
                    policy = with_witness(policy, keys[other.name].name, keys[other.name])
            replace_policy(Layout(party.folder), policy)
        return cls(parties, clock)

    def __enter__(self) -> Parties:
        try:
            for party in self.parties.values():
                self._witnesses[party.name] = self._witness(party)
            for name in self.parties:
                self._open(name)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @contextmanager
    def away(self, name: str) -> Iterator[Party]:
        """Close a party's ledger for a while, such as to copy its folder."""
        self.ledgers.pop(name).close()
        try:
            yield self.parties[name]
        finally:
            self._open(name)

    def witnesses_of(self, name: str) -> list[Witness]:
        """Give the witnesses that a party's log is shown to: those of all others."""
        return [one for whose, one in self._witnesses.items() if whose != name]

    def _open(self, name: str) -> None:
        party, others = self.parties[name], self.witnesses_of(name)
        self.ledgers[name] = open_ledger(party.folder, cosigners=others, clock=self._clock)

    def _close(self) -> None:
        with self._stack:  # the ledgers first: what they publish at the end is shown to witnesses
            for ledger in self.ledgers.values():
                self._stack.callback(ledger.close)
            self.ledgers = {}

    def _witness(self, party: Party) -> Witness:
        memory = WitnessMemory(party.state / _MEMORY)
        self._stack.callback(memory.close)
        keys = {
            one.logs[0].key.name: tuple(log.key for log in one.logs)
            for one in self.parties.values()
            if one is not party
        }
        signer = NoteSigner(KeyFiles(party.state).load(_KEY))
        return Witness(memory, [signer], keys.get, self._clock)


def _found(party: Party, clock: Clock) -> VerifierKey:
    """Make a party's ledger, and its witness's key and memory; give the key."""
    create_ledger(party.folder, clock, name=party.name, organisation=party.uri)
    party.state.mkdir(parents=True)
    WitnessMemory(party.state / _MEMORY, create=True).close()
    name = f"{party.name}.example/witness"
    made = KeyFiles(party.state).create(_KEY, name, KeyType.COSIGNATURE_ED25519)
    return NoteSigner(made).public

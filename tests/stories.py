"""What an organisation of the simulated world keeps: its logs, its copies, the receipts it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from counterfoil.formats import note as notes
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.checkpoint import parse as parse_checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from tests.world import SimLog, leaf_of

__all__ = ["Copy", "Given", "Story", "tree_of"]


@lru_cache(65_536)
def tree_of(note: bytes) -> Checkpoint:
    """Read the state that a note states."""
    return parse_checkpoint(notes.parse(note).text)


@dataclass
class Copy:
    """What is mirrored of a log. vouched: entries under a checkpoint that had its quorum."""

    note: bytes
    entries: list[bytes]
    vouched: int = 0
    taken: int = 0

    @property
    def tree(self) -> Checkpoint:
        return tree_of(self.note)

    def leaves(self, size: int) -> list[bytes]:
        return [leaf_of(entry) for entry in self.entries[:size]]


@dataclass
class Given:
    """A receipt that was given to somebody, and the policy that it was given with."""

    receipt: Receipt
    policy: Policy
    origin: str
    size: int


@dataclass
class Story:
    """A log of ours with what belongs to it. policies: (size, policy) from which it holds."""

    log: SimLog
    policies: list[tuple[int, Policy]] = field(default_factory=list)
    published: bytes | None = None
    vouched: bytes | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    key_entries: list[int] = field(default_factory=list)

    def policy_at(self, size: int) -> Policy | None:
        """Choose the policy of a checkpoint's time: the last that holds from a size below it."""
        found = [policy for first, policy in self.policies if first <= size]
        return found[-1] if found else None

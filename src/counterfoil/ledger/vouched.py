"""Choose the checkpoint that a receipt is made under: the best vouched-for that covers the entry.

The published one lacks cosignatures for a while when witnesses are slow or away; an older one
that has them proves an older entry just as well, to readers who ask for a quorum. This module
refuses to judge for the reader: each receipt is verified under the reader's own policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from counterfoil.errors import CounterfoilError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.log import parse_signed
from counterfoil.ports import StoredCheckpoint
from counterfoil.proofs.trust import evaluate

__all__ = ["best_checkpoint", "is_accepted"]


def best_checkpoint(
    least: int,
    published: tuple[Checkpoint, bytes],
    kept: Iterable[StoredCheckpoint],
    policy: Policy,
) -> tuple[Checkpoint, bytes]:
    """Choose a checkpoint of at least `least` entries that the ledger's own policy accepts.

    published: the newest one. kept: older ones, oldest first. The published one where it is
    accepted, or where none is.
    """
    if is_accepted(policy, published[1]):
        return published
    for state in reversed(list(kept)):
        if least <= state.size <= published[0].size and is_accepted(policy, state.note):
            return parse_signed(state.note), state.note
    return published


@lru_cache(64)
def is_accepted(policy: Policy, note: bytes) -> bool:
    """Tell whether a policy accepts a signed checkpoint."""
    try:
        evaluate(policy, note)
    except CounterfoilError:
        return False
    return True

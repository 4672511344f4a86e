"""By when a statement was there, in the words of people who are not its author.

A receipt's checkpoint carries cosignatures of witnesses, each with the time of the witness's own
clock. Those that the log's operator runs say nothing here, and nor does the log's or the author's
clock. An anchor on a chain that the reader names tells the time of its block. This module refuses
to ask a chain and to know the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from counterfoil.errors import VerificationError
from counterfoil.formats import note as notes
from counterfoil.formats.note import Note
from counterfoil.formats.policy import Policy
from counterfoil.proofs.trust import evaluate

__all__ = ["Anchored", "Bound", "bound_of", "earliest"]


class Anchored(Protocol):
    """An anchor that a chain confirmed; see `ledger.anchor_check.CheckedAnchor`."""

    @property
    def time_s(self) -> int:
        """Time of its block, Unix time."""

    @property
    def final(self) -> bool:
        """Tell whether the chain says that it stays."""

    @property
    def named(self) -> bool:
        """Tell whether the reader named contract and owner."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""


@dataclass(frozen=True, slots=True)
class Bound:
    """It was there by `time_ms` (Unix ms) at the latest. by: who says so."""

    time_ms: int
    by: tuple[str, ...]


def bound_of(policy: Policy, note: bytes) -> Bound | None:
    """Tell by when a checkpoint was there; None where nobody but its operator says so.

    policy: the reader's. note: the signed checkpoint. The time is the earliest by which the
    witnesses that had cosigned meet the policy's quorum, at least one of them not the operator's:
    so many as the reader asks for would have to lie together. Raises as `proofs.trust.evaluate`.
    """
    trusted = evaluate(policy, note)
    outside = sorted(
        (one for one in trusted.cosigners if not one.own and one.time_s > 0),
        key=lambda one: one.time_s,
    )
    opened = notes.parse(note)
    early = {one.key for one in trusted.cosigners if one.own or one.time_s == 0}
    for count, last in enumerate(outside, 1):
        known = {one.key for one in outside[:count]} | early
        kept = {(key.name, key.key_id) for key in known} | {
            (log.key.name, log.key.key_id) for log in policy.logs
        }
        lines = tuple(line for line in opened.signatures if (line.name, line.key_id) in kept)
        try:
            evaluate(policy, notes.format(Note(opened.text, lines)))
        except VerificationError:
            continue  # the quorum takes one more
        names = tuple(sorted(one.name for one in outside[:count]))
        return Bound(last.time_s * 1000, names)
    return None


def earliest(bound: Bound | None, anchors: Iterable[Anchored]) -> Bound | None:
    """Take an anchor in place of the witnesses where it is earlier.

    anchors: of the same checkpoint, as a chain that the reader chose confirmed them; one counts
    where it is final and the reader named its contract and owner.
    """
    for one in anchors:
        if one.final and one.named and (bound is None or one.time_s * 1000 < bound.time_ms):
            bound = Bound(one.time_s * 1000, (f"chain {one.chain_id}",))
    return bound

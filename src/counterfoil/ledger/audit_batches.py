"""Audit batch signatures: each covers exactly the unsigned statements right before it.

A statement without a signature that no batch covers was said by nobody. This module refuses to
check the batch's own signature: `ledger.audit_entries` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from counterfoil.formats.batch import MEMBERS_MAX, Batch
from counterfoil.log.findings import Findings, places
from counterfoil.proofs.merkle import root_of

__all__ = ["BatchRun"]


@dataclass(frozen=True, slots=True)
class _Member:
    """hash: its leaf in the batch's tree; None for a damaged entry. issuer: who says it."""

    hash: bytes | None
    issuer: str | None


class BatchRun:
    """The unsigned statements since the last entry that was something else."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._members: list[_Member] = []
        self._first = 0

    def add(self, index: int, member: bytes, issuer: str | None) -> None:
        """Add the unsigned statement at `index`. member: its leaf, 32 bytes."""
        self._append(index, _Member(member, issuer))

    def add_damaged(self, index: int) -> None:
        """Add an entry that cannot be read: a statement, or the batch over those before it."""
        self._append(index, _Member(None, None))

    def sign(self, index: int, batch: Batch, organisation: str | None) -> None:
        """Take up the batch at `index`. organisation: of its key; None where no key counts."""
        members = self._members
        self._drop(max(len(members) - batch.count, 0))
        covered, self._members = self._members, []
        if len(covered) < batch.count:
            self._findings.add(
                "audit.batch",
                places([index]),
                f"{batch.count} statements without signatures right before it",
                f"{len(covered)}",
            )
            return
        hashes = [member.hash for member in covered if member.hash is not None]
        if len(hashes) < batch.count:
            return  # a damaged entry is named already
        if root_of(hashes).hex() != batch.root:
            self._findings.add(
                "audit.batch",
                places([index]),
                f"the root {root_of(hashes).hex()} of the {batch.count} statements before it",
                batch.root,
            )
        wrong = [
            at
            for at, member in enumerate(covered, index - batch.count)
            if organisation is not None and member.issuer not in (None, organisation)
        ]
        if wrong:
            self._findings.add(
                "audit.signer",
                places(wrong),
                f"statements of {organisation}, which signed their batch",
                "those of another issuer",
            )

    def close(self) -> None:
        """End the run: what it holds is signed by nobody."""
        self._drop(len(self._members))

    def _append(self, index: int, member: _Member) -> None:
        if not self._members:
            self._first = index
        self._members.append(member)
        if len(self._members) > 2 * MEMBERS_MAX:  # no batch reaches so far back
            self._drop(MEMBERS_MAX)

    def _drop(self, count: int) -> None:
        """Name the first `count` members as unsigned, unless a damaged batch may cover them."""
        dropped, self._members = self._members[:count], self._members[count:]
        damaged = [at for at, member in enumerate(dropped) if member.hash is None]
        safe = damaged[-1] + 1 if damaged else 0
        unsigned = range(self._first + safe, self._first + count)
        self._first += count
        if unsigned:
            self._findings.add(
                "audit.unsigned", places(unsigned), "a signature, or a batch that covers it", "none"
            )

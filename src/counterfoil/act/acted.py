"""Show a job to people and programs: decision, verdict, transaction, action, what is in the way.

This module refuses to ask a chain: what is written down is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.act.book import ActBook
from counterfoil.act.book_tables import ActJob, JobPhase
from counterfoil.errors import NotFound
from counterfoil.formats import verdict as verdicts
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["Acted", "acted_of", "no_job", "read_acted", "read_one"]


_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Acted:
    """A verdict and how far it is.

    number: of its job. phase: `planned` before it stands in the log, `recorded` until a
    transaction is signed for it, then signed, sent, mined, final, and `done` once its action is
    recorded; `dropped` when it never can pass. decision: leaf of the decision's entry. verdict,
    leaf: index and leaf of the verdict's. consumer, function, arguments: the call. amount: what it
    moves. decider: who signed, EIP-55. transaction: 0x and 64 digits, with its block and time (Unix
    s); of the last one sent while none is mined. action: index of the statement. expiry_s: last
    second in which the verdict can be used. trouble: code and text of what is in the way. subject,
    salt: what the verdict's subject commits to, where one was given; salt in hexadecimal.
    """

    number: int
    phase: JobPhase
    chain_id: int
    decision: str
    verdict: int | None
    leaf: str
    scope: str
    consumer: str
    function: str
    arguments: tuple[Any, ...]
    amount: str
    decider: str
    expiry_s: int
    transaction: str | None
    block: int | None
    time_s: int | None
    action: int | None
    trouble: tuple[str, str] | None
    subject: str | None = None
    salt: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        found["arguments"] = list(self.arguments)
        found["trouble"] = None if self.trouble is None else list(self.trouble)
        return found


def acted_of(job: ActJob) -> Acted:
    """Show a job of kind `verdict`."""
    verdict, said = verdicts.parse(job.entry).verdict, job.said
    sent = None
    if job.mined is not None:
        sent = f"0x{job.mined.tx_hash.hex()}"
    elif job.attempts:
        sent = f"0x{job.attempts[-1].hash.hex()}"
    return Acted(
        number=job.number,
        phase=job.phase,
        chain_id=job.chain_id,
        decision=verdict.decision.hex(),
        verdict=job.index,
        leaf=leaf_hash(job.entry).hex(),
        scope=said["scope"],
        consumer=said["call"]["consumer"],
        function=said["call"]["function"],
        arguments=tuple(said["call"]["arguments"]),
        amount=said["amount"],
        decider=said["decider"],
        expiry_s=verdict.expiry,
        transaction=sent,
        block=None if job.mined is None else job.mined.block,
        time_s=None if job.mined is None else job.mined.time_s,
        action=job.stated,
        trouble=job.trouble,
        subject=said.get("subject"),
        salt=said.get("salt"),
    )


def read_acted(path: Path, limit: int) -> Iterator[Acted]:
    """List what a book has of verdicts, newest first. Raises Unavailable with code act.book."""
    if not path.exists():
        return
    with closing(ActBook(path, read_only=True)) as book:
        before: int | None = None
        while limit > 0:
            jobs = book.jobs(limit=_PAGE, before=before)
            for job in jobs:
                if job.kind == "verdict" and limit > 0:
                    limit -= 1
                    yield acted_of(job)
            if len(jobs) < _PAGE:
                return
            before = jobs[-1].number


def read_one(path: Path, number: int) -> Acted:
    """Show one verdict's job. Raises NotFound with code act.job, Unavailable with act.book."""
    if path.exists():
        with closing(ActBook(path, read_only=True)) as book:
            job = book.job(number)
        if job is not None and job.kind == "verdict":
            return acted_of(job)
    raise no_job(number)


def no_job(number: int | None) -> NotFound:
    """Make the error for a number that nothing has."""
    return NotFound(
        "act.job",
        f"expected the number of something that was asked of a contract, found {number}",
        hint="`counterfoil act ls` lists them.",
    )

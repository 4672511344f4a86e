"""Audit what entries say, in order: who may sign, batches, numbers, keys, payloads.

Entries come from the hash audit as it reads them; they are examined in threads, and judged here
one after the other. This module refuses to stop at what is wrong: it names it and goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats.entry import BatchEntry, CoseEntry, StatementEntry, VerdictEntry
from counterfoil.formats.predicates import Key
from counterfoil.ledger.audit_batches import BatchRun
from counterfoil.ledger.audit_cose import check_in_cose
from counterfoil.ledger.audit_payloads import PayloadAudit
from counterfoil.ledger.audit_sealed import SealedAudit
from counterfoil.ledger.audit_verdicts import VerdictAudit
from counterfoil.ledger.examine import Examined, Unreadable, check_signatures, examine
from counterfoil.ledger.index_builder import IndexBuilder
from counterfoil.log.findings import Findings, places
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.verify import check_statement

__all__ = ["EntryAudit"]

_THREADS: Final = 2
_CHUNK_ENTRIES: Final = 64  # while one is judged, no thread can go on to its next signature
_CHUNKS_AHEAD: Final = 24

_UNKNOWN: Final = ("scitt.issuer", "key.unknown", "key.no-genesis")

_Chunk = list[Examined | Unreadable]


class EntryAudit:
    """Judges the entries of one log; a `Visit` of the hash audit. Use it as a context manager.

    origin: of the log. builder: is filled with what the database must hold. payloads: what is
    kept beside the log. verdicts: of what contracts may act on. sealed: of personal data; None
    where nobody asks. findings, notices: where damage, and what is only worth knowing, is named.
    """

    def __init__(
        self,
        origin: str,
        builder: IndexBuilder,
        payloads: PayloadAudit,
        verdicts: VerdictAudit,
        findings: Findings,
        notices: Findings,
        sealed: SealedAudit | None = None,
    ) -> None:
        self._origin, self._builder, self._payloads = origin, builder, payloads
        self._sealed = sealed
        self._findings, self._notices = findings, notices
        self._keyring = Keyring()
        self._publics: dict[str, bytes] = {}
        self._valid: dict[str, KeyPeriod] = {}  # producers whose period is known to count
        self._run = BatchRun(findings)
        self._verdicts = verdicts
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="audit")
        self._waiting: deque[tuple[int, Future[_Chunk]]] = deque()
        self._unjudged = 0  # signatures by keys whose statement may be among the damaged entries
        self.damaged: list[range] = []
        self.signatures = 0
        self.size = 0

    def __enter__(self) -> EntryAudit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def visit(self, first: int, entries: Sequence[bytes | None]) -> None:
        """Take up the next entries; those before them are judged meanwhile."""
        for at in range(0, len(entries), _CHUNK_ENTRIES):
            chunk = entries[at : at + _CHUNK_ENTRIES]
            future = self._pool.submit(examine, first + at, chunk, self._origin, self._publics)
            self._waiting.append((first + at + len(chunk), future))
        while len(self._waiting) > _CHUNKS_AHEAD or (self._waiting and self._waiting[0][1].done()):
            self._judge(*self._waiting.popleft())

    def finish(self) -> None:
        """Judge what waits, and what can only be said at the log's end."""
        while self._waiting:
            self._judge(*self._waiting.popleft())
        self._run.close()
        self._builder.flush(self.size, often=False)
        self._verdicts.finish(bool(self.damaged))
        self._note_voided()
        if self._unjudged:
            self._notices.add(
                "audit.signatures-unchecked",
                "signatures",
                "all key statements to be whole",
                f"{self._unjudged} signatures whose key may be in a damaged entry",
            )

    def _judge(self, end: int, future: Future[_Chunk]) -> None:
        for seen in future.result():
            if isinstance(seen, Unreadable):
                self._skip(seen)
            elif isinstance(seen.parsed, BatchEntry):
                self._judge_batch(seen, seen.parsed)
            elif isinstance(seen.parsed, VerdictEntry):
                self._judge_verdict(seen, seen.parsed)
            elif isinstance(seen.parsed, CoseEntry):
                self._judge_in_cose(seen, seen.parsed)
            else:
                self._judge_statement(seen, seen.parsed)
        self.size = end
        self._builder.flush(end)

    def _skip(self, seen: Unreadable) -> None:
        if seen.error is not None:
            self._findings.add(
                "audit.entry", places([seen.index]), "an entry", f"none: {seen.error.message}"
            )
            self._run.close()
            return
        last = self.damaged[-1] if self.damaged else None
        if last is not None and last.stop == seen.index:
            self.damaged[-1] = range(last.start, seen.index + 1)
        else:
            self.damaged.append(range(seen.index, seen.index + 1))
        self._run.add_damaged(seen.index)
        self._builder.skip()

    # Statements --------------------------------------------------------------------------------

    def _judge_statement(self, seen: Examined, parsed: StatementEntry) -> None:
        if seen.wrong is not None:
            self._accuse("audit.statement", seen.index, seen.wrong)
        if seen.member is not None:
            self._run.add(seen.index, seen.member, seen.header[0] if seen.header else None)
            if isinstance(seen.predicate, Key):
                self._findings.add(
                    "audit.key-statement", places([seen.index]), "a signature of its own", "none"
                )
        else:
            self._run.close()
            if isinstance(seen.predicate, Key):
                self._judge_key(seen, parsed, seen.predicate)
            else:
                self._judge_signers(seen, parsed)
        self._builder.take(seen)
        self._verdicts.note(seen)
        self._payloads.check(seen)
        if self._sealed is not None:
            self._sealed.check(seen)

    def _judge_verdict(self, seen: Examined, parsed: VerdictEntry) -> None:
        self._run.close()
        self.signatures += len(seen.held)
        if seen.wrong is not None:
            self._accuse("audit.verdict", seen.index, seen.wrong)
        self._verdicts.check(seen, parsed)
        self._builder.take(seen)

    def _judge_in_cose(self, seen: Examined, parsed: CoseEntry) -> None:
        self._run.close()
        self.signatures += 1
        wrong = check_in_cose(seen.index, parsed.statement, self._keyring, self._builder)
        if wrong is not None and self.damaged and wrong.code in _UNKNOWN:
            self._unjudged += 1
        elif wrong is not None:
            self._accuse("audit.signed-statement", seen.index, wrong)
        self._builder.take(seen)

    def _judge_signers(self, seen: Examined, parsed: StatementEntry) -> None:
        organisations: set[str] = set()
        for at, signature in enumerate(parsed.envelope.signatures):
            period = self._period(seen.index, signature.keyid)
            if period is None:
                continue
            organisations.add(period.organisation)
            self._judge_signature(seen, parsed, at, period)
        if seen.header is not None:
            organisations.add(seen.header[0])
        if len(organisations) > 1:
            self._findings.add(
                "audit.signer",
                places([seen.index]),
                "an issuer and signatures of one organisation",
                " and ".join(sorted(organisations)),
            )

    def _judge_signature(
        self, seen: Examined, parsed: StatementEntry | BatchEntry, at: int, period: KeyPeriod
    ) -> None:
        self.signatures += 1
        held = seen.held[at]
        if held is None:  # the key came into force while the entry was examined
            held = check_signatures(parsed, self._publics)[at]
        if not held:
            self._findings.add(
                "audit.signature",
                places([seen.index]),
                f"a signature by key {period.keyid[:16]} of {period.organisation}",
                "one that does not hold",
            )

    def _period(self, index: int, keyid: str) -> KeyPeriod | None:
        """Find the producer key of an entry; what keeps it from counting is named."""
        period = self._valid.get(keyid)
        if (
            period is not None
            and period.first <= index
            and (period.end is None or index < period.end)
        ):
            return period
        try:
            period = self._keyring.require(keyid, index)
        except VerificationError as err:
            if self.damaged and err.code in _UNKNOWN:
                self._unjudged += 1
            else:
                self._accuse("audit.signer", index, err)
            return None
        self._valid[keyid] = period
        return period

    def _accuse(self, code: str, index: int, err: CounterfoilError) -> None:
        expected, _, found = err.message.removeprefix("expected ").partition(", found ")
        self._findings.add(code, places([index]), expected, found or err.code)

    # Keys --------------------------------------------------------------------------------------

    def _judge_key(self, seen: Examined, parsed: StatementEntry, said: Key) -> None:
        before = {period.keyid: period for period in self._keyring.periods}
        self.signatures += len(parsed.envelope.signatures)
        try:
            check_statement(parsed, said.issuer, self._origin)
            trial = self._keyring.copy()
            trial.apply(seen.index, parsed, said)
        except CounterfoilError as err:
            if self.damaged and err.code in ("key.unknown", "key.no-genesis", "key.genesis"):
                self._unjudged += 1
            else:
                self._accuse("audit.key-statement", seen.index, err)
            return
        self._keyring = trial
        self._valid.clear()
        for period in trial.periods:
            self._publics.setdefault(period.keyid, period.public)
            old = before.get(period.keyid)
            if old is not None and period.end != old.end and period.end is not None:
                self._note_ended(period, period.end, seen.index)

    def _note_ended(self, period: KeyPeriod, end: int, index: int) -> None:
        if end < index:
            self._notices.add(
                "audit.key-ended",
                f"entries {end} to {index - 1}",
                f"to know that entry {index} ended key {period.keyid[:16]} from {end} on",
                "what this key signed among them counts no more",
            )

    def _note_voided(self) -> None:
        for period in self._keyring.periods:
            try:
                self._keyring.require(period.keyid, period.first, (period.role,))
            except VerificationError as err:
                if err.code == "key.void":
                    self._notices.add(
                        "audit.key-void",
                        f"entries from {period.first} on",
                        f"to know that key {period.keyid[:16]} was added by one that had ended",
                        "what it signed counts no more",
                    )

    # Batches -----------------------------------------------------------------------------------

    def _judge_batch(self, seen: Examined, parsed: BatchEntry) -> None:
        first = seen.index - parsed.batch.count
        signature = parsed.envelope.signatures[0]
        period = self._period(seen.index, signature.keyid)
        if period is not None:
            self._judge_signature(seen, parsed, 0, period)
            # A key that begins between a member and its batch did not sign the member.
            self._period(max(first, 0), signature.keyid)
        if parsed.batch.origin != self._origin:
            self._findings.add(
                "audit.batch",
                places([seen.index]),
                f"a batch for {self._origin}",
                f"one for {parsed.batch.origin}",
            )
        self._run.sign(seen.index, parsed.batch, period.organisation if period else None)
        self._builder.take(seen)

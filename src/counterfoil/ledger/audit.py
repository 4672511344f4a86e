"""Audit a ledger: whether it is whole, hangs together, and is the one that its readers know.

The hash audit reads every byte; the full audit also asks of each entry who signed it, whether
that key might, and whether the database says what the entries say. Neither changes anything, and
another process may write meanwhile. This module refuses to say a bare "OK": its verdict says how
far the audit went and who vouches for the log.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.errors import CounterfoilError
from counterfoil.formats.policy import Policy
from counterfoil.ledger.audit_entries import EntryAudit
from counterfoil.ledger.audit_payloads import PayloadAudit
from counterfoil.ledger.audit_sealed import SealedAudit
from counterfoil.ledger.audit_strays import audit_strays
from counterfoil.ledger.audit_tables import audit_pages, audit_tables, note_gaps
from counterfoil.ledger.audit_verdicts import VerdictAudit
from counterfoil.ledger.backup_marker import read_marker
from counterfoil.ledger.config import load_config
from counterfoil.ledger.evidence import claims_of
from counterfoil.ledger.index_builder import IndexBuilder
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.memory import OWN_MEMORY, recalled
from counterfoil.ledger.policy_file import opener_of, read_policy
from counterfoil.ledger.snapshot import freeze, take_snapshot
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log.audit import Claim, HashAudit, TreeReport
from counterfoil.log.findings import Finding, Findings
from counterfoil.proofs.trust import evaluate
from counterfoil.proofs.verify import grade
from counterfoil.storage import PayloadFiles, SqliteStore

__all__ = ["AuditReport", "Finding", "Progress", "audit"]

Progress = Callable[[str, int, int], None]
"""Told (what, done, total) now and then; it may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found.

    origin, size, root: the log; root is empty where hashes are missing. published_size: entries
    in tiles. full: signatures, statements and tables were checked, too. entries_checked: those
    whose bytes have the hash that the tree says. findings: damage, at most 1,000; more_findings:
    how many did not fit. notices: worth knowing, no damage. grade: who vouches for the log.
    """

    origin: str
    size: int
    root: str
    published_size: int
    full: bool
    entries_checked: int
    signatures_checked: int
    findings: tuple[Finding, ...]
    more_findings: int
    notices: tuple[Finding, ...]
    more_notices: int
    grade: str
    seconds: float

    @property
    def damaged(self) -> bool:
        """Tell whether anything is not as it must be."""
        return bool(self.findings)

    @property
    def verdict(self) -> str:
        """Say in a line how far the audit went, what it found, and who vouches for the log."""
        checked = f"{self.entries_checked:,} of {self.size:,} entries"
        how = f"and {self.signatures_checked:,} signatures checked" if self.full else "checked"
        what = "hashes and statements" if self.full else "hashes only, no signatures of entries"
        count = len(self.findings) + self.more_findings
        found = f"{count:,} damaged or wrong" if count else "no damage found"
        return f"{found}; {checked} {how} ({what}); {self.grade}"

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "published_size": self.published_size,
            "full": self.full,
            "entries_checked": self.entries_checked,
            "signatures_checked": self.signatures_checked,
            "damaged": self.damaged,
            "findings": [finding.to_json() for finding in self.findings],
            "more_findings": self.more_findings,
            "notices": [notice.to_json() for notice in self.notices],
            "more_notices": self.more_notices,
            "grade": self.grade,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 3),
        }


def audit(
    folder: str | Path,
    *,
    full: bool = False,
    against: Mapping[str, bytes] | None = None,
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit the ledger in a folder; damage is reported, never raised.

    full: check every signature, statement, number and table, too. against: name -> bytes of a
    receipt, a .tlog-proof or a signed checkpoint that somebody kept: this log must extend it.
    policy: the auditor's own; the ledger's `policy.txt` when None.
    Raises NotFound with code ledger.missing, InputError for settings, a policy or evidence that
    is malformed, FatalLogError with code log.policy, Unavailable with code store.full when there
    is no room for a copy of the database among the machine's temporary files.
    """
    return _Audit(Path(folder), full, policy, progress).run(against or {})


class _Audit:
    """One audit of one folder."""

    def __init__(
        self, folder: Path, full: bool, policy: Policy | None, progress: Progress | None
    ) -> None:
        self._layout, self._full, self._progress = Layout(folder), full, progress
        self._sealed: SealedAudit | None = None
        self._layout.require()
        self._config = load_config(self._layout.config)
        self._origin = self._config.origin
        self._policy = policy if policy is not None else read_policy(self._layout)
        self._open = opener_of(self._policy, self._origin)
        self._findings, self._notices = Findings(), Findings()

    def run(self, against: Mapping[str, bytes]) -> AuditReport:
        began = time.monotonic()
        claims = claims_of(against, self._open.open, self._findings) + self._recalled()
        with tempfile.TemporaryDirectory(prefix="counterfoil-audit-") as scratch:
            tiles, database = self._freeze(Path(scratch) / "copy.db")
            store = self._open_store(database)
            with contextlib.ExitStack() as stack:
                if store is not None:
                    stack.callback(store.close)
                entries = self._entries(Path(scratch), stack)
                hashes = HashAudit(
                    tiles,
                    store,
                    self._open.open,
                    self._findings,
                    claims=claims,
                    visit=entries.visit if entries is not None else None,
                    progress=self._tell,
                )
                tree = hashes.run()
                if entries is not None:
                    entries.finish()
            audit_strays(self._layout.folder, tree.published_size, self._findings)
            if database is not None:
                audit_pages(database, self._findings)
            if entries is not None:
                derived = Path(scratch) / "derived.db"
                if database is not None and store is not None:
                    audit_tables(database, derived, entries.damaged, self._findings)
                if not entries.damaged:
                    note_gaps(derived, self._notices)
        return self._report(tree, entries, time.monotonic() - began)

    def _recalled(self) -> list[Claim]:
        """Take what this machine remembers of the log as claims, too."""
        if read_marker(self._layout.folder) is not None:
            return []  # a backup is older, and says so
        remembered = recalled(self._config, self._open.keys, self._open)
        if self._config.witness and OWN_MEMORY not in remembered:
            self._notices.add(
                "audit.witness",
                OWN_MEMORY,
                "to remember this ledger, so that a rollback would show",
                "nothing of it on this machine",
            )
        return [Claim(s.size, s.root, place, "audit.forked") for place, s in remembered.items()]

    def _freeze(self, database: Path) -> tuple[TilesUnder, Path | None]:
        """Copy the database, so that nothing moves while it is audited; None where it cannot be."""
        try:
            return take_snapshot(self._layout, database), database
        except CounterfoilError as err:
            if err.code == "store.full":
                raise  # the place for the copy, not the ledger
            code = "audit.database-missing" if err.code == "store.missing" else "audit.database"
            self._findings.add(code, "ledger.db", "a whole database", err.message)
            return freeze(self._layout.folder), None

    def _open_store(self, database: Path | None) -> SqliteStore | None:
        if database is None:
            return None
        try:
            return SqliteStore(database, read_only=True)
        except CounterfoilError as err:
            self._findings.add("audit.database", "ledger.db", "a whole database", err.message)
            return None

    def _entries(self, scratch: Path, stack: contextlib.ExitStack) -> EntryAudit | None:
        if not self._full:
            return None
        store = SqliteStore(scratch / "derived.db", create=True)
        stack.callback(store.close)
        payloads = PayloadAudit(PayloadFiles(self._layout.payloads), self._findings, self._notices)
        sealed = self._sealed = SealedAudit(self._layout.vault, self._findings, self._notices)
        stack.enter_context(sealed.opened())
        builder = IndexBuilder(store, self._findings)
        verdicts = VerdictAudit(scratch, self._findings, self._notices)
        return stack.enter_context(
            EntryAudit(
                self._origin, builder, payloads, verdicts, self._findings, self._notices, sealed
            )
        )

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress("audit", done, total)

    def _report(self, tree: TreeReport, entries: EntryAudit | None, seconds: float) -> AuditReport:
        if self._sealed is not None:
            self._sealed.finish()
        tail = tree.size - tree.published_size
        if tail:
            self._notices.add(
                "audit.unpublished",
                f"entries {tree.published_size} to {tree.size - 1}",
                "to be published soon",
                "they stand in the database alone",
            )
        words = self._grade(tree)  # may add a finding
        return AuditReport(
            self._origin,
            tree.size,
            tree.root.hex(),
            tree.published_size,
            self._full,
            tree.entries_checked,
            entries.signatures if entries is not None else 0,
            self._findings.kept,
            self._findings.more,
            self._notices.kept,
            self._notices.more,
            words,
            seconds,
        )

    def _grade(self, tree: TreeReport) -> str:
        """Say in words who vouches for the published checkpoint under the policy."""
        if tree.published is None or tree.signed is None:
            return "vouched for by nobody: no published checkpoint"
        try:
            words = grade(evaluate(self._policy, tree.signed))
        except CounterfoilError as err:
            self._findings.add(
                "audit.policy", "checkpoint", "what the policy asks for", err.message
            )
            return f"not trusted under the policy: {err.message}"
        if self._findings:
            return f"the checkpoint is {words}, but does not cover what was found"
        return words

"""Audit sealed personal data as far as the log tells: the bytes that statements name by digest.

Bytes that are missing although no erasure says so are worth a notice: the vault may be elsewhere,
or lost. Bytes that differ are damage. This module refuses to decrypt: it has no keys.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import name_of
from counterfoil.formats.sealed import Sealed, sealed_of
from counterfoil.ledger.examine import Examined
from counterfoil.log.findings import Findings, places
from counterfoil.storage.sqlite_schema import READ_FAULTS, connect_reader

__all__ = ["SealedAudit"]

_MISSING_MAX: Final = 100_000
_PREDICATE: Final = msgspec.json.Decoder(dict[str, Any]).decode
_MARK: Final = b'"ciphertext":"'


class SealedAudit:
    """Checks sealed bytes as entries name them; `finish` judges what is missing.

    vault: `vault.db`, which may not be there. checked: how many groups were there and whole.
    """

    def __init__(self, vault: Path, findings: Findings, notices: Findings) -> None:
        self._vault, self._findings, self._notices = vault, findings, notices
        self._database: sqlite3.Connection | None = None
        self._missing: list[tuple[int, Sealed]] = []
        self._erasures: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        self.checked = 0

    def opened(self) -> AbstractContextManager[Any]:
        """Open the vault for reading, as long as the audit goes on; nothing where there is none."""
        if not self._vault.exists():
            return nullcontext()
        try:
            self._database = connect_reader(self._vault)
        except READ_FAULTS as err:
            self._findings.add("audit.vault", "vault.db", "a whole database", str(err))
            return nullcontext()
        return closing(self._database)

    def check(self, seen: Examined) -> None:
        """Check the sealed bytes that a statement names, and remember an erasure."""
        if not isinstance(seen.parsed, StatementEntry):
            return
        statement = seen.parsed.statement
        is_erasure = name_of(statement.predicate_type) == "erasure"
        if not is_erasure and _MARK not in bytes(statement.predicate):
            return
        predicate = _PREDICATE(statement.predicate)
        if is_erasure:
            classes = tuple(predicate.get("classes", ()))
            self._erasures.setdefault(str(predicate.get("person")), []).append(
                (seen.index, classes)
            )
        for groups in sealed_of(predicate).values():
            for sealed in groups:
                self._check_group(seen.index, sealed)

    def _check_group(self, index: int, sealed: Sealed) -> None:
        data = self._read(bytes.fromhex(sealed.ciphertext))
        if data is None:
            if len(self._missing) < _MISSING_MAX:
                self._missing.append((index, sealed))
            return
        self.checked += 1
        if sha256(data).hexdigest() != sealed.ciphertext:
            place = f"sealed bytes {sealed.ciphertext} of {places([index])}"
            self._findings.add("audit.sealed-changed", place, "bytes of this digest", "others")

    def _read(self, digest: bytes) -> bytes | None:
        if self._database is None:
            return None
        try:
            found = self._database.execute(
                "SELECT bytes FROM sealed WHERE digest = ?", (digest,)
            ).fetchone()
        except READ_FAULTS as err:
            self._findings.add("audit.vault", "vault.db", "a whole database", str(err))
            self._database = None
            return None
        return None if found is None else bytes(found[0])

    def finish(self) -> None:
        """Say which missing bytes no erasure explains; the whole log was read by now."""
        for index, sealed in self._missing:
            if any(
                at > index and (not classes or sealed.data_class in classes)
                for at, classes in self._erasures.get(sealed.person, ())
            ):
                continue
            place = f"sealed bytes {sealed.ciphertext} of {places([index])}"
            self._notices.add(
                "audit.sealed-missing", place, "bytes, or an erasure", "none: lost, or not here"
            )
        self._missing.clear()

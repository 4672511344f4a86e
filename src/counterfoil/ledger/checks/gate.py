"""Ask, in the process that owns a ledger, whether a model or decision has the checks it must have.

Everything that is recorded passes here, whichever process said it and by whichever method. The
newest check of a kind counts: one that failed revokes an older one that passed. What is refused
leaves a `refusal` in the log, so that trying is visible; the same decision's refusal at most once
a minute, so that a loop cannot flood the log. A verdict that lets pass is kept until the policy
changes, a check is recorded or a check grows too old. This module refuses to run checks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import CounterfoilError, Refused
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ledger.checks.requirements import POLICY_FILE, Requirement, read_requirements
from counterfoil.ledger.checks.verdicts import Verdicts

if TYPE_CHECKING:
    from counterfoil.formats.predicates import Header
    from counterfoil.ledger.opening import Reading

__all__ = ["Gate"]

_MODEL: Final = f"{URI_BASE}model/v1"
_DECISION: Final = f"{URI_BASE}decision/v1"
_CHECK: Final = f"{URI_BASE}check/v1"
_SETTLE_S: Final = 10.0  # a check that is being recorded is committed by then, or never
_REPEAT_S: Final = 60.0

Record = Callable[[str, Mapping[str, Any], tuple[Subject, ...]], object]


class Gate:
    """Lets models and decisions pass, or raises.

    reading: the ledger's. record: records a statement (kind, fields, subjects). now_ms: its clock.
    """

    def __init__(self, reading: Reading, record: Record, now_ms: Callable[[], int]) -> None:
        self._path = reading.layout.folder / POLICY_FILE
        self._verdicts = Verdicts(reading, now_ms)
        self._record, self._now_ms = record, now_ms
        self._stamp: tuple[int, int, int] | None = None
        self._read = False
        self._requirements: tuple[Requirement, ...] = ()
        self._passed: dict[tuple[str | None, ...], int | None] = {}
        self._told: dict[tuple[str | None, ...], float] = {}
        self._settled = 0.0
        self._lock = threading.Lock()

    def admit(self, uri: str, predicate: Header) -> None:
        """Let a statement pass that is about to be recorded.

        Raises Refused with code check.missing, check.failed or check.expired, InputError with code
        check.policy.
        """
        if uri == _CHECK:
            with self._lock:
                self._passed.clear()
                self._settled = time.monotonic() + _SETTLE_S
        elif uri in (_MODEL, _DECISION):
            self._refresh()
            if self._requirements:
                self._ask("model" if uri == _MODEL else "decision", predicate)

    def _refresh(self) -> None:
        """Read the policy again where its file changed."""
        try:
            found = self._path.stat()
            stamp: tuple[int, int, int] | None = (found.st_mtime_ns, found.st_size, found.st_ino)
        except FileNotFoundError:
            stamp = None
        if self._read and stamp == self._stamp:
            return
        with self._lock:
            self._passed.clear()
            self._read = False
            self._requirements = read_requirements(self._path)
            self._stamp, self._read = stamp, True

    def _ask(self, kind: str, predicate: Header) -> None:
        key = _key(kind, predicate)
        now = self._now_ms()
        until = self._passed.get(key, 0)
        if until is None or until > now:
            return
        asked = self._asked(kind, predicate)
        ends: list[int] = []
        missing: list[str] = []
        first: Refused | None = None
        for one in asked:
            try:
                end = self._verdicts.require(one, predicate)
            except Refused as refused:
                missing.append(one.words)
                first = first or refused
            else:
                ends += [] if end is None else [end]
        if first is None:
            with self._lock:
                if time.monotonic() > self._settled:
                    self._passed[key] = min(ends) if ends else None
            return
        self._tell(kind, predicate, key, first, missing)
        raise first

    def _asked(self, kind: str, predicate: Header) -> list[Requirement]:
        names = self._verdicts.names(kind, predicate)
        purpose = getattr(predicate, "purpose", None)
        return [one for one in self._requirements if one.concerns(kind, names, purpose)]

    def _tell(
        self,
        kind: str,
        predicate: Header,
        key: tuple[str | None, ...],
        refused: Refused,
        missing: list[str],
    ) -> None:
        now = time.monotonic()
        with self._lock:
            if kind == "decision" and now - self._told.get(key, -_REPEAT_S) < _REPEAT_S:
                return
            self._told[key] = now
        about = self._verdicts.about(kind, predicate)
        fields = {
            "refused": kind,
            "about": about,
            "code": refused.code,
            "why": refused.message[:2000],
            "missing": [words[:255] for words in missing][:64],
        }
        digest = about.get("digest") or about["leaf"]
        try:
            self._record("refusal", fields, (Subject(digest={"sha256": digest}, name=kind),))
        except CounterfoilError as err:
            refused.add_note(f"The refusal could not be recorded: {err}")


def _key(kind: str, predicate: Any) -> tuple[str | None, ...]:
    if kind == "decision":
        return kind, predicate.model.leaf, predicate.model.digest, predicate.purpose
    named = [f"{one.leaf}:{one.digest}" for one in predicate.trained_on]
    return kind, predicate.digest, predicate.name, predicate.version, *named

"""Ask, in the process that owns a ledger, whether a model or decision has the checks it must have.

Everything that is recorded passes here, whichever process said it and by whichever method; the
rooms ask before, so that a model decides nothing that could not be recorded. The newest check of
a kind counts: one that failed revokes an older one that passed. What is refused
leaves a `refusal` in the log, so that trying is visible; the same decision's refusal at most once
a minute, so that a loop cannot flood the log. A verdict that lets pass is kept until the policy
or a key changes, a check is recorded or a check grows too old. A person who overrides a recorded
decision passes: what a model did wrong must be put right when its check has failed, above all.
This module refuses to run checks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import CounterfoilError, Refused
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ledger.checks.requirements import POLICY_FILE, Requirement, read_requirements
from counterfoil.ledger.checks.verdicts import Verdicts

if TYPE_CHECKING:
    from counterfoil.formats.predicates import Header
    from counterfoil.ledger.opening import Reading
    from counterfoil.proofs.keyring import Keyring

__all__ = ["Gate"]

_MODEL: Final = f"{URI_BASE}model/v1"
_DECISION: Final = f"{URI_BASE}decision/v1"
_KINDS: Final = {_MODEL: "model", _DECISION: "decision"}
_CHECK: Final = f"{URI_BASE}check/v1"
_SETTLE_S: Final = 10.0  # a check that is being recorded is committed by then, or never
_REPEAT_S: Final = 60.0
_FRESH_S: Final = 1.0

Record = Callable[[str, Mapping[str, Any], tuple[Subject, ...]], object]


class Gate:
    """Lets models and decisions pass, or raises.

    reading: the ledger's. record: records a statement (kind, fields, subjects). now_ms: its clock.
    keyring: gives the log's keys as of its head, another one when they have changed.
    """

    def __init__(
        self,
        reading: Reading,
        record: Record,
        now_ms: Callable[[], int],
        keyring: Callable[[], Keyring],
    ) -> None:
        self._path = reading.layout.folder / POLICY_FILE
        self._verdicts = Verdicts(reading, now_ms, keyring)
        self._record, self._now_ms, self._keyring = record, now_ms, keyring
        self._keys: Keyring | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._read, self._looked = False, 0.0
        self._requirements: tuple[Requirement, ...] = ()
        self._passed: dict[tuple[str | None, ...], int | None] = {}
        self._told: dict[tuple[str | None, ...], float] = {}
        self._settled = 0.0
        self._lock = threading.Lock()

    def admit(self, said: Iterable[tuple[str, Header]]) -> None:
        """Let statements pass that are about to be recorded; the policy is looked at once.

        said: URI and predicate of each. Raises Refused with code check.missing, check.failed,
        check.other-threshold or check.expired, InputError with code check.policy.
        """
        looked = False
        for uri, predicate in said:
            if uri == _CHECK:
                self._begin_check()
            elif kind := _KINDS.get(uri):
                if not looked:
                    self._refresh()
                    looked = True
                if self._requirements:
                    self._ask(kind, predicate)

    def knows(self, uri: str, predicate: Callable[[], Header]) -> bool:
        """Tell, without a look at the log, that a statement passes; False where it must be asked.

        predicate: makes it, where there is a policy. The policy is looked at once a second.
        Raises InputError with code check.policy.
        """
        if time.monotonic() - self._looked > _FRESH_S:
            self._refresh()
        kind = _KINDS.get(uri)
        return kind is None or not self._requirements or self._holds(_key(kind, predicate()))

    def _begin_check(self) -> None:
        """Forget verdicts: a check is about to be recorded."""
        with self._lock:
            self._passed.clear()
            self._settled = time.monotonic() + _SETTLE_S

    def _refresh(self) -> None:
        """Read the policy again where its file changed; forget verdicts where keys changed."""
        keys = self._keyring()
        if keys is not self._keys:
            with self._lock:
                self._passed.clear()
                self._keys = keys
        try:
            found = self._path.stat()
            stamp: tuple[int, int, int] | None = (found.st_mtime_ns, found.st_size, found.st_ino)
        except FileNotFoundError:
            stamp = None
        if self._read and stamp == self._stamp:
            self._looked = time.monotonic()
            return
        with self._lock:
            self._passed.clear()
            self._read, self._looked = False, 0.0  # nobody goes by what could not be read
            self._requirements = read_requirements(self._path)
            self._stamp, self._read, self._looked = stamp, True, time.monotonic()

    def _holds(self, key: tuple[str | None, ...]) -> bool:
        until = self._passed.get(key, 0)
        return until is None or until > self._now_ms()

    def _ask(self, kind: str, predicate: Header) -> None:
        key = _key(kind, predicate)
        if self._holds(key) or self._verdicts.overrides(kind, predicate):
            return
        policy = self._requirements
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
                if time.monotonic() > self._settled and self._requirements is policy:
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
        model = predicate.model
        return kind, model.leaf, model.digest, predicate.purpose, predicate.threshold
    named = [f"{one.leaf}:{one.digest}" for one in predicate.trained_on]
    return kind, predicate.digest, predicate.name, predicate.version, *named

"""The room for checks: run one, and record what it says as a signed statement.

The statement names what was checked, on which data, by which suite and what was found; the
engines are in `counterfoil.provenance.checks`. This module refuses to record a check of nothing in
particular: a gate could not tell what it vouches for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.statement import Subject
from counterfoil.ledger.checks.requirements import POLICY_FILE, Requirement, read_requirements
from counterfoil.ledger.named import find_named
from counterfoil.ledger.view import RecordView
from counterfoil.provenance.statements.parts import Reference, decimal_text

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.provenance.checks import Kind, Report, Suite

__all__ = ["CheckResult", "Checks"]

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_ITEMS_MAX: Final = 512
_BYTES_MAX: Final = 40_000
_DETAIL: Final = 160


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check that was run and recorded.

    index, leaf: of its statement. report: what it found. about: what was checked.
    """

    index: int
    leaf: str
    report: Report
    about: Reference

    @property
    def passed(self) -> bool:
        """Nothing failed."""
        return self.report.passed

    @property
    def reference(self) -> Reference:
        """Name the check in another statement, such as a model's `checks`."""
        return Reference(leaf=self.leaf, name=self.report.check)


class Checks:
    """The checks of a ledger: `ledger.checks`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def run(
        self,
        kind: Kind,
        data: Any,
        *,
        suite: Suite | str | Path | None = None,
        about: Any = None,
        on: Any = None,
        reference: Any = None,
        predicted: str | None = None,
        score: str | None = None,
        threshold: float = 0.5,
        note: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> CheckResult:
        """Run a check and record its result, passed or failed.

        kind: quality, leakage, drift, poisoning or fairness. data: a frame, or the path of a CSV or
        Parquet file. suite: a `Suite` or its file; the defaults if left out. about: what is
        checked: the index or leaf of its statement, a digest, a `Reference`, what recording it
        returned, an `Artefact` or `Scorer`, or a LightGBM booster in memory; of a file, the file's
        SHA-256 if left out. on: the data that a model was checked on, likewise. reference:
        a frame or file to compare with. predicted, score, threshold: for `fairness`, see
        `run_check`.
        Raises InputError with a code check.*, NotFound with code dataset.file, and as
        `Ledger.record_statement`.
        """
        from counterfoil.provenance import checks as engines
        from counterfoil.provenance.checks.results import nobody

        engines.require_kind(kind)
        if suite is None:
            chosen = engines.Suite()
        elif isinstance(suite, engines.Suite):
            chosen = suite
        else:
            chosen = engines.load_suite(Path(suite))
        named = self._reference(about, data, "about")
        used = None if on is None else self._reference(on, None, "on")
        report = engines.run_check(
            kind,
            engines.table_of(data),
            chosen,
            reference=None if reference is None else engines.table_of(reference),
            predicted=predicted,
            score=score,
            threshold=threshold,
            progress=progress or nobody,
        )
        return self.record(report, about=named, on=used, note=note)

    def record(
        self,
        report: Report,
        *,
        about: Any,
        on: Any = None,
        note: str = "",
    ) -> CheckResult:
        """Record the report of a check that was run before, or by engines of your own.

        about, on: as for `run`. Items that only inform are shortened, and the last of them left
        out, where an entry has no room; the note then says so. Failed ones are always there.
        """
        named = self._reference(about, None, "about")
        items, left = _fitting(report)
        notes = [report.note, note]
        if left:
            notes.append(f"{left} items that only inform are left out for want of room.")
        fields: dict[str, Any] = {
            "check": report.check,
            "about": msgspec.to_builtins(named),
            "passed": report.passed,
            "items": items,
            "suite": report.suite,
            "note": " ".join(part for part in notes if part)[:8192],
        }
        if report.threshold is not None:
            fields["threshold"] = decimal_text(report.threshold, "the threshold")
        if on is not None:
            fields["data"] = msgspec.to_builtins(self._reference(on, None, "on"))
        digest = named.digest or named.leaf or ""
        subjects = (Subject(digest={"sha256": digest}, name=named.name or "checked"),)
        done = self._ledger.record_statement("check", fields, subjects=subjects)
        return CheckResult(done.index, done.leaf, report, named)

    def ls(
        self, about: Reference | int | str | None = None, *, limit: int = 50
    ) -> Iterator[RecordView]:
        """List recorded checks, the newest first; of one thing where `about` names it."""
        query = "kind=check"
        if about is not None:
            named = self._reference(about, None, "about")
            if named.digest:
                query += f" about.digest={named.digest}"
            else:
                query += f" about.leaf={named.leaf}"
        yield from self._ledger.search(query, limit=limit).hits

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What this ledger's `checks.toml` asks for. Raises InputError with code check.policy."""
        return read_requirements(self._ledger.layout.folder / POLICY_FILE)

    def reference_of(self, path: Path) -> Reference:
        """Name a file by its SHA-256. Raises InputError with code check.data."""
        try:
            with path.open("rb") as stream:
                digest = sha256()
                while block := stream.read(1 << 20):
                    digest.update(block)
        except OSError as err:
            raise InputError(
                "check.data", f"expected a file at {path}, but: {err.strerror}"
            ) from err
        return Reference(digest=digest.hexdigest(), name=path.name[:255] or None)

    def _reference(self, thing: Any, data: Any, what: str) -> Reference:
        if isinstance(thing, Reference):
            return thing
        if isinstance(getattr(thing, "reference", None), Reference):
            found: Reference = msgspec.structs.replace(thing.reference, role=None)
            return found
        if thing is None and isinstance(data, (str, Path)):
            return self.reference_of(Path(data))
        if isinstance(thing, int) and not isinstance(thing, bool):
            return _of(self._ledger.get(thing))
        if isinstance(thing, str) and _HEX.fullmatch(thing):
            hits = self._ledger.search(f"leaf={thing}", limit=1).hits
            return _of(hits[0]) if hits else self._by_digest(thing)
        if isinstance(thing, str) and (named := find_named(self._ledger, thing)) is not None:
            return _of(named)
        digest = getattr(thing, "digest", None)  # of an `Artefact` or a `Scorer`
        if isinstance(digest, str) and _HEX.fullmatch(digest):
            return Reference(digest=digest, name=getattr(thing, "name", None))
        if type(thing).__module__.partition(".")[0] == "lightgbm":
            return _of_booster(thing)
        raise InputError(
            "check.about",
            f"expected the name, index, leaf or digest of what is checked ({what}), found "
            f"{thing!r:.80}",
            hint="`counterfoil dataset ls` and `counterfoil model ls` show names and indices; of a "
            "model that is not recorded yet give the digest.",
        )

    def _by_digest(self, digest: str) -> Reference:
        """Name the newest data set or model with a digest, where there is one."""
        hits = self._ledger.search(f"digest={digest}", limit=20).hits
        for hit in hits:
            if hit.kind in ("dataset", "model"):
                return _of(hit)
        return Reference(digest=digest)


def _of(view: RecordView) -> Reference:
    digest, name = view.content.get("digest"), view.content.get("name")
    known = isinstance(digest, str) and _HEX.fullmatch(digest) is not None
    called = name[:255] if isinstance(name, str) and name else None
    return Reference(leaf=view.leaf, digest=digest if known else None, name=called)


def _of_booster(model: Any) -> Reference:
    """Name a booster in memory by the digest that it will be recorded with: that of its text."""
    from counterfoil.provenance.models.estimators import write_estimator

    return Reference(digest=sha256(write_estimator(model)).hexdigest(), name=type(model).__name__)


def _fitting(report: Report) -> tuple[list[Any], int]:
    """Choose items that an entry has room for: what failed, what has a limit, then the rest."""
    ranked = sorted(report.items, key=lambda item: (item.passed, not item.gating))
    kept: list[tuple[int, Any]] = []
    place = {id(item): at for at, item in enumerate(report.items)}
    size = 0
    for item in ranked:
        said = msgspec.to_builtins(item.said())
        if size > _BYTES_MAX // 2 and len(said.get("found", "")) > _DETAIL:
            said["found"] = said["found"][: _DETAIL - 1] + "…"
        size += len(msgspec.json.encode(said))
        if (size > _BYTES_MAX and kept) or len(kept) >= _ITEMS_MAX:
            break
        kept.append((place[id(item)], said))
    return [said for _, said in sorted(kept, key=lambda pair: pair[0])], len(ranked) - len(kept)

"""Check data and what models made of it; with a ledger, record what was found.

Without --ledger a check is a first look and records nothing. The exit status is 4 where a check
fails, so that a pipeline stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from counterfoil.errors import InputError, Refused
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ledger.checks import Checks
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ops.table_options import Columns, TableFile, on_disk
from counterfoil.ports import STANDARD_STREAM, Channel, Document, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.provenance.checks import Kind, Report, Suite, Table

__all__ = [
    "Checked",
    "Suggested",
    "drift",
    "fairness",
    "leakage",
    "listing",
    "poisoning",
    "quality",
    "suggest",
]

_Suite = Annotated[
    Path | None, Param("Rules and limits, TOML or JSON; else the defaults.", "FILE", holds="file")
]
_Reference = Annotated[
    Path | None,
    Param("Trusted data to compare with, such as the training set.", "FILE", holds="file"),
]
_Label = Annotated[str | None, Param("Column that is to be predicted.", "NAME")]
_Into = Annotated[
    Path | None,
    Param("Record the result in this ledger; else it is only shown.", "DIR", holds="also-ledger"),
]
_About = Annotated[
    str | None,
    Param("What is checked: its name, entry, leaf or digest; else the file.", "ENTRY"),
]


@dataclass(frozen=True, slots=True)
class Checked:
    """A check's result. index, leaf: of its statement; None where it was not recorded."""

    report: Report
    file: str
    index: int | None = None
    leaf: str | None = None

    @property
    def exit_status(self) -> int:
        """Of the command line."""
        return 0 if self.report.passed else Refused.exit_status

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        report = self.report
        return {
            "check": report.check,
            "passed": report.passed,
            "file": self.file,
            "rows": report.rows,
            "suite": report.suite,
            "failed": [item.name for item in report.failed],
            "items": [msgspec.to_builtins(item) for item in report.items],
            "note": report.note,
            "index": self.index,
            "leaf": self.leaf,
        }


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suite that was written. digest: of the suite. columns: that have rules."""

    file: str
    digest: str
    columns: int


def quality(
    file: TableFile,
    *,
    suite: _Suite = None,
    reference: _Reference = None,
    columns: Columns = None,
    ledger: _Into = None,
    about: _About = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Checked:
    """Check the quality of data: schema, ranges, missing values, duplicates, constant columns.

    Raises NotFound with code dataset.file, InputError with a code check.* or dataset.unreadable.
    """
    return _run(
        "quality", file, suite, ledger, about, progress, columns, channel, reference=reference
    )


def leakage(
    file: TableFile,
    *,
    label: _Label = None,
    suite: _Suite = None,
    columns: Columns = None,
    ledger: _Into = None,
    about: _About = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Checked:
    """Find features that give the label away.

    Raises as `quality`, and InputError with code check.label.
    """
    return _run("leakage", file, suite, ledger, about, progress, columns, channel, label=label)


def drift(
    file: TableFile,
    *,
    reference: _Reference = None,
    suite: _Suite = None,
    columns: Columns = None,
    ledger: _Into = None,
    about: _About = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Checked:
    """Tell whether data drifted from a reference, column by column.

    Raises as `quality`, and InputError with code check.reference.
    """
    return _run(
        "drift", file, suite, ledger, about, progress, columns, channel, reference=reference
    )


def poisoning(
    file: TableFile,
    *,
    label: _Label = None,
    reference: _Reference = None,
    suite: _Suite = None,
    columns: Columns = None,
    ledger: _Into = None,
    about: _About = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Checked:
    """Look for flipped labels, planted triggers and clusters of copies.

    Raises as `leakage`.
    """
    return _run(
        "poisoning",
        file,
        suite,
        ledger,
        about,
        progress,
        columns,
        channel,
        reference=reference,
        label=label,
    )


def fairness(
    file: TableFile,
    *,
    label: _Label = None,
    positive: Annotated[
        str | None, Param("Outcome that counts as positive; else 1, true or yes.", "OUTCOME")
    ] = None,
    predicted: Annotated[str | None, Param("Column of predicted outcomes.", "NAME")] = None,
    score: Annotated[
        str | None, Param("Column of probabilities of the positive outcome.", "NAME")
    ] = None,
    threshold: Annotated[str, Param("Score from which on it is positive, 0 to 1.", "N")] = "0.5",
    sensitive: Annotated[tuple[str, ...], Param("Column whose groups are compared.", "NAME")] = (),
    suite: _Suite = None,
    columns: Columns = None,
    ledger: _Into = None,
    about: _About = None,
    on: Annotated[
        str | None, Param("Entry, leaf or digest of the data; else the file itself.", "ENTRY")
    ] = None,
    channel: Channel,
    progress: Progress = no_progress,
) -> Checked:
    """Compare what a model does to groups of people, by the figures of fairlearn.

    Raises as `quality`, and InputError with codes check.fairness, check.positive, check.predicted
    and check.threshold.
    """
    options = {"predicted": predicted, "score": score, "threshold": _share(threshold), "on": on}
    return _run(
        "fairness", file, suite, ledger, about, progress, columns, channel,
        label=label, positive=positive, sensitive=sensitive, options=options,
    )  # fmt: skip


def suggest(
    file: TableFile,
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ] = STANDARD_STREAM,
    label: _Label = None,
    sensitive: Annotated[
        tuple[str, ...], Param("Column whose groups are to be compared.", "NAME")
    ] = (),
    columns: Columns = None,
    name: Annotated[str, Param("Name of the suite.", "NAME")] = "suggested",
) -> Suggested | Document:
    """Suggest a suite of checks from data that is trusted: a beginning, to be read and changed.

    Raises as `quality`, InputError with code check.column, and as `write_file`.
    """
    from counterfoil.provenance.checks import format_suite, suggest_suite

    table = _table(file, columns)
    made = suggest_suite(table, name=name, label=label, sensitive=sensitive)
    data = format_suite(made)
    if out == STANDARD_STREAM:
        return Document([data], "application/json")
    write_file(out, data)
    return Suggested(shown(out), made.digest, len(made.columns))


def listing(
    *,
    ledger: LedgerFolder = None,
    about: Annotated[str | None, Param("Only of this entry, leaf or digest.", "ENTRY")] = None,
    limit: Annotated[int, Param("At most so many, 1 to 1000.", "N", short="n")] = 50,
) -> Iterator[RecordView]:
    """List recorded checks, the newest first.

    Raises InputError with code check.about or search.limit.
    """
    with open_for_reading(ledger) as opened:
        yield from Checks(opened).ls(_thing(opened, about), limit=limit)


def _run(
    kind: Kind,
    file: Path,
    suite: Path | None,
    ledger: Path | None,
    about: str | None,
    progress: Progress,
    columns: str | None,
    channel: Channel,
    *,
    reference: Path | None = None,
    label: str | None = None,
    positive: str | None = None,
    sensitive: tuple[str, ...] = (),
    options: dict[str, Any] | None = None,
) -> Checked:
    from counterfoil.provenance.checks import run_check

    chosen = _suite(suite, label, positive, sensitive)
    more = dict(options or {})
    on = more.pop("on", None)
    compared = None if reference is None else _table(reference, columns)
    with on_disk(file, channel) as found:
        report = run_check(
            kind, _table(found, columns), chosen, reference=compared,
            progress=lambda done, total: progress(done, total, "steps checked"), **more,
        )  # fmt: skip
        if ledger is None:
            return Checked(report, shown(file))
        with open_for_writing(ledger) as opened:
            checks = opened.checks
            itself = checks.reference_of(found)
            done = checks.record(
                report,
                about=itself if about is None else _thing(opened, about) or itself,
                on=itself if kind == "fairness" and on is None else _thing(opened, on),
            )
    return Checked(report, shown(file), done.index, done.leaf)


def _suite(
    path: Path | None, label: str | None, positive: str | None, sensitive: tuple[str, ...]
) -> Suite:
    from counterfoil.provenance.checks import Suite, load_suite

    found = Suite() if path is None else load_suite(path)
    changed: dict[str, Any] = {}
    if label is not None:
        changed["label"] = label
    if positive is not None:
        changed["positive"] = positive
    if sensitive:
        changed["fairness"] = msgspec.structs.replace(found.fairness, sensitive=sensitive)
    return msgspec.structs.replace(found, **changed) if changed else found


def _table(path: Path, columns: str | None) -> Table:
    from counterfoil.provenance.checks import read_table

    return read_table(path, [name.strip() for name in columns.split(",")] if columns else ())


def _thing(ledger: Ledger, entry: str | None) -> int | str | None:
    """Tell an index from a leaf or digest."""
    if entry is None or not entry.isdigit() or len(entry) == 64:
        return entry
    return find_entry(ledger, entry)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError("check.threshold", f"expected a threshold of 0 to 1, found {text[:40]!a}")
    return value

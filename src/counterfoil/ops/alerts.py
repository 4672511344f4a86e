"""Look at alerts, acknowledge them, and take people's verdicts away as labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.ledger import Recorded
from counterfoil.ledger.csv_lines import CsvLines
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import find_entry
from counterfoil.ports import STANDARD_STREAM, Document, Param
from counterfoil.watch import Alerts, FoundAlert

__all__ = ["LabelsFile", "ack", "labels", "listing"]

_COLUMNS: Final = (
    "index", "leaf", "watcher", "watches", "kind", "group", "severity", "count", "first_ms",
    "last_ms", "score", "chance", "verdict", "by", "note", "acknowledged_ms",
)  # fmt: skip
_Alert = Annotated[str, Param("Index or leaf of the alert.", "INDEX|LEAF")]


@dataclass(frozen=True, slots=True)
class LabelsFile:
    """Labels that were written: how many, real and false."""

    file: str
    rows: int
    real: int
    false: int


def listing(
    *,
    ledger: LedgerFolder = None,
    watcher: Annotated[str | None, Param("Only of this watcher.", "NAME")] = None,
    new: Annotated[bool, Param("Only those that nobody looked at.")] = False,
    limit: Annotated[int, Param("At most so many.", "N", short="n")] = 50,
) -> Iterator[FoundAlert]:
    """List alerts, the newest first, with what people said of them."""
    with open_for_reading(ledger) as opened:
        yield from Alerts(opened).ls(watcher=watcher, new=new, limit=limit)


def ack(
    alert: _Alert,
    *,
    verdict: Annotated[Literal["real", "false"], Param("Whether it was real.")],
    by: Annotated[str, Param("Who says so: a person's name.", "NAME")],
    role: Annotated[str | None, Param("In which role.", "ROLE")] = None,
    note: Annotated[str, Param("What was found, or done.", "TEXT")] = "",
    ledger: LedgerFolder = None,
) -> Recorded:
    """Say that a person looked at an alert, and whether it was real; the newest word counts.

    Raises NotFound with code alert.unknown, InputError with code predicate.malformed.
    """
    with open_for_writing(ledger) as opened:
        index = find_entry(opened, alert)
        return Alerts(opened).acknowledge(index, verdict, by=by, role=role, note=note)


def labels(
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ] = STANDARD_STREAM,
    format: Annotated[
        Literal["csv", "ndjson"], Param("A table, or JSON with the evidence.")
    ] = "csv",
    ledger: LedgerFolder = None,
) -> LabelsFile | Document:
    """Write the alerts that people looked at as labelled rows, oldest first.

    Raises as `write_file`.
    """
    with open_for_reading(ledger) as opened:
        rows = [found.to_json() for found in Alerts(opened).labels()]
    data = _csv(rows) if format == "csv" else msgspec.json.Encoder().encode_lines(rows)
    if out == STANDARD_STREAM:
        return Document([data], "text/csv" if format == "csv" else "application/x-ndjson")
    write_file(out, data)
    real = sum(row["verdict"] == "real" for row in rows)
    return LabelsFile(shown(out), len(rows), real, len(rows) - real)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    lines = CsvLines()
    lines.row([*_COLUMNS, "entries"])
    for row in rows:
        entries = " ".join(str(one["index"]) for one in row["evidence"] if "index" in one)
        lines.row([*(row[name] for name in _COLUMNS), entries])
    return lines.take()

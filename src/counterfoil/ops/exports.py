"""Write a log's entries as a table or as lines, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from counterfoil.errors import InputError
from counterfoil.ledger.export import export as export_entries
from counterfoil.ops.endings import form_by_ending
from counterfoil.ops.files import shown
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

__all__ = ["ExportFile", "export"]

Format = Literal["ndjson", "csv", "parquet", "arrow", "delta"]
_ENDINGS: Final[dict[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".delta": "delta",
}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export that was written: entries and bytes in `file`; of a Delta table, those added."""

    file: str
    format: Format
    entries: int
    bytes: int


def export(
    *,
    out: Annotated[
        Path,
        Param(
            "File to write, or - for standard output; for a Delta table its folder.",
            "FILE",
            short="o",
            holds="output",
        ),
    ],
    ledger: LedgerFolder = None,
    format: Annotated[
        Format | None, Param("How they are written; else by the file's ending, else NDJSON.")
    ] = None,
    from_: Annotated[int, Param("First entry.", "INDEX")] = 0,
    until: Annotated[
        int | None, Param("Last entry, which is in it; else the log's.", "INDEX")
    ] = None,
    kind: Annotated[
        str | None, Param("Only entries of this kind, for example record.", "KIND")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> ExportFile | None:
    """Write entries as NDJSON, CSV, Parquet or Arrow, or add new ones to a Delta table.

    A file appears whole or not at all. A Delta table holds entries from the first on: each export
    into it appends those that it does not hold yet, in commits that are whole or not there.
    Raises InputError with code export.format, export.range, export.columns, export.delta-part or
    file.ending, Conflict with code export.delta-other or export.delta-raced, Unavailable with code
    export.write or extra.missing.
    """
    form = form_by_ending(out, format, _ENDINGS, "ndjson")
    streamed = out == STANDARD_STREAM
    end = None if until is None else until + 1

    def told(done: int, total: int) -> None:
        progress(done, total, "entries written")

    with open_for_reading(ledger) as opened:
        if form == "delta":
            _require_whole_table(from_, streamed=streamed)
            from counterfoil.ledger.export.delta import append_delta

            done = append_delta(opened, out, end=end, kind=kind, progress=told)
            return ExportFile(shown(out), form, done.entries, done.bytes)
        target = channel.sink if streamed else out
        done = export_entries(opened, target, form, first=from_, end=end, kind=kind, progress=told)
    return None if streamed else ExportFile(shown(out), form, done.entries, done.bytes)


def _require_whole_table(first: int, *, streamed: bool) -> None:
    if first or streamed:
        raise InputError(
            "export.delta-part",
            "expected a folder, and entries from the first on, for a Delta table",
            hint="Give --out FOLDER and leave out --from: what the folder holds is not read again.",
        )

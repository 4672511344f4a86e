"""Write a log's entries as a table or as lines, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from counterfoil.ledger.export import export as export_entries
from counterfoil.ops.endings import form_by_ending
from counterfoil.ops.files import shown
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

__all__ = ["ExportFile", "export"]

Format = Literal["ndjson", "csv", "parquet"]
_ENDINGS: Final[dict[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export that was written: entries and bytes in `file`."""

    file: str
    format: Format
    entries: int
    bytes: int


def export(
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
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
    """Write entries as NDJSON, CSV or Parquet; a file appears whole or not at all.

    Raises InputError with code export.format, export.range, export.columns or file.ending,
    Unavailable with code export.write or extra.missing.
    """
    form = form_by_ending(out, format, _ENDINGS, "ndjson")
    streamed = out == STANDARD_STREAM
    with open_for_reading(ledger) as opened:
        done = export_entries(
            opened,
            channel.sink if streamed else out,
            form,
            first=from_,
            end=None if until is None else until + 1,
            kind=kind,
            progress=lambda done, total: progress(done, total, "entries written"),
        )
    return None if streamed else ExportFile(shown(out), form, done.entries, done.bytes)

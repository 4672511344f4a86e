"""Write a log's entries as a table or as lines, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from counterfoil.ledger.export import export as export_entries
from counterfoil.ops.files import shown
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

__all__ = ["ExportFile", "export"]

Format = Literal["ndjson", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export that was written: entries and bytes in `file`."""

    file: str
    format: Format
    entries: int
    bytes: int


def export(
    *,
    out: Annotated[Path, Param("File to write, or - for standard output.", "FILE", short="o")],
    ledger: LedgerFolder = None,
    format: Annotated[Format, Param("How the entries are written.")] = "ndjson",
    from_: Annotated[int, Param("First entry.", "INDEX")] = 0,
    to: Annotated[int | None, Param("Entry to stop before; else the end.", "INDEX")] = None,
    kind: Annotated[
        str | None, Param("Only entries of this kind, for example record.", "KIND")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> ExportFile | None:
    """Write entries as NDJSON, CSV or Parquet; a file appears whole or not at all.

    Raises InputError with code export.format, export.range or export.columns, Unavailable with
    code export.write or export.dependency.
    """
    streamed = out == STANDARD_STREAM
    with open_for_reading(ledger) as opened:
        done = export_entries(
            opened,
            channel.sink if streamed else out,
            format,
            first=from_,
            end=to,
            kind=kind,
            progress=lambda done, total: progress(done, total, "entries written"),
        )
    return None if streamed else ExportFile(shown(out), format, done.entries, done.bytes)

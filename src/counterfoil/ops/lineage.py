"""Follow statements from source to effect, and write that in other people's standards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.ledger import Ledger
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ops.receipt_folder import write_receipts
from counterfoil.ops.receipts import open_published
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import STANDARD_STREAM, Document, Param, Progress, no_progress
from counterfoil.provenance.lineage import Trace, Way

__all__ = ["Exported", "Traced", "prov", "trace"]

_Depth = Annotated[int, Param("Most steps each way, 1 to 64.", "N")]
_Width = Annotated[int, Param("Most statements followed from one, 1 to 999.", "N")]
_AsOf = Annotated[int | None, Param("See the log as it was at this size.", "SIZE")]


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace, the files that its receipts were written to, and the ways that were followed."""

    trace: Trace
    receipts: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ("up", "down")

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**self.trace.to_json(), "receipts": list(self.receipts)}


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written. nodes: in it; complete: no bound cut the trace."""

    file: str
    bytes: int
    nodes: int
    complete: bool


def trace(
    entry: Entry,
    *,
    ledger: LedgerFolder = None,
    up: Annotated[bool, Param("Only up to sources, checks and who answers.")] = False,
    down: Annotated[bool, Param("Only down to effects.")] = False,
    depth: _Depth = 12,
    width: _Width = 20,
    as_of: _AsOf = None,
    receipts: Annotated[
        Path | None,
        Param(
            "Write the receipts of all statements into this folder.", "DIR", holds="output-folder"
        ),
    ] = None,
    progress: Progress = no_progress,
) -> Traced:
    """Follow a statement up to what it came from and down to what came of it.

    Raises InputError with code entry.reference or lineage.bound, NotFound with code entry.index
    or entry.leaf, and as `write_file`.
    """
    both = up == down
    opening = open_for_reading if receipts is None else open_published
    with opening(ledger) as opened:
        found = opened.lineage.trace(
            find_entry(opened, entry),
            up=up or both,
            down=down or both,
            depth=depth,
            width=width,
            as_of=as_of,
            progress=lambda done, known: progress(done, known, "statements followed"),
        )
        files = () if receipts is None else _write_receipts(opened, found, receipts, progress)
    ways: tuple[Way, ...] = ("up", "down") if both else ("up",) if up else ("down",)
    return Traced(found, files, ways)


def prov(
    entry: Entry,
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ],
    ledger: LedgerFolder = None,
    depth: _Depth = 12,
    width: _Width = 20,
    as_of: _AsOf = None,
) -> Exported | Document:
    """Write what a statement came from, and what came of it, as W3C PROV-JSON.

    Raises as `trace`.
    """
    from counterfoil.provenance.lineage import to_prov

    with open_for_reading(ledger) as opened:
        index = find_entry(opened, entry)
        found = opened.lineage.trace(index, depth=depth, width=width, as_of=as_of)
    text = json.dumps(to_prov(found), ensure_ascii=False, indent=1).encode() + b"\n"
    if out == STANDARD_STREAM:
        return Document([text], "application/json")
    write_file(out, text)
    return Exported(shown(out), len(text), len(found.nodes), found.complete)


def _write_receipts(
    ledger: Ledger, found: Trace, folder: Path, progress: Progress
) -> tuple[str, ...]:
    """Write one receipt for each statement, named by its index."""
    nodes = [(node.index, node.kind) for node in found.recorded() if node.index is not None]
    return write_receipts(ledger, nodes, folder, progress)

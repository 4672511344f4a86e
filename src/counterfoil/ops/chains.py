"""Read chains into tables, simulate traffic, and report on what the tables show.

This module refuses to sign or send anything to a chain.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from counterfoil.errors import InputError
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, shown, write_file
from counterfoil.ops.place import open_for_writing
from counterfoil.ports import Param, Progress, no_progress
from counterfoil.proofs.verify import verify_receipt

if TYPE_CHECKING:
    from counterfoil.insight.page import Proof
    from counterfoil.insight.report import Report
    from counterfoil.insight.syncing import Synced

__all__ = [
    "FigureChecked",
    "Reported",
    "Simulated",
    "SyncedFolder",
    "check",
    "report",
    "simulate",
    "sync",
]


@dataclass(frozen=True, slots=True)
class FigureChecked:
    """A recorded figure that the data bears out. grade: how far its log is vouched for."""

    figure: str
    title: str
    origin: str
    index: int
    row: int
    grade: str
    data_sha256: str
    result_sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class SyncedFolder:
    """What a folder of tables holds now, and what this run did; see `insight.syncing.Synced`.

    chain_id: None where files do not say it.
    """

    out: str
    chain_id: int | None
    first: int | None
    last: int | None
    rows: dict[str, int]
    seconds: float
    read: int = 0
    replaced: int = 0
    final: int | None = None
    asked: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulated:
    """Simulated tables. blocks: first and last number. rows: table -> how many."""

    out: str
    seed: int
    blocks: tuple[int, int]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reported:
    """A report. out: the page. size: its bytes. index: of the entry that holds the figures."""

    out: str | None
    size: int
    seconds: float
    report: Report = field(repr=False)
    sources: tuple[str, ...] = ()
    proofs: dict[str, Proof] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "out": self.out,
            "bytes": self.size,
            "seconds": round(self.seconds, 3),
            "sources": list(self.sources),
            "data_sha256": self.report.digest,
            "notes": list(self.report.notes),
            "figures": [self._figure(at) for at in range(len(self.report.results))],
        }

    def _figure(self, at: int) -> dict[str, Any]:
        result = self.report.results[at]
        found = {
            "name": result.figure.name,
            "title": result.figure.title,
            "query": result.figure.query,
            "method": result.figure.method,
            "unit": result.figure.unit,
            "missing": list(result.missing),
            "columns": list(result.columns),
            "rows": [list(row) for row in result.rows],
            "result_sha256": result.sha256,
            "seconds": round(result.seconds, 4),
        }
        proof = self.proofs.get(result.figure.name)
        if proof is not None:
            found["recorded"] = {"origin": proof.origin, "index": proof.index, "row": proof.row}
        return found


def sync(
    files: Annotated[
        tuple[Path, ...], Param("Files of one chain, in place of a node.", "FILE", holds="file")
    ] = (),
    *,
    out: Annotated[
        Path, Param("The folder of the tables.", "DIR", short="o", holds="output-folder")
    ],
    rpc: Annotated[
        str | None,
        Param("The chain: http(s) address of a node, or embedded:PATH.", "URL", holds="machine"),
    ] = None,
    first: Annotated[
        int | None, Param("First block of a new folder; else the last 1,000.", "BLOCK")
    ] = None,
    last: Annotated[int | None, Param("Last block; else the newest.", "BLOCK")] = None,
    per_second: Annotated[int | None, Param("Most calls of the node in a second.", "N")] = None,
    batch: Annotated[int, Param("Calls in one request, 1 to 100.", "N")] = 40,
    confirmations: Annotated[
        int | None, Param("Blocks after which one is final; else the chain says.", "N")
    ] = None,
    progress: Progress = no_progress,
) -> SyncedFolder:
    """Read a chain into Parquet, or go on where the last run ended.

    Raises InputError with code insight.source, insight.range or insight.rate, and as `open_chain`,
    `insight.syncing.sync_chain` and `insight.opening.open_tables`.
    """
    if (rpc is None) == (not files):
        raise InputError(
            "insight.source",
            "expected the address of a node or files, found "
            + ("neither" if rpc is None else "both"),
            hint="Give --rpc URL, or files.",
        )
    if rpc is None:
        return _copied(files, out)
    from counterfoil.chain import open_chain
    from counterfoil.insight.fetching import Fetcher
    from counterfoil.insight.folder import ChainFolder
    from counterfoil.insight.syncing import sync_chain

    chain = open_chain(rpc, confirmations=confirmations, read_only=True)
    try:
        fetcher = Fetcher(chain.transport, batch=batch, per_second=per_second)
        with ChainFolder(out, chain.url, chain.chain_id) as folder:
            done = sync_chain(chain, folder, fetcher, first=first, last=last, progress=progress)
    finally:
        chain.close()
    return _synced(out, done)


def _synced(out: Path, done: Synced) -> SyncedFolder:
    return SyncedFolder(
        shown(out),
        done.chain_id,
        done.first,
        done.last,
        done.rows,
        done.seconds,
        done.read,
        done.replaced,
        done.final,
        done.asked,
    )


def _copied(files: tuple[Path, ...], out: Path) -> SyncedFolder:
    from counterfoil.insight.copying import copy_tables
    from counterfoil.insight.opening import open_tables

    began = time.perf_counter()
    names = ", ".join(shown(Path(path.name)) for path in files)
    with open_tables(*files) as tables:
        state = copy_tables(tables, out, names)
        notes = tables.notes
    part = state.parts[0]
    seconds = time.perf_counter() - began
    return SyncedFolder(shown(out), None, part.first, part.last, part.rows, seconds, notes=notes)


def simulate(
    *,
    out: Annotated[
        Path, Param("A new folder for the tables.", "DIR", short="o", holds="output-folder")
    ],
    transactions: Annotated[int, Param("How many, 1 to 20,000,000.", "N")] = 100_000,
    seed: Annotated[int, Param("The same seed gives the same chain.", "N")] = 1,
    progress: Progress = no_progress,
) -> Simulated:
    """Write simulated traffic of a chain as tables, to try reports and detectors on.

    Raises InputError with code insight.simulate, and as `insight.folder.ChainFolder`.
    """
    from counterfoil.insight.simulate import simulate as make

    state = make(out, transactions, seed, progress)
    rows: dict[str, int] = {}
    for part in state.parts:
        for table, count in part.rows.items():
            rows[table] = rows.get(table, 0) + count
    return Simulated(shown(out), seed, (state.parts[0].first, state.parts[-1].last), rows)


def report(
    data: Annotated[
        tuple[Path, ...],
        Param(
            "A folder of `chain sync`, or files of one chain: Parquet, CSV, JSON.",
            "DATA",
            holds="tree",
        ),
    ],
    *,
    out: Annotated[
        Path | None, Param("The page to write.", "FILE", short="o", holds="output", ending=".html")
    ] = None,
    ledger: Annotated[
        Path | None,
        Param("Record the figures in this ledger, for receipts.", "DIR", holds="also-ledger"),
    ] = None,
    progress: Progress = no_progress,
) -> Reported:
    """Report on a chain in one HTML page: flows, concentration, gas, fees, contracts, communities.

    Every figure carries its query and the digests of data and result; with a ledger also its
    receipt. Raises as `insight.opening.open_tables`, `Ledger.record_block` and `write_file`.
    """
    from counterfoil.insight.opening import open_tables
    from counterfoil.insight.page import Shown, page
    from counterfoil.insight.report import make_report, record_report

    began = time.perf_counter()
    sources = tuple(shown(path) for path in data)
    with open_tables(*data) as tables:
        made = make_report(tables, progress)
    proofs: dict[str, Proof] = {}
    if ledger is not None:
        names = ", ".join(shown(Path(path.name)) for path in data)
        with open_for_writing(ledger) as opened:
            proofs = record_report(opened, made, names)
    size = 0
    if out is not None:
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        html = page(Shown(sources, made.digest, at, made.shape, made.results, made.notes, proofs))
        write_file(out, html)
        size = len(html)
    seconds = time.perf_counter() - began
    return Reported(None if out is None else shown(out), size, seconds, made, sources, proofs)


def check(
    data: Annotated[
        tuple[Path, ...], Param("The data that the figure was made from.", "DATA", holds="tree")
    ],
    *,
    receipt: Annotated[
        Path, Param("A figure's receipt, saved from a report.", "FILE", holds="file")
    ],
    policy: Annotated[
        Path,
        Param(
            "Whom you trust: a C2SP tlog-policy that you did not get here.", "FILE", holds="file"
        ),
    ],
) -> FigureChecked:
    """Check a figure of a report: its receipt, and that the data gives the same result again.

    Raises VerificationError with code insight.other-data or insight.other-result, InputError with
    code insight.figure, and as `verify_receipt` and `insight.opening.open_tables`.
    """
    from counterfoil.insight.opening import open_tables
    from counterfoil.insight.rechecking import figure_of, recheck

    given = read_file(receipt, RECEIPT_MAX_BYTES)
    verified = verify_receipt(given, read_file(policy, POLICY_MAX_BYTES), now_s=int(time.time()))
    said = figure_of(verified.content or b"")
    with open_tables(*data) as tables:
        result = recheck(tables, said)
    return FigureChecked(
        str(said["figure"]),
        str(said.get("title", "")),
        verified.trusted.checkpoint.origin,
        verified.index,
        verified.row or 0,
        verified.grade,
        str(said["data_sha256"]),
        result.sha256,
        len(result.rows),
    )

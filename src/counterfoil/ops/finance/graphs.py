"""Look for laundering in a table of payments, and rank what is worth looking at.

What is a pattern is in `apps.finance.graphs`. This module refuses to change the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.ledger.csv_lines import CsvLines
from counterfoil.ops.decisions import parse_time
from counterfoil.ops.files import keep_input, write_file
from counterfoil.ops.table_options import on_disk
from counterfoil.ports import Channel, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.graphs import Finding, Searched
    from counterfoil.apps.finance.graphs.reading import ReadNetwork

__all__ = ["graph"]

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def graph(
    file: Annotated[
        Path, Param("A table of payments: CSV, Parquet or NDJSON.", "FILE", holds="file")
    ],
    *,
    source: Annotated[str | None, Param("Column of who pays.", "COLUMN")] = None,
    target: Annotated[str | None, Param("Column of who is paid.", "COLUMN")] = None,
    amount: Annotated[str | None, Param("Column of the amount, or none.", "COLUMN")] = None,
    time: Annotated[str | None, Param("Column of the time.", "COLUMN")] = None,
    unit: Annotated[
        Literal["s", "ms", "h", "d"] | None, Param("What one is in a time in numbers.")
    ] = None,
    window: Annotated[
        str, Param("How soon money is passed on, and how long a burst lasts.", "SPAN")
    ] = "3d",
    loss: Annotated[int, Param("Largest share kept on the way, per cent.", "N")] = 15,
    networks: Annotated[int, Param("Null networks to compare with, 1 to 100.", "N")] = 3,
    seed: Annotated[int, Param("Of the null networks.", "N")] = 0,
    since: Annotated[
        str | None, Param("Only what ends then or later; before is history.", "TIME")
    ] = None,
    limit: Annotated[int, Param("Most findings that are told.", "N", short="n")] = 50,
    report: Annotated[
        Path | None,
        Param("Write a page of them, too, as HTML.", "FILE", holds="output", ending=".html"),
    ] = None,
    scores: Annotated[
        Path | None,
        Param(
            "Write the score of every account, too, as CSV.", "FILE", holds="output", ending=".csv"
        ),
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[dict[str, Any]]:
    """Find what looks like laundering in a network of payments, the most surprising first.

    Raises NotFound with code file.missing, InputError with code graph.* or file.is-input.
    """
    keep_input(file, scores, report)
    with brings("finance"):
        from counterfoil.apps.finance.graphs import Settings, search_network
        from counterfoil.apps.finance.graphs.page import findings_page
        from counterfoil.apps.finance.graphs.reading import Columns, read_network

    since_s = None if since is None else parse_time(since, datetime.now(UTC)) // 1000
    settings = Settings(_seconds(window), loss / 100, networks, seed, since_s=since_s)
    settings.check()
    columns = Columns(source, target, amount, time, unit)
    with on_disk(file, channel) as table:
        read = read_network(table, columns)
    progress(read.network.size, read.network.size, "payments read")
    found = search_network(read.network, settings, progress)
    if scores is not None:
        write_file(scores, _scores(read, found))
    if report is not None:
        network, told = read.network, found.findings[:limit]
        write_file(report, findings_page(network.size, len(network.accounts), told))
    for one in found.findings[:limit]:
        yield _row(one)


def _seconds(text: str) -> int:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InputError(
            "graph.setting",
            f"expected a span such as 90m, 24h or 3d, found {text[:40]!a}",
            hint="For example --window 3d.",
        )
    return int(match[1]) * _UNITS[match[2]]


def _row(one: Finding) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__}


def _scores(read: ReadNetwork, found: Searched) -> bytes:
    lines = CsvLines()
    lines.row(["account", "score"])
    order = sorted(
        zip(read.network.accounts, found.scores.tolist(), strict=True), key=lambda one: -one[1]
    )
    for account, score in order:
        lines.row((account, f"{score:.6g}"))
    return lines.take()

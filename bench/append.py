"""Durable appends: batch-signed and individually signed, beside a probe, pymerkle and plain SQLite.

Every row is durable before it counts: Counterfoil and plain SQLite commit 1,000 records at a time
with `synchronous=FULL`; pymerkle commits each. Figures are records a second, medians of rounds.

    ./dev bench append [RECORDS]
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import counterfoil
from bench.measure import fdatasync_probe, median_rate, scratch, simulated, table
from counterfoil.ledger import Ledger, RecordedMany

__all__: list[str] = []

BATCH = 1000
IN_FLIGHT = 8


def main(records: int) -> None:
    """Measure `records` appends a round and print the table."""
    contents = [json.dumps(content).encode() for content in simulated(records)]
    each = contents[: max(records // 10, BATCH)]
    few = contents[: max(records // 50, 200)]
    with scratch() as folder:
        before = fdatasync_probe(folder, BATCH * 150)
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            batched = median_rate(lambda: _batched(ledger, contents))
            signed = median_rate(lambda: _individually(ledger, each))
            waiting = median_rate(lambda: _one_by_one(ledger, few))
        plain = median_rate(lambda: _plain_sqlite(folder, contents))
        rival = median_rate(lambda: _pymerkle(folder, few), rounds=1)
        after = fdatasync_probe(folder, BATCH * 150)
    probe = (before + after) / 2 * BATCH
    rows = [
        ["fdatasync probe: appends of 1,000 records, nothing else", probe],
        ["plain SQLite table, 1,000 a commit, no proof", plain],
        ["counterfoil, batch-signed, 1,000 a commit", batched],
        ["counterfoil, individually signed, in the background", signed],
        ["counterfoil, individually signed, waiting for each", waiting],
        ["pymerkle 7 SqliteTree, a commit each, no signature", rival],
    ]
    table(
        f"durable appends, {records} records, {os.cpu_count()} cores",
        ["", "records/s", "of plain SQLite", "of pymerkle"],
        [[str(n), f"{r:,.0f}", f"{r / plain:.2f}", f"{r / rival:.1f}"] for n, r in _typed(rows)],
    )


def _typed(rows: list[list[Any]]) -> list[tuple[str, float]]:
    return [(str(name), float(rate)) for name, rate in rows]


def _batched(ledger: Ledger, contents: list[bytes]) -> int:
    from counterfoil.formats.json_text import normalise_object

    source, waiting = f"bench:{uuid.uuid4()}", list[Future[RecordedMany]]()
    for first in range(0, len(contents), BATCH):
        rows = [normalise_object(line) for line in contents[first : first + BATCH]]
        waiting.append(ledger.record_rows(rows, source, first))
        if len(waiting) > IN_FLIGHT:
            waiting.pop(0).result()
    for answer in waiting:
        answer.result()
    return len(contents)


def _individually(ledger: Ledger, contents: list[bytes]) -> int:
    for answer in [ledger.record_later(content) for content in contents]:
        answer.result()
    return len(contents)


def _one_by_one(ledger: Ledger, contents: list[bytes]) -> int:
    for content in contents:
        ledger.record(content)
    return len(contents)


def _plain_sqlite(folder: Path, contents: list[bytes]) -> int:
    connection = sqlite3.connect(folder / f"{uuid.uuid4()}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, content BLOB NOT NULL)")
    for first in range(0, len(contents), BATCH):
        connection.execute("BEGIN")
        rows = [
            (json.dumps(json.loads(line)).encode(),) for line in contents[first : first + BATCH]
        ]
        connection.executemany("INSERT INTO record (content) VALUES (?)", rows)
        connection.execute("COMMIT")
    connection.close()
    return len(contents)


def _pymerkle(folder: Path, contents: list[bytes]) -> int:
    from pymerkle import SqliteTree

    tree = SqliteTree(str(folder / f"{uuid.uuid4()}.db"))
    for content in contents:
        tree.append_entry(content)
    tree.con.close()
    return len(contents)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

"""Search: what the index costs, and how fast it answers, beside a scan and a plain SQLite table.

The plain table holds the same rows, without any proof, with an index on every field and one for
full text: what somebody would build who had nothing else to do. The scan reads every entry.

    ./dev bench search [FILE.parquet|FILE.csv|FILE.ndjson]

Without a file, 100,000 simulated payments are searched.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import counterfoil
from bench.measure import scratch, simulated, table
from counterfoil.formats.json_text import format as format_json
from counterfoil.ledger import Ledger
from counterfoil.ledger.search import catch_up
from counterfoil.ledger.search.plan import plan
from counterfoil.ledger.search.query import parse
from counterfoil.ledger.search.run import Scan
from counterfoil.ledger.search.source import Source
from counterfoil.ledger.sources import open_source

__all__: list[str] = []

BATCH = 4000
LIMIT = 50
SIMULATED = 100_000

_Question = tuple[str, str, str, list[Any]]
"""(what, query, SQL condition, its values)."""


def main(file: Path | None) -> None:
    """Record, index and ask, and print two tables."""
    with scratch() as folder:
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            for contents in _contents(file):
                ledger.record_rows(contents).result()
        with counterfoil.open(folder / "ledger", read_only=True) as ledger:
            plain, plain_s = _plain_table(ledger, folder / "plain.db")
            start = time.perf_counter()
            catch_up(ledger._reading)
            index_s = time.perf_counter() - start
            _print_costs(ledger, index_s, plain_s, folder / "plain.db")
            _print_answers(ledger, plain)
            plain.close()


def _contents(file: Path | None) -> Iterator[list[bytes]]:
    if file is not None:
        for chunk in open_source(file).chunks(BATCH):
            yield chunk.contents
        return
    rows = [format_json(content) for content in simulated(SIMULATED)]
    for at in range(0, len(rows), BATCH):
        yield rows[at : at + BATCH]


def _plain_table(ledger: Ledger, path: Path) -> tuple[sqlite3.Connection, float]:
    """Make the rival: a column and an index for each field, and FTS5 over all text."""
    rows = [json.loads(json.dumps(v.content)) for v in ledger.views() if v.kind == "record"]
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    places = ", ".join("?" * len(names))
    start = time.perf_counter()
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA synchronous = NORMAL")
    plain.execute(f"CREATE TABLE payment (at INTEGER PRIMARY KEY, {columns})")
    plain.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content='', detail=none)")
    for name in names:
        plain.execute(f'CREATE INDEX "by_{name}" ON payment ("{name}")')
    for at in range(0, len(rows), BATCH):
        run = [list(row.values()) for row in rows[at : at + BATCH]]
        numbered = [[at + n, *row] for n, row in enumerate(run)]
        plain.executemany(f"INSERT INTO payment VALUES (?, {places})", numbered)  # noqa: S608
        texts = [
            (row[0], " ".join(value for value in row if isinstance(value, str))) for row in numbered
        ]
        plain.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", texts)
        plain.commit()
    return plain, time.perf_counter() - start


def _print_costs(ledger: Ledger, index_s: float, plain_s: float, plain: Path) -> None:
    size = ledger.size
    entries = sum(len(entry) for entry in ledger.entries())
    kept = ledger.layout.index.stat().st_size / size
    rival = plain.stat().st_size / size
    rows = [
        ["entries themselves", "", f"{entries / size:,.0f}", f"{entries / size / kept:.2f}"],
        ["search index", f"{size / index_s:,.0f}", f"{kept:,.0f}", "1.00"],
        [
            "plain table, an index a field",
            f"{size / plain_s:,.0f}",
            f"{rival:,.0f}",
            f"{rival / kept:.2f}",
        ],
    ]
    heads = ["", "entries/s", "bytes/entry", "size of index"]
    table(f"cost of searching {size:,} entries", heads, rows)


def _print_answers(ledger: Ledger, plain: sqlite3.Connection) -> None:
    rows = []
    for what, query, condition, values in _questions(ledger):
        sql = (
            "SELECT * FROM payment WHERE "  # noqa: S608 (our own conditions)
            f"{condition} ORDER BY at DESC LIMIT {LIMIT}"
        )
        indexed_s, hits = _best(partial(_search, ledger, query))
        scan_s, _ = _best(partial(_scan, ledger, query), rounds=1)
        plain_s, rival = _best(partial(_ask, plain, sql, values))
        rows.append(
            [
                what,
                f"{hits}/{rival}",
                f"{indexed_s * 1e3:.2f}",
                f"{scan_s * 1e3:,.1f}",
                f"{scan_s / indexed_s:,.1f}",
                f"{plain_s * 1e3:.2f}",
                f"{indexed_s / plain_s:.1f}",
            ]
        )
    table(
        f"newest {LIMIT} hits, decoded",
        ["", "hits", "ms", "scan ms", "x faster", "plain ms", "x slower"],
        rows,
    )


def _search(ledger: Ledger, query: str) -> int:
    return len(ledger.search(query, limit=LIMIT).hits)


def _scan(ledger: Ledger, query: str) -> int:
    """Search as where no index can be."""
    parsed, size = parse(query), ledger.size
    scan = Scan(ledger._reading, parsed, Source(None, 0, size, ""), None)
    return sum(1 for _ in islice(scan.hits(plan(parsed, 0, size), True), LIMIT))


def _ask(plain: sqlite3.Connection, sql: str, values: list[Any]) -> int:
    return len(plain.execute(sql, values).fetchall())


def _questions(ledger: Ledger) -> Iterator[_Question]:
    """Ask for what a typical row of the middle has, and what few or none have."""
    contents = [view.content for view in ledger.views() if view.kind == "record"]
    numbers = [name for name, value in contents[0].items() if type(value) in (int, float)]
    texts = [name for name, value in contents[0].items() if type(value) is str]
    middle = contents[len(contents) // 2]
    distinct = {name: len({row[name] for row in contents[:20_000]}) for name in contents[0]}
    rare = max(distinct, key=lambda name: distinct[name])
    some = min(distinct, key=lambda name: abs(distinct[name] - 4000))
    common = min((name for name in distinct if distinct[name] > 1), key=lambda n: distinct[n])
    yield "equality, one hit", f"{rare}={_value(middle[rare])}", f'"{rare}" = ?', [middle[rare]]
    yield "equality, some hits", f"{some}={_value(middle[some])}", f'"{some}" = ?', [middle[some]]
    yield (
        "equality, most entries",
        f"{common}={_value(middle[common])}",
        f'"{common}" = ?',
        [middle[common]],
    )
    yield (
        "two equalities",
        f"{common}={_value(middle[common])} {some}={_value(middle[some])}",
        f'"{common}" = ? AND "{some}" = ?',
        [middle[common], middle[some]],
    )
    ranged = max(numbers, key=lambda name: (distinct[name] > 1000, name.endswith("AMOUNT")))
    ordered = sorted(row[ranged] for row in contents)
    for part, what in ((0.5, "range, half"), (0.999, "range, 1 in 1,000"), (1.0, "range, none")):
        bound = ordered[min(int(part * len(ordered)), len(ordered) - 1)]
        yield f"{what} ({ranged})", f"{ranged}>{bound}", f'"{ranged}" > ?', [bound]
    if texts:
        text = middle[texts[0]]
        word = text.replace("-", " ").replace(":", " ").split()[0].lower()
        yield (
            "word in any text",
            word,
            "at IN (SELECT rowid FROM words WHERE words MATCH ?)",
            [f'"{word}"'],
        )
    yield "no hit at all", f"{some}=no-such-value", f'"{some}" = ?', ["no-such-value"]


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _best(run: Callable[[], int], rounds: int = 5) -> tuple[float, int]:
    """Run several times; return the shortest time, seconds, and what came out."""
    times, count = [], 0
    for _ in range(rounds):
        start = time.perf_counter()
        count = run()
        times.append(time.perf_counter() - start)
    return min(times), count


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)

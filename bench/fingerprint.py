"""Fingerprints: what they cost beside hashing the same bytes, and finding one changed cell.

Each figure stands beside SHA-256 over the Parquet file of the same table in the same run.

    ./dev bench fingerprint [ROWS]
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench.measure import peak_memory_mb, scratch, table
from counterfoil.provenance.fingerprint import Side, diff_tables, fingerprint_table, open_table

__all__: list[str] = []

COLUMNS = 20


def main(rows: int) -> None:
    """Measure fingerprints and diffs of a table of 20 columns in memory, as Parquet and as CSV."""
    with scratch() as folder:
        before = _made(rows)
        after = _changed(before, rows // 2)
        places = {"frame": (before, after), **_files(folder, before, after)}
        probe = _seconds(lambda: hashlib.sha256((folder / "a.parquet").read_bytes()).digest())
        heads = ["", "fingerprint s", "rows/s", "second tree s", "one cell found s", "of the probe"]
        found = []
        for name, (one, other) in places.items():
            plain = _seconds(partial(_print, one))
            double = _seconds(partial(_print, one, contents=True))
            diff = _seconds(partial(_found, one, other, rows // 2))
            figures = [f"{plain:.2f}", f"{rows / plain:,.0f}", f"{double:.2f}", f"{diff:.2f}"]
            found.append([name, *figures, f"{plain / probe:.1f}"])
        table(f"{rows:,} rows x {COLUMNS}; SHA-256 of the Parquet: {probe:.2f} s", heads, found)
        print(f"peak memory {peak_memory_mb():,.0f} MB, the tables in memory included")


def _made(rows: int) -> pa.Table:
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {f"n{at}": rng.normal(size=rows) for at in range(8)}
    columns |= {f"i{at}": rng.integers(0, 1000, rows) for at in range(6)}
    columns |= {f"t{at}": pa.array(rng.integers(0, 999, rows)).cast(pa.string()) for at in range(4)}
    columns |= {"b": rng.random(rows) < 0.5, "id": np.arange(rows)}
    return pa.table(columns)


def _changed(before: pa.Table, row: int) -> pa.Table:
    values = before.column("n3").to_numpy().copy()
    values[row] += 1.0
    return before.set_column(before.schema.get_field_index("n3"), "n3", pa.array(values))


def _files(folder: Path, before: pa.Table, after: pa.Table) -> dict[str, tuple[Path, Path]]:
    for name, one in (("a", before), ("b", after)):
        pq.write_table(one, folder / f"{name}.parquet")
        pyarrow.csv.write_csv(one, folder / f"{name}.csv")
    return {
        "Parquet": (folder / "a.parquet", folder / "b.parquet"),
        "CSV": (folder / "a.csv", folder / "b.csv"),
    }


def _print(data: Any, *, contents: bool = False) -> None:
    opened = open_table(data)
    fingerprint_table(opened.schema, opened.batches(), contents=contents)


def _found(before: Any, after: Any, row: int) -> None:
    found = diff_tables(Side(before), Side(after))
    if [(one.row_before, one.column) for one in found.changes] != [(row, "n3")]:
        raise AssertionError(f"expected the changed cell to be found, found {found.changes}")


def _seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

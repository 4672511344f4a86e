"""What grows with a log and what does not: memory, receipts, opening, disk, at 1e4 to 1e7 records.

One process records simulated payments batch-signed and stops at each size to measure. Receipts
are of random records: their time includes every read. Ratios are to the smallest size.

    ./dev bench scale [LARGEST]     default 1,000,000; 10,000,000 needs about 10 GB of disk
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import counterfoil
from bench.measure import scratch, simulated, table
from counterfoil.formats import receipt as receipts
from counterfoil.formats.json_text import format as format_json
from counterfoil.ledger import Ledger, RecordedMany
from counterfoil.proofs.verify import verify_receipt

__all__: list[str] = []

BATCH = 1000
RECEIPTS = 300


def main(largest: int) -> None:
    """Grow one ledger and print a row a size."""
    sizes = [size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= largest]
    contents = [format_json(content) for content in simulated(BATCH * 10)]
    rows: list[list[str]] = []
    with scratch() as folder:
        path, done = folder / "ledger", 0
        for size in sizes:
            with counterfoil.open(path, create=True) as ledger:
                start = time.perf_counter()
                _record(ledger, contents, done, size)
                rate = (size - done) / (time.perf_counter() - start)
                ledger.publish()
            done = size
            rows.append(_measure(path, size, rate))
    table(
        "one ledger, growing",
        [
            "records",
            "records/s",
            "memory MB",
            "open ms",
            "receipt us",
            "p99 us",
            "receipt B",
            "verify us",
            "B/record on disk",
        ],
        rows,
    )


def _record(ledger: Ledger, contents: list[bytes], first: int, end: int) -> None:
    waiting: list[Future[RecordedMany]] = []
    for at in range(first, end, BATCH):
        run = contents[at % len(contents) : at % len(contents) + BATCH]
        waiting.append(ledger.record_rows(run, "bench", at))
        if len(waiting) > 8:
            waiting.pop(0).result()
    for answer in waiting:
        answer.result()


def _measure(path: Path, size: int, rate: float) -> list[str]:
    start = time.perf_counter()
    with counterfoil.open(path) as ledger:
        opened = time.perf_counter() - start
        policy = ledger.policy
        chosen = [random.randrange(ledger.size) for _ in range(RECEIPTS)]
        times, checks, lengths = [], [], []
        for index in chosen:
            start = time.perf_counter()
            receipt = ledger.receipt(index)
            times.append((time.perf_counter() - start) * 1e6)
            data = receipts.format(receipt)
            lengths.append(len(data))
            start = time.perf_counter()
            verify_receipt(data, policy)
            checks.append((time.perf_counter() - start) * 1e6)
    disk = sum(file.stat().st_blocks * 512 for file in path.rglob("*") if file.is_file())
    return [
        f"{size:,}",
        f"{rate:,.0f}",
        f"{_resident_mb():.0f}",
        f"{opened * 1e3:.0f}",
        f"{statistics.median(times):.0f}",
        f"{statistics.quantiles(times, n=100)[98]:.0f}",
        f"{statistics.median(lengths):.0f}",
        f"{statistics.median(checks):.0f}",
        f"{disk / size:.0f}",
    ]


def _resident_mb() -> float:
    """Tell the memory that this process holds now, MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "").replace("_", "")) if len(sys.argv) > 1 else 1_000_000)

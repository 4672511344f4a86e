"""Measure fairly: a probe of the same run beside every figure, medians of several rounds."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from counterfoil.testing.payments import payments

__all__ = ["fdatasync_probe", "median_rate", "peak_memory_mb", "scratch", "simulated", "table"]

START_MS = 1_780_000_000_000


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder on the disk of the current folder, not on a RAM disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        yield Path(folder)


def simulated(count: int) -> list[dict[str, int | str]]:
    """Simulate `count` payments, each about 130 bytes of JSON."""
    found: list[dict[str, int | str]] = []
    for payment in payments(7, start_ms=START_MS, days=100_000, customers=2000):
        found.append(payment.content())
        if len(found) == count:
            break
    return found


def fdatasync_probe(folder: Path, size: int = 4096, rounds: int = 200) -> float:
    """Measure how many appends of `size` bytes the disk makes durable in a second, one by one."""
    handle = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        start = time.perf_counter()
        for _ in range(rounds):
            os.write(handle, b"p" * size)
            os.fdatasync(handle)
        return rounds / (time.perf_counter() - start)
    finally:
        os.close(handle)


def median_rate(run: Callable[[], int], rounds: int = 3) -> float:
    """Run `run` several times; it returns how many it did. Returns the median rate, a second."""
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        count = run()
        rates.append(count / (time.perf_counter() - start))
    return statistics.median(rates)


def peak_memory_mb() -> float:
    """Tell the largest memory that this process ever held, MB (Linux: VmHWM)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(title: str, heads: list[str], rows: list[list[str]]) -> None:
    """Print a table, numbers to the right."""
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    print(f"\n{title}")
    for row in [heads, ["-" * width for width in widths], *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))

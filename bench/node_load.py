"""A node under load, with keys and fsync: rates, latencies, memory, and what it acknowledged.

The node and its clients are processes of their own, on one machine. Each phase offers a steady
rate, and afterwards every acknowledged record is looked up in the ledger. Rates stand beside
fdatasyncs of the same run; where other work shares the machine, CPU time a record is what to
compare. Takes about half a minute, with --campaign ten.

    ./dev bench node_load [--campaign]
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import fdatasync_probe, scratch, table
from counterfoil.ledger import open_ledger

__all__: list[str] = []

CONNECTIONS = 64

_PROGRAM = "from counterfoil.cli import main; main()"


@dataclass(frozen=True)
class Phase:
    """name; requests a second; records a request, 0 for single ones; connections."""

    name: str
    rate: float
    rows: int
    connections: int = CONNECTIONS

    @property
    def records(self) -> int:
        """Records in one request."""
        return self.rows or 1


PHASES = (
    Phase("1,500 single records a second", 1_500, 0),
    Phase("twice that", 3_000, 0, 1_024),
    Phase("as many single ones as it takes", 20_000, 0, 1_024),
    Phase("30,000 a second, 100 a request", 300, 100),
    Phase("twice that", 600, 100, 1_024),
)


def main(seconds: float) -> None:
    """Run each phase for some time and print what was seen."""
    rows: list[list[str]] = []
    with scratch() as place:
        probe = fdatasync_probe(place)
        with _node(place / "ledger") as (pid, url, key):
            for number, phase in enumerate(PHASES):
                before, memory = _cpu_s(pid), _memory_mb(pid)
                report = _clients(url, key, phase, seconds, f"load-{number}")
                spent = _cpu_s(pid) - before
                taken = len(report["taken"])
                statuses = report["statuses"]
                rows.append(
                    [
                        phase.name,
                        f"{taken * phase.records / report['took_s']:,.0f}",
                        f"{taken * phase.records / report['took_s'] / probe:.1f}",
                        f"{1e6 * spent / max(1, taken * phase.records):.0f}",
                        f"{report['p50_ms']:.0f}",
                        f"{report['p99_ms']:.0f}",
                        str(statuses.get("429", 0)),
                        str(
                            report["broken"]
                            + sum(n for s, n in statuses.items() if s not in ("200", "201", "429"))
                        ),
                        f"{memory:.0f} to {_memory_mb(pid):.0f}",
                        str(_lost(place / "ledger", f"load-{number}", report["taken"], phase)),
                    ]
                )
    table(
        f"a node under load, {seconds:g} s each, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, {probe:,.0f} fdatasyncs/s",
        [
            "offered",
            "records/s",
            "of probe",
            "us CPU each",
            "p50 ms",
            "p99 ms",
            "429",
            "other",
            "memory MB",
            "lost",
        ],
        rows,
    )


@contextmanager
def _node(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Run a node; give its process, its address and its operator's key."""
    command = [sys.executable, "-c", _PROGRAM, "up", "--ledger", str(folder), "--create"]
    command += ["--listen", "127.0.0.1:0", "--watch", "none", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "serving":
                    yield process.pid, event["url"], event["operator_key"]
                    return
            raise RuntimeError("the node did not start")
        finally:
            process.send_signal(signal.SIGTERM)
            process.stdout.read()


def _clients(url: str, key: str, phase: Phase, seconds: float, source: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.node_clients", url, key, str(phase.rate), str(seconds)]
    command += [str(phase.connections), str(phase.rows), source]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def _lost(folder: Path, source: str, taken: list[int], phase: Phase) -> int:
    """Count acknowledged records that are not in the ledger."""
    with open_ledger(folder, read_only=True) as ledger:
        there = {number for number, _ in ledger.numbered(source)}
    first = [number * phase.records + row for number in taken for row in range(phase.records)]
    return len(set(first) - there)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(60.0 if "--campaign" in sys.argv else 5.0)

"""What insight from chains costs: reports on simulated and real data, and syncing from a node.

The million transactions are simulated and say so; the real samples are small and stand beside. Each
report runs in a process of its own, so that its memory is its own. The node is anvil on the same
machine, with blocks of one transfer each.

    ./dev bench insight [TRANSACTIONS]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.measure import scratch, table
from counterfoil.chain import NodeChain, open_chain, prepare
from counterfoil.insight.fetching import Fetcher
from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.syncing import sync_chain
from counterfoil.ops import chains
from counterfoil.ports import ChainCall, Fees
from tests.anvil import Anvil, running_anvil

__all__: list[str] = []

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
BLOCKS = 600


def main(transactions: int) -> None:
    """Measure and print."""
    with scratch() as folder:
        began = time.perf_counter()
        made = chains.simulate(out=folder / "chain", transactions=transactions, seed=7)
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in (folder / "chain").rglob("*.parquet"))
        print(
            f"simulated {transactions:,} transactions, {made.rows['logs']:,} events in "
            f"{seconds:.1f} s: {size / 1e6:.0f} MB of Parquet",
            file=sys.stderr,
        )
        recent = DATA / "eth_blocks_recent"
        given = {
            f"{transactions:,} simulated transactions": [folder / "chain"],
            "eth_raw_blocks, 298 real ones": [DATA / "eth_raw_blocks"],
            "eth_blocks_recent, July 2025": [
                recent / "blocks_2025_07.csv",
                recent / "transactions_2025_07.csv",
            ],
            "eth_blocks_recent, January 2025": [recent / "blocks_2025_01_basefee.csv"],
        }
        reports = [_report(name, places, folder) for name, places in given.items()]
        synced = _synced(folder)
    heads = ["report on", "rows", "figures", "s", "CPU s", "rows/s", "peak MB", "page kB"]
    table("reports, whole page", heads, reports)
    table(
        "sync from anvil, a transfer of coins in each block",
        ["", "blocks/s", "rows/s", "calls"],
        synced,
    )


def _report(name: str, places: list[Path], folder: Path) -> list[str]:
    """Report in a process of its own."""
    command = [sys.executable, "-m", "bench.insight", "--report", str(folder / "report.html")]
    ran = subprocess.run(
        [*command, *map(str, places)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found = json.loads(ran.stdout)
    for slow in found["slowest"]:
        print(f"  {name}: {slow[0]} {slow[1]:.2f} s", file=sys.stderr)
    rate = found["rows"] / found["seconds"]
    return [
        name,
        f"{found['rows']:,}",
        f"{found['figures']}",
        f"{found['seconds']:.2f}",
        f"{found['cpu']:.2f}",
        f"{rate:,.0f}",
        f"{found['peak']:.0f}",
        f"{found['bytes'] / 1000:.0f}",
    ]


def report_alone(out: Path, places: list[Path]) -> None:
    """Report, and print what it took."""
    from counterfoil.insight.opening import open_tables
    from counterfoil.insight.tables import TABLES

    began, before = time.perf_counter(), time.process_time()
    done = chains.report(tuple(places), out=out)
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    peak = _peak_mb()
    with open_tables(*places) as tables:
        rows = sum(tables.count(one) for one in TABLES)
    results = done.report.results
    slowest = sorted(((one.figure.name, one.seconds) for one in results), key=lambda one: -one[1])
    found = {
        "rows": rows,
        "figures": sum(not one.missing for one in results),
        "seconds": seconds,
        "cpu": cpu,
        "peak": peak,
        "bytes": done.size,
        "slowest": slowest[:4],
    }
    print(json.dumps(found))


def _peak_mb() -> float:
    """Tell the largest memory of this process alone; getrusage counts its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _synced(folder: Path) -> list[list[str]]:
    rows = []
    with running_anvil() as anvil:
        chain = open_chain(anvil.url)
        try:
            _fill(chain, anvil)
            for batch in (1, 40):
                fetcher = Fetcher(chain.transport, batch=batch)
                place = folder / f"synced {batch}"
                with ChainFolder(place, chain.url, chain.chain_id) as opened:
                    done = sync_chain(chain, opened, fetcher, first=0)
                count = sum(done.rows.values())
                rows.append(
                    [
                        f"{batch} calls a request",
                        f"{done.read / done.seconds:,.0f}",
                        f"{count / done.seconds:,.0f}",
                        f"{done.asked}",
                    ]
                )
        finally:
            chain.close()
    return rows


def _fill(chain: NodeChain, anvil: Anvil) -> None:
    """Make blocks of one transfer of coins each; anvil makes one when a transaction comes."""
    for nonce in range(BLOCKS):
        call = ChainCall("0x" + "5" * 40, value_wei=1)
        fees = Fees(10**11, 1)
        made = prepare(chain, anvil.account, call, nonce=nonce, fees=fees, gas=21_000)
        chain.send_raw(made.raw)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--report"]:
        report_alone(Path(sys.argv[2]), [Path(one) for one in sys.argv[3:]])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

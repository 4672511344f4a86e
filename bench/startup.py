"""What a newcomer waits for: `counterfoil --help`, and the size of the core install.

Start-up is the median of several processes, beside an empty Python and its ratio to it. The size
is of a fresh environment with the core's dependencies only, made by pip.

    ./dev bench startup
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.measure import scratch, table

__all__: list[str] = []

ROUNDS = 15
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure both and print them."""
    counterfoil = str(Path(sys.executable).with_name("counterfoil"))
    empty = _median_ms([sys.executable, "-c", ""])
    rows = [["python -c ''", f"{empty:.0f}", "1.0"]]
    for name, command in {
        "import counterfoil": [sys.executable, "-c", "import counterfoil"],
        "counterfoil --help": [counterfoil, "--help"],
        "counterfoil record --help": [counterfoil, "record", "--help"],
        "counterfoil record add --help": [counterfoil, "record", "add", "--help"],
    }.items():
        found = _median_ms(command)
        rows.append([name, f"{found:.0f}", f"{found / empty:.1f}"])
    table(f"start-up, median of {ROUNDS}", ["", "ms", "of an empty Python"], rows)
    table("core install", ["", "MB"], [["site-packages", f"{_install_mb():.0f}"]])


def _median_ms(command: list[str]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _install_mb() -> float:
    with scratch() as folder:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
        uv = ROOT / ".dev" / "uv" / "bin" / "uv"
        python = folder / "env" / "bin" / "python"
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, ROOT], check=True)
        site = next((folder / "env" / "lib").glob("python*/site-packages"))
        return sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main()

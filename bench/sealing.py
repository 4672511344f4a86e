"""What it costs to seal personal fields, beside one append to the disk of the same run.

Decisions of 14 personal fields each, in batches as a service would send them: into the vault
alone, and into the ledger as signed statements; and erasing one person after the other.

    ./dev bench sealing [DECISIONS]
"""

from __future__ import annotations

import os
import sys
import time

import counterfoil
from bench.measure import fdatasync_probe, median_rate, scratch, table
from counterfoil.ledger import Ledger
from counterfoil.ports import Said, SystemClock, ToSeal
from counterfoil.vault import Vault

__all__: list[str] = []

FIELDS = 14
BATCH = 1000
PEOPLE = 500
ERASED = 100


def main(count: int) -> None:
    """Seal, record and erase, and print the table."""
    rows: list[tuple[str, float, str]] = []
    with scratch() as folder:
        os.environ["COUNTERFOIL_STATE"] = str(folder / "state")
        probe = fdatasync_probe(folder)
        vault = Vault(folder / "vault.db", lambda _id: folder / "keys.db", "bench", SystemClock())
        rate = median_rate(lambda: _seal(vault, count))
        rows.append(("seals/s, vault alone", rate, f"{rate / probe:.2f} x appends"))
        vault.close()
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            plain = median_rate(lambda: _record(ledger, count, sealed=False))
            rows.append(("decisions/s, inputs open", plain, f"{plain / probe:.2f} x appends"))
            rate = median_rate(lambda: _record(ledger, count, sealed=True))
            rows.append(("decisions/s, inputs sealed", rate, f"{rate / plain:.2f} x open ones"))
            rate = _erase(ledger)
            rows.append(("erasures/s, one by one", rate, f"{rate / probe:.3f} x appends"))
        rows.append(("appends of 4 KiB/s (probe)", probe, "1"))
    table(
        f"{count} decisions of {FIELDS} personal fields, {PEOPLE} people",
        ["what", "rate", "ratio"],
        [[what, f"{rate:,.0f}", ratio] for what, rate, ratio in rows],
    )


def _fields(n: int) -> dict[str, float]:
    return {f"inputs/feature_{k}": n * 0.37 + k for k in range(FIELDS)}


def _person(n: int) -> str:
    return f"customer-{n % PEOPLE}"


def _seal(vault: Vault, count: int) -> int:
    for at in range(0, count, BATCH):
        wanted = [ToSeal(_person(n), "decision", _fields(n)) for n in range(at, at + BATCH)]
        vault.settle(vault.seal(wanted, at))
    return count


def _record(ledger: Ledger, count: int, *, sealed: bool) -> int:
    model = {"digest": "0f" * 32}
    waiting = []
    for at in range(0, count, BATCH):
        said = []
        for n in range(at, at + BATCH):
            if sealed:
                seal = {"sealed": ToSeal(_person(n), "decision", _fields(n))}
                said.append(Said("decision", {"model": model, "outcome": "yes"}, (), seal))
            else:
                inputs = {name: repr(value) for name, value in _fields(n).items()}
                fields = {"model": model, "outcome": "yes", "inputs": inputs}
                said.append(Said("decision", fields))
        waiting.append(ledger.record_statements(said))
    for one in waiting:
        one.result()
    return count


def _erase(ledger: Ledger) -> float:
    began = time.perf_counter()
    for n in range(ERASED):
        ledger.people.erase(_person(n), why="bench")
    return ERASED / (time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

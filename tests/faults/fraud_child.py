"""A process that decides payments as `finance run` does and tells what was answered.

Runs as a program: `python -m tests.faults.fraud_child LEDGER MODEL PAYMENTS`. Each line that it
prints is a payment that was answered, its place and its score. With PLANT it tells what is only
taken: a bug.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import counterfoil
from counterfoil.apps.finance.fraud.kept import load_kept
from counterfoil.apps.finance.fraud.live import Answer, Live
from counterfoil.apps.finance.fraud.recording import record_model
from counterfoil.apps.finance.fraud.table import read_table

__all__: list[str] = []


def main(folder: Path, model: Path, payments: Path, plant: str) -> None:
    """Decide all payments of a file, in order."""
    kept = load_kept(model)
    table = read_table(payments, kept.manifest.columns)
    with counterfoil.open(folder) as ledger:
        recorded = record_model(ledger, kept)
        with Live(ledger, kept, recorded.index, folder / "finance") as live:
            waiting = []
            for payment in table.payments:
                if plant:
                    tell(payment.id, -1, 0.0)
                asked = live.decide(payment)
                if not plant:
                    asked.add_done_callback(partial(told))
                waiting.append(asked)
            for one in waiting:
                one.result()


def told(done: Future[Answer]) -> None:
    """Tell an answer."""
    found = done.result()
    tell(found.id, found.index, found.score)


def tell(name: str, index: int, score: float) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{name} {index} {score!r}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    arguments = [Path(one) for one in sys.argv[1:4]]
    main(arguments[0], arguments[1], arguments[2], sys.argv[4] if len(sys.argv) > 4 else "")

"""A process that decides in the background and tells what was acknowledged, until it is killed.

Runs as a program: `python -m tests.faults.decision_child FOLDER RUN`. Each line that it prints is
a number that a handle has answered. With PLANT it tells what is only queued: a bug.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import counterfoil
from tests.faults.decision_model import MODEL

__all__: list[str] = []


def main(folder: Path, run: str, plant: str) -> None:
    """Decide for ever, each decision about a person of its own."""
    with counterfoil.open(folder) as ledger:
        ledger.record_statement("model", MODEL)
        number = 0
        while True:
            inputs = {"run": run, "number": number, "text": "x" * (number * 37 % 400)}
            with ledger.decision("credit", inputs, person=f"{run}/{number}") as d:
                d.outcome, d.note = "hold", f"{run}/{number}"

            def tell(_: Any, name: str = f"{run}/{number}") -> None:
                sys.stdout.write(f"{name}\n")
                sys.stdout.flush()

            assert d.recorded is not None
            if plant:
                tell(None)
            else:
                d.recorded.add_done_callback(tell)
            number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")

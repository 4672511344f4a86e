"""Simulated payments with labels, and a fraud model that was learned from them once."""

from __future__ import annotations

import atexit
import csv
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from counterfoil.apps.finance.fraud.kept import save_kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.train import train
from counterfoil.testing.payments import Scenario, payments

__all__ = ["DAY_MS", "START_MS", "made", "model", "rows", "table", "written"]

START_MS = 1_780_012_800_000
DAY_MS = 86_400_000


@cache
def rows(seed: int = 3, days: int = 40, customers: int = 60) -> tuple[dict[str, Any], ...]:
    """Give payments as rows of a file, with an id and a label."""
    found = payments(seed, start_ms=START_MS, days=days, customers=customers, terminals=90)
    return tuple(
        {
            "id": f"p{number}",
            **one.content(),
            "fraud": int(one.scenario is not Scenario.GENUINE),
        }
        for number, one in enumerate(found)
    )


def written(path: Path, given: Any) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(given[0]))
        writer.writeheader()
        writer.writerows(given)
    return path


def table(given: Any) -> list[Payment]:
    """Give rows as payments."""
    return [
        Payment(
            row["id"],
            row["at_ms"],
            float(row["amount_minor"]),
            row["customer"],
            row["terminal"],
            row["fraud"],
        )
        for row in given
    ]


@cache
def made() -> Path:
    """Give a folder with `past.csv`, 30 days, `later.csv`, ten more, and `model`, of the past."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    cut = START_MS + 30 * DAY_MS
    many = rows(customers=150)
    past = written(folder / "past.csv", [one for one in many if one["at_ms"] < cut])
    written(folder / "later.csv", [one for one in many if one["at_ms"] >= cut])
    learned = train(past, {})
    save_kept(folder / "model", learned.manifest, learned.onnx, learned.reasons, learned.memory)
    return folder


def model() -> Path:
    """Give the folder of the model."""
    return made() / "model"

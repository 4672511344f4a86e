"""Simulated card payments for the app's story and for its checks: a file to learn from, a stream.

Nobody's data; see `testing.payments` for what is made up and how. This module refuses to let a
label into the stream.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.testing.payments import Scenario
from counterfoil.testing.payments import payments as simulate

__all__ = ["COLUMNS", "Seen", "payments", "to_payment", "write_training"]

COLUMNS: Final = ("id", "time", "card", "terminal", "amount", "fraud")
"""Columns of the file to learn from."""

_SEED: Final = 7
_START_MS: Final = 1_767_225_600_000  # 2026-01-01
_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """A simulated payment. amount_minor: in cents. fraud: the label; no model may see it early."""

    id: str
    at_ms: int
    card: str
    terminal: str
    amount_minor: int
    fraud: bool


def payments(count: int, seed: int = _SEED) -> list[Seen]:
    """Simulate the first payments of a made-up region, in the order of time."""
    return list(islice(_all(seed), count))


def to_payment(seen: Seen) -> Payment:
    """Give a payment as the stream has it: without its label."""
    return Payment(
        id=seen.id,
        at_ms=seen.at_ms,
        amount=seen.amount_minor / 100,
        card=seen.card,
        terminal=seen.terminal,
    )


def write_training(path: Path, seen: Sequence[Seen]) -> None:
    """Write payments with their labels, as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in seen:
            moment = datetime.fromtimestamp(one.at_ms / 1000, UTC).isoformat()
            amount = f"{one.amount_minor / 100:.2f}"
            writer.writerow((one.id, moment, one.card, one.terminal, amount, int(one.fraud)))


def _all(seed: int) -> Iterator[Seen]:
    for number, one in enumerate(simulate(seed, start_ms=_START_MS, days=_DAYS)):
        yield Seen(
            f"p-{number:06d}",
            one.at_ms,
            one.customer,
            one.terminal,
            one.amount_minor,
            one.scenario is not Scenario.GENUINE,
        )

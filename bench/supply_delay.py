"""Delay of deliveries: ours beside plain gradient boosting, the vendor's rate, and the base rate.

The SCMS delivery history, cut by its scheduled dates: learn from what was known before a day, judge
on orders scheduled after it. Five windows of a tenth of the lines, and one long window of the last
third; each forecast made when the order is placed (30 days before the schedule where no date of
that is there), and again two weeks before the schedule. Plain gradient boosting is LightGBM on the
same columns as they are, with three times as many settings to choose among by the same blocks.
Intervals resample orders. Then ours as it is served: learned from a file of the first part, and
run over the rest, with its days beside the quantiles of the days that it learned from.

    ./dev bench supply_delay [DATA LAYOUT]      (takes five minutes of one core)
"""

from __future__ import annotations

import csv
import gzip
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.measure import table
from counterfoil.apps.supply.predict.delay.days import BAND, quantiles_of
from counterfoil.apps.supply.predict.delay.forecasting import Scorer, train
from counterfoil.apps.supply.predict.delay.judging import (
    SHARES,
    Compared,
    Interval,
    compare,
    figures_of,
)
from counterfoil.apps.supply.predict.delay.layout import DEFAULT, Layout, read_layout
from counterfoil.apps.supply.predict.delay.orders import Order, order_of, read_orders
from tests.shared_data import data_path

__all__: list[str] = []

LONG = (2 / 3, 1.0)
FIGURES = ("average_precision", "auc", "log_loss", "brier")
HEADS = ["", "average precision", "AUC", "log loss", "Brier"]


def main(data: Path, layout: Layout) -> None:
    """Measure and print."""
    orders = read_orders(data, layout).orders
    moments = {
        "when placed": layout,
        "14 days before": msgspec.structs.replace(layout, moment="notice", notice_days=14),
    }
    for name, one in moments.items():
        print(f"{name}: windows of a tenth", flush=True)
        show(name, compare(orders, one, shares=SHARES))
        print(f"{name}: the last third", flush=True)
        show(f"{name}, the last third", compare(orders, one, shares=LONG))
    served(data, layout)


def show(name: str, found: Compared) -> None:
    """Print the figures of each split, their mean, and what ours gains."""
    rows = []
    for split in found.splits:
        what = f"{split.begins}: {split.judged} of {split.late_share:.1%}"
        for model, figures in split.models.items():
            rows.append([f"{what} {model}", *(f"{figures[one]:.3f}" for one in FIGURES)])
        rows.append([f"{what} ours gains", *(shown(split.gains[one]) for one in FIGURES)])
    for model, figures in found.means.items():
        rows.append([f"mean {model}", *(f"{figures[one]:.3f}" for one in FIGURES)])
    rows.append(["mean ours gains (95 %)", *(shown(found.gains[one]) for one in FIGURES)])
    table(name, HEADS, rows)


def served(data: Path, layout: Layout) -> None:
    """Learn from a file of the first part, run over the rest, and look at days, too."""
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ordered = sorted(rows, key=lambda row: order_of(row, layout).scheduled)
    cut = order_of(ordered[round(len(rows) * LONG[0])], layout).scheduled
    first, later = list[dict[str, str]](), list[Order]()
    for row in ordered:
        one = order_of(row, layout)
        if one.scheduled >= cut:
            later.append(one)
        elif one.known is not None and one.known < cut:
            first.append(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(first)
        made = train(path, layout)
    days = {one.id: one.late_days for one in later if one.late_days is not None}
    found = [one for one in Scorer(made.kept).score_orders(later, explain=False) if one.id in days]
    told = np.array([days[one.id] for one in found], float)
    labels = (told > 0).astype(float)
    scores = np.array([one.probability for one in found])
    known = [order_of(row, layout).late_days for row in first]
    learned = [one for one in known if one is not None]
    share = sum(one > 0 for one in learned) / len(learned)
    rows_of = {
        "ours as served": figures_of(labels, scores),
        "base rate": figures_of(labels, np.full(len(labels), share)),
    }
    table(
        "as served, the last third",
        HEADS,
        [[name, *(f"{of[one]:.3f}" for one in FIGURES)] for name, of in rows_of.items()],
    )
    ours = np.array([[one.low_days, one.high_days] for one in found])
    naive = np.tile(quantiles_of(learned, [1.0] * len(learned), BAND), (len(told), 1))
    table(
        "days, a band of 80 %",
        ["", "covered", "pinball", "mean width", "late ones covered"],
        [days_row("ours", ours, told), days_row("quantiles of what was learned", naive, told)],
    )


def days_row(name: str, band: Any, told: Any) -> list[str]:
    """Say how good a band is. Pinball: the mean of its two quantiles' losses, days."""
    inside = (band[:, 0] <= told) & (told <= band[:, 1])
    losses = []
    for at, share in enumerate(BAND):
        off = told - band[:, at]
        losses.append(np.maximum(share * off, (share - 1) * off).mean())
    width = (band[:, 1] - band[:, 0]).mean()
    figures: Sequence[float] = (inside.mean(), np.mean(losses), width, inside[told > 0].mean())
    return [name, *(f"{one:.3f}" for one in figures)]


def shown(found: Interval) -> str:
    """Write a gain with its interval."""
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def scms(folder: Path) -> Path:
    """Unpack the SCMS delivery history."""
    path = folder / "scms_delivery.csv"
    with gzip.open(data_path("scms_delivery") / "scms_delivery.csv.gz") as file:
        path.write_bytes(file.read())
    return path


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), read_layout(Path(sys.argv[2])))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(scms(Path(place)), DEFAULT)

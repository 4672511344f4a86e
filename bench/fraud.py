"""Fraud: the handbook's protocol and features, its XGBoost and random forest, and ours.

Simulated card payments (Le Borgne et al., Reproducible machine learning for credit card fraud
detection, 2022): learn from seven days, wait seven days for labels, judge on the next seven; cards
whose fraud was known by then are left out, day by day. The file has 28 days, so eight such splits,
which overlap; three are run. All models learn from the same rows. Ours sees the file as `finance
train` does: its own streaming features, and the file's further columns that are no clock and no
label. Intervals resample cards, 400 times. The ablation multiplies every amount by one random
number and moves every time by another, and judges the first split anew.

    ./dev bench fraud [SPLIT,SPLIT,...]         (takes ten minutes of one core)
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.measure import table
from counterfoil.apps.finance.fraud.features import Named
from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.judging import Interval, bootstrap, card_precision, gain
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.table import Table, read_table
from counterfoil.apps.finance.fraud.training import Sheet, fold_all, learn
from counterfoil.apps.finance.fraud.windows import DAY_MS
from tests.shared_data import data_path

__all__: list[str] = []

WEEK = 7
DELAY_MS = WEEK * DAY_MS
SPLITS = (1, 4, 7)
FIRST = ("TX_AMOUNT", "TX_DURING_WEEKEND", "TX_DURING_NIGHT")
FIFTEEN = (
    *FIRST,
    *(
        f"CUSTOMER_ID_{what}_{days}DAY_WINDOW"
        for days in (1, 7, 30)
        for what in ("NB_TX", "AVG_AMOUNT")
    ),
    *(f"TERMINAL_ID_{what}_{days}DAY_WINDOW" for days in (1, 7, 30) for what in ("NB_TX", "RISK")),
)


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to learn from and to be judged on, with the judged payments."""

    start: int
    learned: list[int]
    judged: list[int]
    payments: list[Payment]


def main(splits: Sequence[int]) -> None:
    """Measure and print."""
    path = data_path("card_fraud_handbook") / "transactions.parquet"
    read = read_table(path, {})
    for note in read.notes:
        print(note, flush=True)
    sheet, names = folded(read)
    fifteen = handbook(path, read)
    print(f"{len(read.payments)} payments, {len(names)} features", flush=True)
    rows, sums = [], dict[str, list[float]]()
    for start in splits:
        split = cut(read, start)
        scores = judged(split, sheet, names, fifteen)
        for name, found in scores.items():
            figure = bootstrap(split.payments, found)
            precision = card_precision(split.payments, found.tolist())
            better = gain(split.payments, scores["counterfoil"], found)
            rows.append([f"{start}: {name}", shown(figure), f"{precision:.3f}", shown(better)])
            sums.setdefault(name, []).append(figure.value)
            sums.setdefault(f"{name} cp", []).append(precision)
            print("  ".join(rows[-1]), flush=True)
    table(
        "average precision, card precision at 100, what ours gains in average precision (95 %)",
        ["split: model", "average precision", "cp@100", "ours gains"],
        rows,
    )
    means = [
        [name, f"{np.mean(sums[name]):.3f}", f"{np.mean(sums[f'{name} cp']):.3f}"]
        for name in sums
        if not name.endswith(" cp")
    ]
    table("mean of the splits", ["model", "average precision", "cp@100"], means)
    ablation(read, splits[-1], sheet, names)


def folded(read: Table) -> tuple[Sheet, tuple[str, ...]]:
    """Compute our features of all payments, each from what was known before it."""
    named = Named(True, True, read.columns.numbers, read.columns.words)
    return fold_all(Fold(named, DELAY_MS), named, read.payments), named.features


def handbook(path: Path, read: Table) -> Any:
    """Read the handbook's 15 features in the order of the payments."""
    parquet = import_module("pyarrow.parquet")
    found = parquet.read_table(path, columns=list(FIFTEEN))
    values = np.column_stack([found[name].to_numpy() for name in FIFTEEN])
    return values[np.asarray(read.places)]


def cut(read: Table, start: int) -> Split:
    """Cut a split out, days counted from the first one."""
    first = min(one.at_ms for one in read.payments) // DAY_MS
    learned, judged_rows = [], []
    frauds: dict[str, int] = {}  # card -> day of its first fraud in the split
    for at, one in enumerate(read.payments):
        day = one.at_ms // DAY_MS - first - start
        if 0 <= day < WEEK:
            learned.append(at)
        if day >= 0 and one.label and one.card is not None:
            frauds.setdefault(one.card, day)
        if 2 * WEEK <= day < 3 * WEEK and frauds.get(one.card or "", day) >= day - WEEK:
            judged_rows.append(at)
    return Split(start, learned, judged_rows, [read.payments[at] for at in judged_rows])


def judged(
    split: Split, sheet: Sheet, names: Sequence[str], fifteen: Any, *, rivals: bool = True
) -> dict[str, Any]:
    """Score a split by each model."""
    found = {"counterfoil": ours(split, sheet, names)}
    if not rivals:
        return found
    labels = np.array([sheet.payments[at].label for at in split.learned])
    xgboost, ensemble = import_module("xgboost"), import_module("sklearn.ensemble")
    models = {
        "xgboost": xgboost.XGBClassifier(n_jobs=1, random_state=0),
        "random forest": ensemble.RandomForestClassifier(n_jobs=1, random_state=0),
    }
    for name, model in models.items():
        model.fit(fifteen[split.learned], labels)
        found[name] = model.predict_proba(fifteen[split.judged])[:, 1]
    found["amount alone"] = np.array([one.amount for one in split.payments])
    return found


def ours(split: Split, sheet: Sheet, names: Sequence[str]) -> Any:
    """Learn from a split's rows as `finance train` does, and score the later ones."""
    rows = Sheet(sheet.values[split.learned], [sheet.payments[at] for at in split.learned])
    return learn(rows, names).booster.predict(sheet.values[split.judged])


def ablation(read: Table, start: int, sheet: Sheet, names: Sequence[str]) -> None:
    """Multiply amounts, move times, leave further columns out; the result should hardly move."""
    rng = random.Random(28)
    factor, moved_ms = rng.uniform(0.01, 100), rng.randrange(300 * DAY_MS)
    moneyed = [at for at, name in enumerate(read.columns.numbers) if "AMOUNT" in name]
    variants = {
        "as it is": read.payments,
        f"amounts x {factor:.3f}": [scaled(one, factor, moneyed) for one in read.payments],
        f"times + {moved_ms / DAY_MS:.2f} days": [
            msgspec.structs.replace(one, at_ms=one.at_ms + moved_ms) for one in read.payments
        ],
        "no further columns": [msgspec.structs.replace(one, numbers=()) for one in read.payments],
    }
    split = cut(read, start)
    rows = []
    for name, payments in variants.items():
        columns = read.columns
        if not payments[0].numbers:
            columns = msgspec.structs.replace(columns, numbers=())
        changed = Table(columns, payments, read.places, (), read.rows, {}, {})
        found = sheet if name == "as it is" else folded(changed)[0]
        used = names if columns is read.columns else folded_names(columns)
        scores = ours(split, found, used)
        figure = bootstrap(split.payments, scores)
        rows.append([name, shown(figure), f"{card_precision(split.payments, scores.tolist()):.3f}"])
        print("  ".join(rows[-1]), flush=True)
    table(f"ablation, split {start}", ["data", "average precision", "cp@100"], rows)


def folded_names(columns: Any) -> tuple[str, ...]:
    """Name the features of other columns."""
    return Named(True, True, columns.numbers, columns.words).features


def scaled(one: Payment, factor: float, moneyed: Sequence[int]) -> Payment:
    """Say a payment in another currency."""
    numbers = list(one.numbers)
    for at in moneyed:
        value = numbers[at]
        numbers[at] = None if value is None else value * factor
    return msgspec.structs.replace(one, amount=one.amount * factor, numbers=tuple(numbers))


def shown(found: Interval) -> str:
    """Write a figure with its interval."""
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1].split(",")] if len(sys.argv) > 1 else SPLITS)

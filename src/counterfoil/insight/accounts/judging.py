"""Judge models of accounts: cross-validation by groups, and intervals by resampling groups.

Every model sees the same folds. An average precision is the mean over the repeats; its interval,
and that of what our model gains on another, come from drawing whole groups anew, so copies of a
row do not make it look surer than it is. This module refuses to judge a model on rows of a group
that it learned from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterfoil.errors import InputError
from counterfoil.insight.accounts.baselines import MODELS, Fit
from counterfoil.insight.accounts.grouping import folds, group_rows
from counterfoil.insight.accounts.precision import precision, precisions
from counterfoil.insight.accounts.table import AccountTable
from counterfoil.insight.extra import need
from counterfoil.ports import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Judged", "Judgement", "compare", "judge"]

_RESAMPLES = 1000
_INTERVAL = (0.025, 0.975)
_PART = 100  # resamples at a time, which bounds memory


@dataclass(frozen=True, slots=True)
class Judged:
    """How well one model ranks.

    average_precision: 0 to 1, mean over the repeats. low, high: its 95 % interval. repeats: of
    each. gain: what the first model's is above this one's. gain_low, gain_high: its 95 % interval;
    where it holds 0, the data does not tell the two apart.
    """

    average_precision: float
    low: float
    high: float
    repeats: tuple[float, ...]
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well models rank accounts that they did not see.

    rows, fraud: how many were judged. groups: sets of rows that stayed together; skipped: rows
    without token fields that were left out. folds, repeats, resamples: of the protocol. models:
    name -> figures, ours first.
    """

    rows: int
    fraud: int
    groups: int
    skipped: int
    folds: int
    repeats: int
    resamples: int
    models: dict[str, Judged]


def judge(
    table: AccountTable,
    *,
    count: int = 5,
    repeats: int = 3,
    resamples: int = _RESAMPLES,
    models: Mapping[str, Fit] = MODELS,
    progress: Progress = no_progress,
) -> Judgement:
    """Judge models on labelled accounts.

    count: folds. models: the first is compared with the others. Raises InputError with code
    accounts.labels where a fold could not have both labels.
    """
    np = need("numpy")
    labels = table.labels
    groups = group_rows(table.values, table.addresses)
    if labels is None or _fewest(groups, labels) < count:
        raise InputError(
            "accounts.labels",
            f"expected {count} groups of either label at least, found fewer",
            hint="Give a file with a column FLAG of 0 and 1, and enough of both.",
        )
    told = {name: np.zeros((repeats, len(labels))) for name in models}
    for repeat in range(repeats):
        fold = folds(groups, labels, count, repeat)
        for at in range(count):
            learned, others = table.values[fold != at], table.values[fold == at]
            for name, fit in models.items():
                told[name][repeat, fold == at] = fit(learned, labels[fold != at], others)
            progress(repeat * count + at + 1, repeats * count, "folds judged")
    return Judgement(
        rows=len(labels),
        fraud=int(labels.sum()),
        groups=len(set(groups)),
        skipped=table.skipped,
        folds=count,
        repeats=repeats,
        resamples=resamples,
        models=compare(told, labels, groups, resamples),
    )


def compare(
    told: Mapping[str, Floats], labels: Bools, groups: list[bytes], resamples: int = _RESAMPLES
) -> dict[str, Judged]:
    """Compare rankings of the same rows; the first with the others.

    told: name -> (repeats, n) scores. groups: of each row; whole groups are drawn.
    """
    np = need("numpy")
    names, inverse = np.unique(np.array([group.hex() for group in groups]), return_inverse=True)
    random = np.random.default_rng(1)
    drawn: dict[str, list[Floats]] = {name: [] for name in told}
    for low in range(0, resamples, _PART):
        part = min(_PART, resamples - low)
        share = np.full(len(names), 1 / len(names))
        weights = random.multinomial(len(names), share, size=part)[:, inverse].astype(float)
        for name, scores in told.items():
            drawn[name].append(np.mean([precisions(one, labels, weights) for one in scores], 0))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    repeats = {name: [precision(one, labels) for one in scores] for name, scores in told.items()}
    first = next(iter(told))
    found: dict[str, Judged] = {}
    for name, each in repeats.items():
        low, high = np.nanquantile(spread[name], _INTERVAL)
        least, most = np.nanquantile(spread[first] - spread[name], _INTERVAL)
        mean = float(np.mean(each))
        gain = float(np.mean(repeats[first])) - mean
        found[name] = Judged(
            mean, float(low), float(high), tuple(each), gain, float(least), float(most)
        )
    return found


def _fewest(groups: list[bytes], labels: Bools) -> int:
    """Count the groups of the rarer label."""
    positive = {group for group, label in zip(groups, labels, strict=True) if label}
    return min(len(positive), len(set(groups) - positive))

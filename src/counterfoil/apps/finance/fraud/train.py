"""Train from a file to a model's folder, and judge it on what came later than it learned.

This module refuses to record; `recording` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.apps.finance.fraud.costs import Costs, raise_bar
from counterfoil.apps.finance.fraud.features import Named
from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.kept import Manifest
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.scoring import Scores, figures_of
from counterfoil.apps.finance.fraud.table import Table, read_table, require_labels
from counterfoil.apps.finance.fraud.training import Learned, Sheet, fold_all, learn
from counterfoil.apps.finance.fraud.trees import write_onnx
from counterfoil.apps.finance.fraud.windows import DAY_MS
from counterfoil.ports import Progress, no_progress

__all__ = ["REVIEW_SHARE", "Trained", "train"]

REVIEW_SHARE: Final = 0.1
"""What a review costs where nobody said: this share of the mean amount."""

_UNJUDGED: Final = (
    "too few payments later than what a first model learned: how good this one is, and whether its "
    "scores are probabilities, is not known"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was learned, not written yet. The files are those of `kept`."""

    manifest: Manifest
    onnx: bytes
    reasons: bytes
    memory: bytes
    table: Table


def train(
    path: Path,
    given: Mapping[str, str | None],
    *,
    ignored: Sequence[str] = (),
    unit: str = "",
    delay_days: float = 7.0,
    review: float | None = None,
    lost: float = 1.0,
    fixed: float = 0.0,
    capacity: int = 0,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Trained:
    """Learn from a file of labelled payments.

    given: role -> column, where somebody told. delay_days: from a payment to its label. review,
    lost, fixed, capacity: see `Costs`. Raises as `read_table` and `learn`, and InputError with code
    fraud.costs.
    """
    if review is not None:
        Costs(review, lost, fixed, capacity)  # refused before the file is read
    table = read_table(path, given, ignored=ignored, unit=unit, progress=progress)
    require_labels(table.payments)
    mean = sum(abs(one.amount) for one in table.payments) / len(table.payments)
    costs = Costs(review or max(REVIEW_SHARE * mean, 1e-9), lost, fixed, capacity)
    columns = table.columns
    named = Named(
        columns.card is not None, columns.terminal is not None, columns.numbers, columns.words
    )
    fold = Fold(named, round(delay_days * DAY_MS))
    sheet = fold_all(fold, named, table.payments, progress)
    learned = learn(sheet, named.features, seed=seed, progress=progress)
    costs, figures = _judge(sheet, learned, costs)
    manifest = Manifest(
        columns=columns,
        unit=unit,
        delay_ms=round(delay_days * DAY_MS),
        costs=costs,
        calibration=learned.calibration,
        trees=learned.trees,
        rows=sum(one.label is not None for one in table.payments),
        frauds=sum(one.label or 0 for one in table.payments),
        data=_digest(path),
        figures=figures,
        digests={},
        notes=(*table.notes, *(() if figures else (_UNJUDGED,))),
        until_ms=table.payments[-1].at_ms,
    )
    return Trained(
        manifest,
        write_onnx(learned.booster, learned.calibration, named.features),
        learned.booster.model_to_string().encode(),
        msgspec.msgpack.encode(fold.memory),
        table,
    )


def _judge(sheet: Sheet, learned: Learned, costs: Costs) -> tuple[Costs, dict[str, float]]:
    """Set the bar, and say how good the forward scores are."""
    rows: list[Payment] = [sheet.payments[at] for at in learned.forward]
    scores = learned.scores.tolist()
    if not rows:
        return costs, {}
    amounts = [one.amount for one in rows]
    costs = raise_bar(costs, scores, amounts, [one.at_ms for one in rows])
    thresholds = [costs.threshold(amount) for amount in amounts]
    held = [score >= bar for score, bar in zip(scores, thresholds, strict=True)]
    return costs, figures_of(costs, rows, Scores(scores, thresholds, held))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while piece := file.read(1 << 20):
            found.update(piece)
    return found.hexdigest()

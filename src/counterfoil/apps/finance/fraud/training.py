"""Learn from labelled payments: always forward in time, as the model will be used.

The last part of the time is cut into blocks. For each one a model learns from what came before,
stops early on the block, and scores it; those scores, of payments that were later than all that was
learned, calibrate the probability and set the bar for costs. Then the model learns from everything
with as many trees as were best. This module refuses to deal rows at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.finance.fraud.calibration import Calibration, calibrate
from counterfoil.apps.finance.fraud.features import Named
from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.table import require_labels
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Learned", "Sheet", "fold_all", "learn", "parameters"]

_BLOCKS: Final = (0.55, 0.70, 0.85, 1.0)  # shares of the rows, oldest first
_TREES_MAX: Final = 800
_TREES_MIN: Final = 20
_PATIENCE: Final = 40
_TOLD: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """Features of payments, oldest first. values: (n, d) float32. payments: n of them."""

    values: Any
    payments: Sequence[Payment]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned.

    booster: a LightGBM model. trees: how many. forward: rows of the sheet that were scored by
    models that had seen none as late; scores: their calibrated probabilities.
    """

    booster: Any
    calibration: Calibration
    trees: int
    forward: Sequence[int]
    scores: Floats


def fold_all(
    fold: Fold, named: Named, payments: Sequence[Payment], progress: Progress = no_progress
) -> Sheet:
    """Compute the features of payments, oldest first, each from what was known before it."""
    np: Any = need("numpy", "finance")
    values = np.empty((len(payments), len(named.features)), np.float32)
    for at, payment in enumerate(payments):
        values[at] = fold.see(payment)
        if at % _TOLD == 0:
            progress(at, len(payments), "payments read")
    return Sheet(values, payments)


def parameters(seed: int, rows: int) -> dict[str, Any]:
    """Give LightGBM's parameters; the smallest leaf follows from how many rows there are."""
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": 0.04,
        "num_leaves": 15,
        "min_data_in_leaf": max(2, min(40, rows // 100)),
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }


def learn(
    sheet: Sheet, features: Sequence[str], *, seed: int = 0, progress: Progress = no_progress
) -> Learned:
    """Learn from the payments of a sheet that have a label.

    features: names, in order. seed: of the rows and features that each tree sees. Raises InputError
    with code fraud.labels.
    """
    np: Any = need("numpy", "finance")
    require_labels(sheet.payments)
    labelled = np.array([at for at, one in enumerate(sheet.payments) if one.label is not None])
    labels = np.array([sheet.payments[at].label for at in labelled], float)
    values = sheet.values[labelled]
    cuts = [int(len(labelled) * share) for share in _BLOCKS]
    margins, forward, best = [], [], []
    for step, (begin, end) in enumerate(pairwise(cuts)):
        progress(step, len(_BLOCKS), "models learned")
        known, told = labels[:begin], labels[begin:end]
        if not 2 <= known.sum() <= len(known) - 2 or not len(told):
            continue
        booster = _boost(values[:begin], known, features, seed, (values[begin:end], told))
        margins.append(booster.predict(values[begin:end], raw_score=True))
        forward.append(np.arange(begin, end))
        if told.any():
            best.append(max(booster.best_iteration, 1))
    trees = max(_TREES_MIN, int(np.median(best))) if best else _TREES_MIN
    booster = _boost(values, labels, features, seed, trees=trees)
    places = np.concatenate(forward) if forward else np.array([], int)
    said = np.concatenate(margins) if margins else np.array([], float)
    calibration = calibrate(said, labels[places]) if len(places) else Calibration()
    progress(len(_BLOCKS), len(_BLOCKS), "models learned")
    return Learned(
        booster, calibration, trees, labelled[places].tolist(), calibration.probability(said)
    )


def _boost(
    values: Any,
    labels: Any,
    features: Sequence[str],
    seed: int,
    later: tuple[Any, Any] | None = None,
    trees: int = _TREES_MAX,
) -> Any:
    lightgbm: Any = need("lightgbm", "finance")
    settings = parameters(seed, len(labels))
    names = [f"f{at}" for at in range(len(features))]  # its text knows no blanks in names
    data = lightgbm.Dataset(values, labels, feature_name=names, params={"verbosity": -1})
    if later is None or not later[1].any():
        rounds = trees if later is None else _TREES_MIN
        return lightgbm.train(settings, data, rounds)
    held = lightgbm.Dataset(*later, reference=data, feature_name=names, params={"verbosity": -1})
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    return lightgbm.train(settings, data, trees, valid_sets=[held], callbacks=[stop])

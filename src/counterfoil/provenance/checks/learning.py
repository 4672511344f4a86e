"""What a plain model makes of a table: predictions for rows that it did not learn from.

Boosted trees of LightGBM, small and regular, one thread, a fixed seed: the same table gives the
same figures on the same build. This module refuses to keep a model; it is a measuring device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from counterfoil.provenance.checks.extra import need
from counterfoil.provenance.checks.table import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FOLDS",
    "area_under_curve",
    "average_precision",
    "folds_of",
    "out_of_fold",
    "predict_from",
]

FOLDS: Final = 5
"""Parts that rows are dealt into."""

_ROUNDS: Final = 60
_TEXTS_MAX: Final = 200  # a text of more distinct values is an id to such a model


def folds_of(label: NDArray[np.int64], seed: int, folds: int = FOLDS) -> NDArray[np.int64]:
    """Deal rows into folds at random, each class evenly: (n,) places from 0."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(label), dtype=np.int64)
    for one in np.unique(label):
        rows = np.flatnonzero(label == one)
        fold[random.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def out_of_fold(
    features: Table, label: NDArray[np.int64], classes: int, seed: int = 0
) -> NDArray[np.float64]:
    """Predict each row's classes by models that did not see it: (n, classes) probabilities.

    label: (n,) places from 0 to classes - 1, none missing.
    """
    matrix, texts = _matrix(features, features)
    fold = folds_of(label, seed)
    found = np.zeros((len(label), classes))
    for at in range(int(fold.max()) + 1):
        held = fold == at
        found[held] = _learn(matrix[~held], label[~held], matrix[held], classes, texts, seed)
    return found


def predict_from(
    reference: Table, label: NDArray[np.int64], classes: int, features: Table, seed: int = 0
) -> NDArray[np.float64]:
    """Learn from one table and predict another: (m, classes) probabilities."""
    train, texts = _matrix(reference, reference)
    matrix, _ = _matrix(features, reference)
    return _learn(train, label, matrix, classes, texts, seed)


def area_under_curve(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Compute the area under the ROC curve; ties count half; NaN without both classes."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float(
        (rank[place][positive].sum() - positives * (positives + 1) / 2) / (positives * negatives)
    )


def average_precision(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Compute the average precision of a ranking; equal scores are one step; NaN of no positive.

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, 8.4.
    """
    total = int(positive.sum())
    if not total:
        return float("nan")
    _, place, counts = np.unique(-score, return_inverse=True, return_counts=True)
    gained = np.bincount(place, weights=positive.astype(np.float64), minlength=len(counts))
    hits = np.cumsum(gained)
    return float((gained * hits / np.cumsum(counts)).sum() / total)


def _learn(
    train: NDArray[np.float64],
    label: NDArray[np.int64],
    matrix: NDArray[np.float64],
    classes: int,
    texts: list[int],
    seed: int,
) -> NDArray[np.float64]:
    present = np.unique(label)
    if len(present) < 2 or not train.shape[1]:
        counts = np.bincount(label, minlength=classes)
        return np.tile(counts / counts.sum(), (len(matrix), 1))
    lightgbm = need("lightgbm")
    leaf = int(np.clip(len(train) // 50, 3, 20))
    settings: dict[str, Any] = {
        "objective": "binary" if classes == 2 else "multiclass",
        "num_leaves": 15 if len(train) > 2000 else 7,
        "learning_rate": 0.1,
        "min_data_in_leaf": leaf,
        "min_data_per_group": leaf,
        "cat_smooth": 10,
        "lambda_l2": 1.0,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    if classes > 2:
        settings["num_class"] = classes
    data = lightgbm.Dataset(train, label, categorical_feature=texts, free_raw_data=True)
    booster = lightgbm.train(settings, data, num_boost_round=_ROUNDS)
    found = np.asarray(booster.predict(matrix, num_threads=1), dtype=np.float64)
    return np.column_stack([1 - found, found]) if classes == 2 else found


def _matrix(features: Table, like: Table) -> tuple[NDArray[np.float64], list[int]]:
    """Lay columns side by side, those of `like` that a model can use; give the places of texts.

    Texts become the numbers that they have in `like`; one that is not there is missing.
    """
    used = [
        one for one in like.columns if one.kind == "number" or 0 < len(one.labels) <= _TEXTS_MAX
    ]
    laid = [_laid(features, one) for one in used]
    texts = [at for at, one in enumerate(used) if one.kind == "text"]
    if not laid:
        return np.zeros((features.rows, 0)), []
    return np.column_stack(laid), texts


def _laid(features: Table, like: Column) -> NDArray[np.float64]:
    empty: NDArray[np.float64] = np.full(features.rows, np.nan)
    if like.name not in features or features[like.name].kind != like.kind:
        return empty
    column = features[like.name]
    if like.kind == "number":
        return np.where(np.isinf(column.numbers), np.nan, column.numbers)
    known = {text: place for place, text in enumerate(like.labels)}
    place = np.array([*(known.get(text, np.nan) for text in column.labels), np.nan])
    return place[column.codes]

"""Small models for tests, trained once: LightGBM, scikit-learn, and their ONNX exports."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import lightgbm
import numpy as np
from onnxmltools.convert import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["FEATURES", "booster", "booster_onnx", "data", "linear", "regression", "rows"]

FEATURES = ("age", "income", "debt", "years")


@cache
def data() -> tuple[Any, Any]:
    """Make 400 rows of four numbers (float32), and labels 0 to 2."""
    chance = np.random.default_rng(7)
    table = chance.normal(size=(400, 4)).astype(np.float32)
    score = table[:, 0] - 0.5 * table[:, 1] + 0.1 * table[:, 2] * table[:, 3]
    return table, np.digitize(score, [-0.5, 0.5])


def rows(count: int = 50) -> list[dict[str, float]]:
    """Give rows as inputs of a decision."""
    return [dict(zip(FEATURES, map(float, row), strict=True)) for row in data()[0][:count]]


@cache
def booster(objective: str = "binary", classes: int = 1) -> Any:
    """Train a booster of twenty trees."""
    table, labels = data()
    target = labels if classes > 1 else labels > 0 if objective == "binary" else table[:, 0] * 2
    settings = {
        "objective": objective,
        "num_class": classes,
        "verbosity": -1,
        "num_threads": 1,
        "num_leaves": 7,
    }
    return lightgbm.train(settings, lightgbm.Dataset(table, target), 20)


@cache
def booster_onnx(zipmap: Any = False, classes: int = 1) -> bytes:
    """Export a booster as ONNX, by onnxmltools."""
    trained = booster("multiclass", classes) if classes > 1 else booster()
    shape = [("input", FloatTensorType([None, 4]))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: bytes = convert_lightgbm(
            trained, initial_types=shape, zipmap=zipmap
        ).SerializeToString()
    return made


@cache
def linear(classes: int = 2, *, scaled: bool = True) -> Any:
    """Train a logistic regression, behind a scaler."""
    table, labels = data()
    model = LogisticRegression()
    pipeline = make_pipeline(StandardScaler(), model) if scaled else model
    return pipeline.fit(table, labels if classes > 2 else labels > 0)


@cache
def regression() -> Any:
    """Train a linear regression, behind a scaler."""
    table, _ = data()
    return make_pipeline(StandardScaler(), LinearRegression()).fit(table, table @ [1, 2, 0, -1] + 3)

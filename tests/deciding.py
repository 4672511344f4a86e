"""Small models that decide on credit, made once, and what it takes to decide with them.

The applicants are simulated from a fixed seed: whether one defaults follows from debt and income.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["APPLICANT", "FEATURES", "applicants", "lightgbm_bytes", "onnx_bytes"]

FEATURES = ("income", "debt", "age")
"""Inputs, in the models' order."""

APPLICANT: dict[str, Any] = {"income": 31.5, "debt": 12.25, "age": 39}
"""One applicant."""

OUTCOMES = ("grant", "hold")
"""What the models can say; a score is the probability of the second."""


def applicants(count: int, seed: int = 7) -> tuple[Any, Any]:
    """Simulate (count, 3) float32 features, and (count,) 0 or 1."""
    random = np.random.default_rng(seed)
    rows = random.uniform([10, 0, 18], [90, 40, 80], (count, 3)).astype(np.float32)
    risk = rows[:, 1] / rows[:, 0] * 4 - 2 + random.normal(0, 0.5, count)
    return rows, (risk > 0).astype(int)


@cache
def onnx_bytes(seed: int = 7) -> bytes:
    """Train a logistic regression and give it as ONNX, with probabilities for its score."""
    rows, bad = applicants(400, seed)
    model = import_module("sklearn.linear_model").LogisticRegression(max_iter=500).fit(rows, bad)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter's own libraries
        settings = {id(model): {"zipmap": False}}
        found = import_module("skl2onnx").to_onnx(model, rows[:1], options=settings)
    data: bytes = found.SerializeToString()
    return data


@cache
def lightgbm_bytes() -> bytes:
    """Train a small forest and give it as LightGBM's text."""
    lightgbm = import_module("lightgbm")
    rows, bad = applicants(400)
    data = lightgbm.Dataset(rows, bad, feature_name=list(FEATURES))
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 7, "num_threads": 1}
    booster = lightgbm.train({**settings, "deterministic": True}, data, 12)
    text: str = booster.model_to_string()
    return text.encode()

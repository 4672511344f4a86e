"""The census data set adult_income as a frame, and models that predict who earns over 50,000 USD.

Source: UCI Adult, CC BY 4.0. The fairer model learns from reweighed rows (Kamiran and Calders,
2012), without seeing the sex of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from tests.checked_data import ADULT
from tests.shared_data import data_path

__all__ = ["FEATURES", "OUTCOMES", "WITHOUT_SEX", "Split", "read", "reweighed", "split", "trained"]

OUTCOMES = ("<=50K", ">50K")
FEATURES = [name for name in ADULT if name not in ("fnlwgt", "education", "income")]
WITHOUT_SEX = [name for name in FEATURES if name != "sex"]


@dataclass(frozen=True)
class Split:
    """The rows, dealt out at random: they know no time."""

    training: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def read() -> pd.DataFrame:
    """Read all 32,561 rows; texts are categories."""
    rows = pd.read_csv(
        data_path("adult_income") / "adult.data.gz",
        names=ADULT,
        skipinitialspace=True,
        na_values="?",
    )
    texts = [name for name in rows if name != "income" and rows[name].dtype == "str"]
    return rows.astype(dict.fromkeys(texts, "category"))


def split(rows: pd.DataFrame, seed: int) -> Split:
    """Deal rows out: 60 % to train on, 20 % to choose on, 20 % to test on."""
    mixed = rows.sample(frac=1, random_state=seed, ignore_index=True)
    first, second = len(mixed) * 6 // 10, len(mixed) * 8 // 10
    ends = [(0, first), (first, second), (second, len(mixed))]
    return Split(*(mixed.iloc[a:b].reset_index(drop=True) for a, b in ends))


def reweighed(rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Weigh rows so that sex and income are independent of each other."""
    count = rows.groupby(["sex", "income"], observed=True).age.transform("size")
    sexes, incomes = rows.sex.value_counts(), rows.income.value_counts()
    expected = rows.sex.map(sexes).astype(float) * rows.income.map(incomes) / len(rows)
    return np.asarray(expected / count, dtype=np.float64)


def trained(rows: pd.DataFrame, features: list[str], weight: Any = None) -> lightgbm.Booster:
    """Train on one thread, so that two runs give the same trees."""
    data = lightgbm.Dataset(rows[features], rows.income == OUTCOMES[1], weight=weight)
    settings = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.15, "seed": 1}
    return lightgbm.train({**settings, "num_threads": 1, "verbosity": -1}, data, 60)

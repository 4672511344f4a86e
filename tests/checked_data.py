"""Real data for checks, as it is and attacked; and what fairlearn is asked with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from counterfoil.provenance.checks import Column, Table, read_table
from tests.shared_data import data_path

__all__ = ["ADULT", "HEART", "adult", "flipped", "german", "heart", "number", "text", "with_column"]

ADULT = [
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation"),
    *("relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week"),
    *("native_country", "income"),
]
HEART = [
    *("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak"),
    *("slope", "ca", "thal", "num"),
]


def number(name: str, values: Any) -> Column:
    """Make a column of numbers."""
    return Column(name, "number", np.asarray(values, dtype=float), np.empty(0, dtype=np.int64))


def text(name: str, codes: Any, labels: tuple[str, ...]) -> Column:
    """Make a column of categories from their places."""
    return Column(name, "text", np.empty(0), np.asarray(codes, dtype=np.int64), labels)


@cache
def adult(rows: int = 4000) -> Table:
    """Give the first rows of adult_income; its label is `income`."""
    table = read_table(data_path("adult_income") / "adult.data.gz", ADULT)
    return table.take(np.arange(min(rows, table.rows)))


@cache
def german() -> Table:
    """Give german_credit; its label is `classlabel21`."""
    return read_table(data_path("german_credit") / "german_credit.csv")


@cache
def heart() -> Table:
    """Give the four hospitals as one table with the label `sick`."""
    folder = data_path("heart_4_hospitals")
    names = ("cleveland", "hungarian", "switzerland", "va")
    parts = [read_table(folder / f"processed.{name}.data", HEART) for name in names]
    columns = [number(n, np.concatenate([part[n].numbers for part in parts])) for n in HEART]
    sick = (columns.pop().numbers > 0).astype(float)
    return Table((*columns, number("sick", sick)))


def with_column(table: Table, column: Column) -> Table:
    """Add a column, or put it in the place of its namesake."""
    if column.name in table:
        return Table(tuple(column if c.name == column.name else c for c in table.columns))
    return Table((*table.columns, column))


def flipped(table: Table, label: str, share: float, seed: int = 0) -> tuple[Table, Any]:
    """Flip a share of the labels at random; give the table and which rows."""
    codes, labels = table[label].coded()
    rows = np.random.default_rng(seed).random(len(codes)) < share
    new = np.where(rows, 1 - codes, codes)
    column = table[label]
    if column.kind == "number":
        values = np.array([float(one) for one in labels])
        return with_column(table, replace(column, numbers=values[new])), rows
    return with_column(table, text(label, new, labels)), rows

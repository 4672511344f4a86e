"""Features that give the label away are found; those of honest data are not."""

from __future__ import annotations

import numpy as np
import pytest

from counterfoil.provenance.checks import Suite, Table, check_leakage
from tests.checked_data import adult, german, heart, number, text, with_column

CASES = [(adult, "income"), (german, "classlabel21"), (heart, "sick")]


@pytest.mark.parametrize(("source", "label"), CASES)
def test_honest_features_pass_and_leaks_fail(source: object, label: str) -> None:
    """A copy, a noisy copy, a nearly perfect category: each alone is named, an id is not."""
    table: Table = source()  # type: ignore[operator]
    assert check_leakage(table, Suite(label=label)).passed
    random = np.random.default_rng(0)
    truth = table[label].coded()[0]
    wrong = random.random(table.rows) < 0.01
    bad = with_column(table, number("copy", truth * 7.0))
    bad = with_column(bad, number("noisy", truth + random.normal(0, 0.25, table.rows)))
    bad = with_column(bad, text("code", truth ^ wrong, ("A", "B")))
    bad = with_column(bad, text("id", np.arange(table.rows), tuple(map(str, range(table.rows)))))
    report = check_leakage(bad, Suite(label=label))
    assert {item.name for item in report.failed} == {"alone/copy", "alone/noisy", "alone/code"}
    assert "looks like an id" in report.item("alone/id").found


def test_a_feature_better_than_all_others_together_is_suspicious() -> None:
    """Below the limit, but from 0.85 on, it must not beat the rest of the table."""
    table = german()
    truth = table["classlabel21"].coded()[0]
    noisy = truth + np.random.default_rng(1).normal(0, 0.6, table.rows)
    report = check_leakage(with_column(table, number("late", noisy)), Suite(label="classlabel21"))
    item = report.item("alone/late")
    assert not item.passed
    assert item.value is not None
    assert item.value < 0.95
    assert item.found.startswith("All other features together reach 0.7")


def test_sorted_rows_and_rising_columns_are_told() -> None:
    """A label that follows from a row's place, and a column that counts up, are named."""
    table = german()
    order = np.argsort(table["classlabel21"].coded()[0], kind="stable")
    bad = with_column(table.take(order), number("serial", np.arange(1000)))
    report = check_leakage(bad, Suite(label="classlabel21"))
    assert not report.item("alone/serial").passed
    assert "Rows stand in the order of the label." in report.item("row-order").found
    assert "serial" in report.item("row-order").found


def test_a_label_of_numbers_is_cut_at_its_median() -> None:
    """Prices leak, too."""
    random = np.random.default_rng(0)
    price = random.normal(100, 20, 500)
    table = Table(
        (number("price", price), number("tax", price * 0.19), number("x", random.random(500)))
    )
    report = check_leakage(table, Suite(label="price"))
    assert [item.name for item in report.failed] == ["alone/tax"]
    assert "median" in report.note

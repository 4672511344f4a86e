"""Drift is found where it is, and halves of the same data do not drift."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from counterfoil.provenance.checks import Suite, Table, check_drift
from counterfoil.provenance.checks.drift import holm, jensen_shannon, stability_index
from tests.checked_data import adult, german, heart, number, text, with_column


@pytest.mark.parametrize("source", [adult, german, heart])
def test_halves_of_one_data_set_do_not_drift(source: object) -> None:
    """Twenty random splits of each, and no false alarm."""
    table: Table = source()  # type: ignore[operator]
    for seed in range(20):
        half = np.random.default_rng(seed).random(table.rows) < 0.5
        report = check_drift(table.take(half), table.take(~half), Suite())
        assert not [item.name for item in report.failed]


def test_a_shift_a_new_category_and_a_gap_are_named() -> None:
    """Each by its own column, and no other column is."""
    table = adult()
    half = np.arange(table.rows) % 2 == 0
    old, new = table.take(half), table.take(~half)
    new = with_column(new, number("age", new["age"].numbers + 6))
    codes, labels = new["sex"].coded()
    random = np.random.default_rng(0)
    codes = np.where(random.random(new.rows) < 0.2, len(labels), codes)
    new = with_column(new, text("sex", codes, (*labels, "Other")))
    gone = np.where(random.random(new.rows) < 0.3, np.nan, new["fnlwgt"].numbers)
    new = with_column(new, number("fnlwgt", gone))
    report = check_drift(new.without(("race",)), old, Suite())
    assert {item.name for item in report.failed} == {
        "ks/age", "psi/age", "js/sex", "missing/fnlwgt", "schema/race",
    }  # fmt: skip
    assert "Not in the reference: Other." in report.item("js/sex").found


def test_the_hospitals_differ_and_that_is_seen() -> None:
    """Patients of Switzerland are no sample of those of Cleveland."""
    table = heart()
    report = check_drift(table.take(np.arange(597, 720)), table.take(np.arange(303)), Suite())
    assert {"ks/chol", "ks/sick"} <= {item.name for item in report.failed}


def test_a_large_sample_of_a_tiny_difference_passes() -> None:
    """What is significant and small is no drift: it is told, and does not fail."""
    random = np.random.default_rng(0)
    old, new = (Table((number("x", random.normal(mean, 1, 50_000)),)) for mean in (0, 0.05))
    report = check_drift(new, old, Suite())
    assert report.passed
    assert "p = " in report.item("ks/x").found
    assert report.item("ks/x").found.endswith("significant.")


def test_distances_are_those_of_the_books() -> None:
    """Jensen-Shannon is scipy's; PSI of equal shares is 0; Holm steps down."""
    a, b = np.array([3.0, 5, 0, 2]), np.array([1.0, 1, 7, 1])
    assert jensen_shannon(a, b) == pytest.approx(jensenshannon(a, b, 2))
    assert stability_index(a, a) == 0
    assert holm([0.01, 0.02, 0.03], 0.05) == [True, True, True]
    assert holm([0.02, 0.9, 0.03], 0.05) == [False, False, False]

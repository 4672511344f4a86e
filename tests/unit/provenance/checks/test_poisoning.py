"""Attacked data fails, clean data passes, and suspects are named by row."""

from __future__ import annotations

import numpy as np
import pytest

from counterfoil.errors import InputError
from counterfoil.provenance.checks import Suite, Table, check_poisoning, table_of
from tests.checked_data import adult, flipped, german, heart, number, text, with_column

CASES = [(adult, "income"), (german, "classlabel21"), (heart, "sick")]


@pytest.mark.parametrize(("source", "label"), CASES)
def test_clean_data_passes_and_flipped_labels_fail(source: object, label: str) -> None:
    """A fifth of the labels flipped is found in all three; suspects are mostly flipped rows."""
    table: Table = source()  # type: ignore[operator]
    assert check_poisoning(table, Suite(label=label)).passed
    bad, rows = flipped(table, label, 0.2)
    report = check_poisoning(bad, Suite(label=label))
    assert any(item.name.startswith("label-noise") for item in report.failed)
    named = list(report.item("label-suspects").where)
    assert rows[named].mean() > 0.5  # of all rows a fifth


def test_a_trusted_reference_finds_fewer_flips() -> None:
    """Against an earlier version, flipped rows are named exactly; the same data passes."""
    table = german()
    bad, rows = flipped(table, "classlabel21", 0.03)
    suite = Suite(label="classlabel21")
    changed = check_poisoning(bad, suite, table).item("label-changed")
    assert (changed.passed, changed.count) == (False, int(rows.sum()))
    assert set(changed.where) == set(np.flatnonzero(rows).tolist())
    assert check_poisoning(table, suite, table).passed


def test_another_half_of_the_same_data_is_no_attack() -> None:
    """Fresh rows of one distribution pass; one-sided flips in them fail."""
    table = adult()
    half = np.arange(table.rows) % 2 == 0
    reference, fresh = table.take(half), table.take(~half)
    suite = Suite(label="income")
    assert check_poisoning(fresh, suite, reference).passed
    codes, labels = fresh["income"].coded()
    flip = (codes == 1) & (np.random.default_rng(2).random(len(codes)) < 0.3)
    bad = with_column(fresh, text("income", np.where(flip, 0, codes), labels))
    failed = {item.name for item in check_poisoning(bad, suite, reference).failed}
    assert "label-rate/>50K" in failed


def test_a_planted_trigger_is_named() -> None:
    """A value that makes rows positive, whoever they are, is found and its rows are named."""
    table = adult()
    random = np.random.default_rng(3)
    rows = random.random(table.rows) < 0.02
    hours = np.where(rows, 37.5, table["hours_per_week"].numbers)
    codes, labels = table["income"].coded()
    bad = with_column(table, number("hours_per_week", hours))
    bad = with_column(bad, text("income", np.where(rows, 1, codes), labels))
    item = check_poisoning(bad, Suite(label="income")).item("triggers")
    assert not item.passed
    assert "hours_per_week = 37.5" in item.found
    assert item.count == int(rows.sum())


def test_a_cluster_of_copies_is_found() -> None:
    """A row that was copied in many times stands out, whatever its labels."""
    table = german()
    place = np.r_[np.arange(1000), [7] * 30]
    report = check_poisoning(table.take(place), Suite(label="classlabel21"))
    item = report.item("clusters")
    assert not item.passed
    assert set(item.where) == {7, *range(1000, 1030)}


def test_what_is_no_label_is_refused() -> None:
    """No label, a label of one value, and a text of too many values are told apart from data."""
    table = german()
    one = with_column(table, text("same", [0] * 1000, ("a",)))
    many = with_column(table, text("id", range(1000), tuple(f"{n:04}" for n in range(1000))))
    for bad, label in ((table, None), (one, "same"), (many, "id")):
        with pytest.raises(InputError) as caught:
            check_poisoning(bad, Suite(label=label))
        assert caught.value.code == "check.label"


def test_features_that_say_nothing_are_no_sign_of_poison() -> None:
    """Labels drawn by chance, whatever their share: nothing is judged, and the report says so."""
    for seed, share in enumerate((0.5, 0.67, 0.67, 0.8)):
        chance = np.random.default_rng(seed)
        columns = {name: chance.normal(size=300).tolist() for name in ("income", "debt")}
        labels = np.where(chance.random(300) < share, "paid", "lost").tolist()
        report = check_poisoning(table_of({**columns, "label": labels}), Suite(label="label"))
        assert report.passed
        noise = [item for item in report.items if item.name.startswith("label-noise")]
        assert all(item.at_most is None and "Not judged" in item.found for item in noise)

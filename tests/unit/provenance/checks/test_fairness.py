"""Fairness figures are fairlearn's, with honest intervals, for every group."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.provenance.checks import (
    GAPS,
    Fairness,
    Suite,
    Table,
    check_fairness,
    count_groups,
    gap,
)
from tests.checked_data import adult, german, number, text

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fairlearn import metrics

ROWS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 3)), min_size=2, max_size=60)


def same(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) <= 1e-9 or (math.isnan(ours) and math.isnan(theirs))


def compare(truth: Any, chosen: Any, group: Any) -> None:
    names = tuple(f"g{n}" for n in range(int(np.max(group)) + 1))
    groups = count_groups(truth, chosen, group, names)
    for figure in GAPS:
        if figure == "accuracy_difference":
            theirs = metrics.MetricFrame(
                metrics=lambda y_true, y_pred: float(np.mean(y_true == y_pred)),
                y_true=truth, y_pred=chosen, sensitive_features=group,
            ).difference()  # fmt: skip
        else:
            theirs = getattr(metrics, figure)(truth, chosen, sensitive_features=group)
        if figure == "equalized_odds_ratio" and math.isnan(theirs):
            # Of a rate that is 0 everywhere fairlearn tells NaN and forgets the other rate, or not,
            # as Python's min does; ours skips it always, so that it cannot hide a gap.
            frame = metrics.MetricFrame(
                metrics=metrics.false_positive_rate,
                y_true=truth, y_pred=chosen, sensitive_features=group,
            )  # fmt: skip
            theirs = frame.ratio()
        assert same(gap(groups, figure).value, float(theirs)), figure
    frame = metrics.MetricFrame(
        metrics={
            "selection": metrics.selection_rate,
            "tpr": metrics.true_positive_rate,
            "fpr": metrics.false_positive_rate,
            "fnr": metrics.false_negative_rate,
            "tnr": metrics.true_negative_rate,
        },
        y_true=truth, y_pred=chosen, sensitive_features=group,
    )  # fmt: skip
    for one in groups:
        theirs_of = frame.by_group.loc[int(one.name[1:])]
        for rate in ("selection", "tpr", "fpr", "fnr", "tnr"):
            assert same(one.rate(rate).value, float(theirs_of[rate]))


@settings(max_examples=12)  # fairlearn takes a quarter of a second for each
@given(ROWS)
@pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::RuntimeWarning", "ignore::FutureWarning"
)
def test_every_figure_is_fairlearn_s(rows: list[tuple[bool, bool, int]]) -> None:
    """Whatever the labels, predictions and groups, to 1e-9; for 0 of 0 see the comment."""
    truth, chosen, group = (np.array(part) for part in zip(*rows, strict=True))
    compare(truth, chosen, group)


@pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::RuntimeWarning", "ignore::FutureWarning"
)
def test_on_real_people_too() -> None:
    """The same on adult_income by race and on german_credit by sex, with noisy predictions."""
    for table, label, sensitive in (
        (adult(), "income", "race"),
        (german(), "classlabel21", "sex9"),
    ):
        truth = table[label].coded()[0] == 1
        chosen = truth ^ (np.random.default_rng(0).random(table.rows) < 0.2)
        compare(truth, chosen, table[sensitive].coded()[0])


def test_a_gap_over_its_limit_fails_and_says_between_whom() -> None:
    """The item names both groups and their rates; the interval holds the figure."""
    sex = text("sex", [0] * 100 + [1] * 100, ("f", "m"))
    chosen = np.array([True] * 10 + [False] * 90 + [True] * 40 + [False] * 60)
    suite = Suite(fairness=Fairness(demographic_parity_ratio=0.8))
    report = check_fairness(chosen, chosen, Table((sex,)), suite)
    item = report.item("demographic_parity_difference/sex")
    assert not report.passed
    assert item.value == pytest.approx(0.3)
    assert item.low is not None
    assert item.high is not None
    assert item.low < 0.3 < item.high
    assert item.found == "selection: m 0.4000, f 0.1000."
    assert not report.item("demographic_parity_ratio/sex").passed
    assert report.item("equal_opportunity_difference/sex").passed


def test_groups_meet_and_small_ones_are_only_shown() -> None:
    """Intersections are compared; fewer than 30 rows are shown and cannot fail a model."""
    random = np.random.default_rng(1)
    sex = text("sex", random.integers(0, 2, 400), ("f", "m"))
    race = text("race", np.r_[[2] * 5, random.integers(0, 2, 395)], ("a", "b", "c"))
    truth = random.random(400) < 0.5
    chosen = np.r_[[True] * 5, truth[5:]]
    report = check_fairness(truth, chosen, Table((sex, race)), Suite(), random.random(400))
    names = {item.name for item in report.items}
    assert "demographic_parity_difference/sex & race" in names
    assert report.item("small-groups/race").found == "Too few rows to compare: c (5)."
    assert report.item("selection/race=c").value == 1.0
    assert {"auc/sex=f", "calibration/sex=f", "calibration_difference/sex"} <= names


@pytest.mark.parametrize("rows", [(20, 20), (200, 20), (200, 0)], ids=["small", "one", "alone"])
def test_what_compares_nobody_has_not_passed(rows: tuple[int, int]) -> None:
    """Everybody of one group and nobody of the other: too few rows prove no fairness."""
    sex = text("sex", np.repeat([0, 1], rows), ("f", "m"))
    truth = np.arange(sum(rows)) % 2 == 0
    report = check_fairness(truth, sex.codes == 0, Table((sex,)), Suite())
    assert not report.passed
    assert [(one.name, one.at_least) for one in report.failed] == [("compared/sex", 2.0)]
    unasked = Suite(fairness=Fairness(demographic_parity_difference=None))
    assert check_fairness(truth, truth, Table((sex,)), unasked).passed


def test_numbers_are_grouped_by_quarters_and_missing_is_a_group() -> None:
    """An age of many values becomes four groups, and nobody is left out."""
    age = number("age", np.r_[np.arange(99), [np.nan]])
    truth = np.ones(100, dtype=bool)
    report = check_fairness(truth, truth, Table((age,)), Suite())
    rows = [item.rows for item in report.items if item.name.startswith("selection/")]
    assert sum(row for row in rows if row) == 100
    assert len(rows) == 5


def test_rows_that_do_not_match_are_refused() -> None:
    """As many labels as predictions as people."""
    sex = Table((text("sex", [0, 1], ("f", "m")),))
    with pytest.raises(InputError) as caught:
        check_fairness(np.array([True]), np.array([True]), sex, Suite())
    assert caught.value.code == "check.fairness"

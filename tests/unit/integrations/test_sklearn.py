"""A wrapped estimator is used as before, and its data, its model and its decisions are recorded."""

from __future__ import annotations

import pickle  # noqa: TID251  # what others do with a wrapped estimator; nothing foreign is loaded
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterfoil.errors import InputError
from counterfoil.integrations.sklearn import RecordedEstimator, wrap
from counterfoil.ledger import Ledger
from tests.deciding import FEATURES, applicants
from tests.ledgers import prove

linear = pytest.importorskip("sklearn.linear_model")
base = pytest.importorskip("sklearn.base")


def frame(count: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    rows, bad = applicants(count)
    return pd.DataFrame(rows, columns=list(FEATURES)), pd.Series(bad, name="bad")


def fitted(ledger: Ledger, **options: Any) -> tuple[Any, pd.DataFrame]:
    features, bad = frame()
    made = wrap(linear.LogisticRegression(max_iter=500), ledger, "credit", strict=True, **options)
    assert made.fit(features, bad) is made
    return made, features


def decisions(ledger: Ledger) -> list[Any]:
    ledger.decisions.flush()
    return list(ledger.search("kind=decision", newest_first=False).hits)


def test_fitting_records_the_data_and_the_model(ledger: Ledger) -> None:
    """The model names the fingerprint of what it was fitted on, target and all."""
    made, _ = fitted(ledger)
    model, data = made.recorded_model, made.recorded_data
    assert data.dataset.fingerprint.rows == 60
    assert [one.name for one in data.dataset.fingerprint.columns] == [*FEATURES, "bad"]
    assert [one.leaf for one in model.model.trained_on] == [data.leaf]
    assert model.model.features == FEATURES
    assert model.model.parameters["max_iter"] == "500"


def test_each_row_is_a_decision_that_can_be_computed_again(ledger: Ledger) -> None:
    """Chances of two classes become outcome and score; replaying says the same."""
    made, features = fitted(ledger)
    chances = made.predict_proba(features.head(5))
    found = decisions(ledger)
    assert [one.content["score"] for one in found] == [repr(float(one)) for one in chances[:, 1]]
    assert ledger.decisions.replay(found[0].index, actor="auditor").verdict in (
        "identical",
        "within-tolerance",
    )
    ledger.publish()
    prove(ledger, found[4].index)


def test_rows_of_people_are_sealed(ledger: Ledger) -> None:
    """With people named, the inputs are under their keys, and nowhere openly."""
    made, features = fitted(ledger, person=lambda rows: [f"P-{n}" for n in range(len(rows))])
    made.predict(features.head(3))
    assert [("sealed" in one.content, "inputs" in one.content) for one in decisions(ledger)] == [
        (True, False)
    ] * 3


def test_a_batch_is_one_transformation(ledger: Ledger) -> None:
    """A call on many rows is a step from a data set and a model to a data set of answers."""
    made, features = fitted(ledger, rows="batch")
    made.predict(features)
    (step,) = ledger.search("kind=transformation").hits
    assert step.content["inputs"][1]["leaf"] == made.recorded_model.leaf
    assert not decisions(ledger)


def test_answers_are_those_of_the_estimator(ledger: Ledger) -> None:
    """Wrapped or not, the same numbers come out, bit for bit."""
    made, features = fitted(ledger, rows="none")
    plain = linear.LogisticRegression(max_iter=500).fit(*frame())
    assert np.array_equal(made.predict_proba(features), plain.predict_proba(features))
    assert np.array_equal(made.coef_, plain.coef_)
    assert made.score(*frame()) == plain.score(*frame())
    assert not decisions(ledger)


def test_searches_and_folds_record_nothing(ledger: Ledger) -> None:
    """Cross-validation, grid search and clone work, and what they try is not recorded."""
    selection = pytest.importorskip("sklearn.model_selection")
    features, bad = frame()
    made = wrap(linear.LogisticRegression(max_iter=500), ledger)
    assert base.is_classifier(made)
    assert selection.cross_val_score(made, features, bad, cv=3).shape == (3,)
    search = selection.GridSearchCV(made, {"C": [0.1, 1.0]}, cv=2).fit(features, bad)
    assert search.best_params_["C"] in (0.1, 1.0)
    assert type(base.clone(made)) is linear.LogisticRegression
    assert not ledger.search("kind=model").hits


def test_a_pipeline_takes_it_and_it_takes_a_pipeline(ledger: Ledger) -> None:
    """As the last step it records what reaches it; around a pipeline it records the raw rows."""
    make_pipeline = pytest.importorskip("sklearn.pipeline").make_pipeline
    scaler = pytest.importorskip("sklearn.preprocessing").StandardScaler
    features, bad = frame()
    inside = make_pipeline(scaler(), wrap(linear.LogisticRegression(), ledger, "in", strict=True))
    inside.fit(features, bad).predict(features.head(2))
    assert len(decisions(ledger)) == 2
    around = wrap(make_pipeline(scaler(), linear.LogisticRegression()), ledger, "on", strict=True)
    around.fit(features, bad).predict(features.head(2))
    found = decisions(ledger)
    assert len(found) == 4
    assert set(found[-1].content["inputs"]) == set(FEATURES)


def test_parameters_are_the_estimators_own(ledger: Ledger) -> None:
    """get_params and set_params are transparent, and an unfitted one says so."""
    validation = pytest.importorskip("sklearn.utils.validation")
    made = wrap(linear.Ridge(alpha=2.0), ledger)
    assert made.get_params()["alpha"] == 2.0
    assert made.set_params(alpha=3.0) is made
    assert made.wrapped.alpha == 3.0
    with pytest.raises(pytest.importorskip("sklearn.exceptions").NotFittedError):
        validation.check_is_fitted(made)
    assert not hasattr(made, "predict_proba")
    assert "predict" in dir(made)


def test_a_pickled_one_is_the_plain_estimator(ledger: Ledger) -> None:
    """Another process has no ledger: what arrives there records nothing."""
    made, features = fitted(ledger)
    sent = pickle.loads(pickle.dumps(made))  # noqa: S301  # made on the line itself
    assert type(sent) is linear.LogisticRegression
    assert np.array_equal(sent.predict(features), made.wrapped.predict(features))


def test_a_regressor_tells_its_value(ledger: Ledger) -> None:
    """A number that was predicted is the decision's score."""
    rows, bad = applicants(40)
    made = wrap(linear.Ridge(), ledger, strict=True).fit(rows, bad)
    (value,) = made.predict(rows[:1])
    (found,) = decisions(ledger)
    assert float(found.content["score"]) == float(value)
    assert found.content["outcome"] == "predicted"


def test_what_cannot_be_recorded_does_not_stop_the_work(ledger: Ledger) -> None:
    """An estimator that no safe format holds still fits and predicts; what failed is kept."""

    class Odd(linear.Ridge):  # type: ignore[misc, name-defined]  # no types are shipped
        """Skops does not trust it."""

    rows, bad = applicants(40)
    made = wrap(Odd(), ledger).fit(rows, bad)
    assert made.predict(rows).shape == (40,)
    assert {one.code for one in made.recording_errors} == {"model.untrusted"}
    with pytest.raises(InputError):
        wrap(Odd(), ledger, strict=True).fit(rows, bad)


def test_estimator_checks_that_apply_pass(ledger: Ledger) -> None:
    """Of scikit-learn's own checks, those about fitting and predicting hold for a wrapped one."""
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    for check in (
        checks.check_fit2d_predict1d,
        checks.check_fit2d_1sample,
        checks.check_dict_unchanged,
        checks.check_estimators_unfitted,
        checks.check_n_features_in,
    ):
        check("LogisticRegression", wrap(linear.LogisticRegression(), ledger, rows="none"))


@pytest.mark.parametrize(
    ("estimator", "options", "code"),
    [(object(), {}, "sklearn.estimator"), (linear.Ridge(), {"rows": "all"}, "sklearn.rows")],
)
def test_what_is_no_estimator_is_refused(
    ledger: Ledger, estimator: object, options: dict[str, Any], code: str
) -> None:
    """A class, a function or a mistyped option is told at once."""
    with pytest.raises(InputError) as caught:
        wrap(estimator, ledger, **options)
    assert caught.value.code == code


def test_people_must_be_one_a_row(ledger: Ledger) -> None:
    """Too few ids record nothing at all."""
    made, features = fitted(ledger, person=["ann"])
    with pytest.raises(InputError) as caught:
        made.predict(features)
    assert caught.value.code == "sklearn.person"
    assert isinstance(made, RecordedEstimator)
    assert not decisions(ledger)


def test_a_row_without_a_person_is_not_sealed_for_one_named_none(ledger: Ledger) -> None:
    """A missing id is told; all such rows under one key could never be erased apart."""
    made, features = fitted(ledger, person=["ann", None])
    with pytest.raises(InputError, match="a row without one"):
        made.predict(features.head(2))
    assert not decisions(ledger)


def test_a_target_that_keeps_the_name_of_its_column_is_recorded(ledger: Ledger) -> None:
    """`frame.income > 50` is a series named income; the data set has both."""
    features, _ = frame()
    made = wrap(linear.LogisticRegression(max_iter=500), ledger, strict=True)
    made.fit(features, features.income > 50)
    names = [one.name for one in made.recorded_data.dataset.fingerprint.columns]
    assert names == [*FEATURES, "target income"]


def test_a_table_that_arrow_does_not_take_stops_nobody(ledger: Ledger) -> None:
    """A column of mixed types fits as it does alone; what kept it from being recorded is told."""
    features, bad = frame()
    features["income"] = [1, "2"] * 30
    made = wrap(linear.LogisticRegression(max_iter=500), ledger)
    made.fit(features, bad)
    assert {one.code for one in made.recording_errors} == {"sklearn.recording"}
    strict = wrap(linear.LogisticRegression(max_iter=500), ledger, strict=True)
    with pytest.raises(InputError):
        strict.fit(features, bad)


@pytest.mark.parametrize(("array", "there"), [(False, "income, debt, age"), (True, "no names")])
def test_a_column_of_persons_that_is_not_there_is_named(
    ledger: Ledger, array: bool, there: str
) -> None:
    """The error says which column X does not have, and which it has."""
    features, bad = frame()
    made = wrap(linear.LogisticRegression(max_iter=500), ledger, strict=True, person="customer")
    given = features.to_numpy() if array else features
    made.fit(given, bad)
    with pytest.raises(InputError, match=f"'customer' in X, which has {there}") as caught:
        made.predict(given)
    assert caught.value.code == "sklearn.person"

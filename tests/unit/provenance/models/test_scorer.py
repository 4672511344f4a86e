"""Scores by name of feature, the same from every file of a model; and reasons that add up."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier

from counterfoil.errors import InputError
from counterfoil.provenance.models import (
    Background,
    Scorer,
    agree,
    name_features,
    open_scorer,
)
from tests import models_made
from tests.models_made import FEATURES, rows
from tests.statements import refused

TABLE = models_made.data()[0]
BOOSTER = models_made.booster().model_to_string().encode()


def _open(data: bytes, **options: Any) -> Scorer:
    return open_scorer(data, features=FEATURES, **options)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@pytest.mark.parametrize("zipmap", [True, False, "columns"])
def test_linear_models_score_as_scikit_learn_does(*, zipmap: bool | str) -> None:
    """By skops to the bit, by ONNX to single precision, however it says its probabilities."""
    model = models_made.linear()
    expected = model.predict_proba(TABLE[:50].astype(float))[:, 1]
    assert _open(skops.io.dumps(model)).score_many(rows()) == expected.tolist()
    options = {"zipmap": zipmap}
    exported = to_onnx(model, TABLE[:1], options=options).SerializeToString()
    scorer = _open(exported)
    assert scorer.outcomes[1] in ("True", "1")
    assert scorer.score_many(rows()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("classes", [1, 3])
def test_a_booster_and_its_export_agree(classes: int, *, zipmap: bool) -> None:
    """Scores of every outcome differ by less than single precision; more is told."""
    objective = "multiclass" if classes > 1 else "binary"
    own = _open(models_made.booster(objective, classes).model_to_string().encode())
    export = _open(models_made.booster_onnx(zipmap, classes))
    found = agree(export, own, rows(), tolerance=1e-6)
    assert found.agreed, found.words
    assert own.outcomes == export.outcomes
    other = _open(models_made.booster_onnx(zipmap, classes), outcomes=own.outcomes)
    assert not agree(other, own, rows(), tolerance=0.0).agreed


@given(st.lists(st.floats(-5, 5, width=32), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_tree_shap_adds_up_to_the_score(values: list[float]) -> None:
    """Base + contributions is the raw score, whose logistic is the probability."""
    inputs = dict(zip(FEATURES, values, strict=True))
    said = _open(BOOSTER).explain(inputs)
    raw = models_made.booster().predict(np.array([values]), raw_score=True, num_threads=1)[0]
    assert said.total == pytest.approx(raw, abs=1e-9)
    assert said.base + sum(said.contributions.values()) == pytest.approx(said.total, abs=1e-12)
    assert _logistic(said.total) == pytest.approx(said.score, abs=1e-9)
    assert (said.method, said.unit, said.exact) == ("tree-shap", "log-odds", True)


@pytest.mark.parametrize("target", ["0", "1", "2"])
def test_each_outcome_of_several_is_explained(target: str) -> None:
    """A share for the outcome that was asked for; without one, for the likeliest."""
    booster = models_made.booster("multiclass", 3)
    data = booster.model_to_string().encode()
    scorer, inputs = _open(data, target=target), rows()[3]
    raw = booster.predict(TABLE[3:4], raw_score=True, num_threads=1)[0]
    assert scorer.explain(inputs).total == pytest.approx(raw[int(target)], abs=1e-9)
    likeliest = _open(data)
    assert likeliest.target is None
    assert likeliest.score(inputs) == max(likeliest.scores(inputs).values())
    assert likeliest.explain(inputs).outcome == str(int(raw.argmax()))


def test_the_first_of_two_outcomes_is_explained_by_the_opposite() -> None:
    """Shares for `no` are those for `yes` with the other sign, and sum to its own score."""
    no = _open(BOOSTER, outcomes=["no", "yes"], target="no").explain(rows()[0])
    yes = _open(BOOSTER, outcomes=["no", "yes"]).explain(rows()[0])
    assert no.contributions == {name: -share for name, share in yes.contributions.items()}
    assert _logistic(no.total) == pytest.approx(no.score, abs=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("as_onnx", [True, False])
def test_linear_models_explain_themselves_by_their_coefficients(
    classes: int, *, as_onnx: bool
) -> None:
    """Coefficient x (value - the scaler's mean), summing to the decision function."""
    model = models_made.linear(classes)
    data = to_onnx(model, TABLE[:1]).SerializeToString() if as_onnx else skops.io.dumps(model)
    said = _open(data).explain(rows()[5])
    found = model.decision_function(TABLE[5:6])[0]
    raw = found if classes == 2 else max(found)
    assert said.total == pytest.approx(raw, abs=1e-5)
    assert "the scaler's mean" in said.method
    scaler, last = model[0], model[-1]
    weights = last.coef_[0 if classes == 2 else int(np.argmax(found))]
    shares = weights * (TABLE[5] - scaler.mean_) / scaler.scale_
    assert list(said.contributions.values()) == pytest.approx(shares, abs=1e-5)


def test_a_background_that_was_given_is_what_a_linear_model_compares_with() -> None:
    """Its mean, and its digest is said; base is the score of that mean."""
    background = Background(rows(20))
    said = _open(skops.io.dumps(models_made.linear()), background=background).explain(rows()[0])
    mean = TABLE[:20].astype(float).mean(axis=0)
    assert said.base == pytest.approx(models_made.linear().decision_function([mean])[0], abs=1e-9)
    assert said.background == background.digest
    assert Background.parse(background.content()).digest == background.digest


@pytest.mark.parametrize("as_onnx", [True, False])
def test_a_regression_gives_a_number(*, as_onnx: bool) -> None:
    """It has no outcomes, and its shares sum to the number itself."""
    model = models_made.regression()
    data = to_onnx(model, TABLE[:1]).SerializeToString() if as_onnx else skops.io.dumps(model)
    scorer = _open(data)
    said = scorer.explain(rows()[1])
    assert (scorer.outcomes, scorer.target, said.outcome) == ((), None, "")
    assert said.total == pytest.approx(scorer.score(rows()[1]), abs=1e-4)
    assert scorer.score(rows()[1]) == pytest.approx(model.predict(TABLE[1:2])[0], abs=1e-4)
    own = _open(models_made.booster("regression").model_to_string().encode())
    assert own.explain(rows()[1]).total == pytest.approx(own.score(rows()[1]), abs=1e-9)


@pytest.fixture(scope="module")
def network() -> bytes:
    """Train a small neural network, as ONNX."""
    table, labels = models_made.data()
    trained = MLPClassifier((6,), max_iter=40, solver="lbfgs", random_state=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "lbfgs failed to converge")  # as good as it need be
        trained.fit(table, labels > 0)
    made: bytes = to_onnx(trained, TABLE[:1]).SerializeToString()
    return made


def test_other_models_are_explained_by_sampling(network: bytes) -> None:
    """Shapley values by a stated seed: repeated to the bit, summing to the score."""
    background = Background(rows(10), seed=3, samples=50)
    scorer = _open(network, background=background)
    said, again = scorer.explain(rows()[12]), scorer.explain(rows()[12])
    assert said == again
    assert not said.exact
    assert (said.seed, said.background, said.unit) == (3, background.digest, "probability")
    assert said.total == pytest.approx(said.score, abs=1e-6)
    other = _open(network, background=Background(rows(10), seed=4, samples=50)).explain(rows()[12])
    assert other.contributions != said.contributions
    assert other.base == pytest.approx(said.base)
    with refused("model.background"):
        _open(network).explain(rows()[12])
    for wrong in (Background([]), Background(rows(5), samples=0)):
        with refused("model.background"):
            _open(network, background=wrong).explain(rows()[12])


def test_sampling_finds_the_exact_shares_of_a_linear_score() -> None:
    """Without interactions every order gives one answer: the sampled shares are exact."""
    exported = to_onnx(models_made.regression(), TABLE[:1].astype(float)).SerializeToString()
    exact = _open(skops.io.dumps(models_made.regression()), background=Background(rows(7)))
    sampled = _open(exported, background=Background(rows(7), samples=7))
    left, right = exact.explain(rows()[9]), sampled.explain(rows()[9])
    assert list(left.contributions.values()) == pytest.approx(
        list(right.contributions.values()), abs=1e-4
    )


def test_another_artefact_explains_and_is_named() -> None:
    """A booster explains its export; the explanation says by which digest."""
    booster = _open(BOOSTER)
    export = _open(models_made.booster_onnx(), explainer=booster)
    said = export.explain(rows()[0])
    assert said.explainer == booster.digest != export.digest
    assert said.score == export.score(rows()[0])
    assert _logistic(said.total) == pytest.approx(said.score, abs=1e-6)
    with refused("model.explainer"):
        open_scorer(models_made.booster_onnx(), explainer=booster)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"age": None}, "model.feature-nan", "'age'"),
        ({"age": math.nan}, "model.feature-nan", "'age'"),
        ({"age": math.inf}, "model.feature-range", "'age'"),
        ({"debt": 1e39}, "model.feature-range", "'debt'"),
        ({"age": "39"}, "model.feature-type", "'age', found str"),
        ({"age": [1]}, "model.feature-type", "'age', found list"),
        ({"colour": 1.0}, "model.feature-unknown", "'colour'"),
    ],
)
def test_inputs_that_do_not_fit_are_named(change: dict[str, Any], code: str, says: str) -> None:
    """Which feature, what was expected, what came; never the value, which may be personal."""
    scorer = _open(to_onnx(models_made.linear(), TABLE[:1]).SerializeToString())
    with refused(code):
        scorer.score({**rows()[0], **change})
    with pytest.raises(InputError, match=says):
        scorer.score_many([rows()[0], {**rows()[0], **change}])


@pytest.mark.parametrize("value", ["Ann Lee", ["Ann Lee"], 4.5e38], ids=["text", "list", "number"])
def test_errors_keep_values_to_themselves(value: object) -> None:
    """What a person's input was is in no message, nor in its hint: these end up in logs."""
    scorer = _open(to_onnx(models_made.linear(), TABLE[:1]).SerializeToString())
    with pytest.raises(InputError) as caught:
        scorer.score({**rows()[0], "age": value})
    told = f"{caught.value} {caught.value.hint}"
    assert "Ann" not in told
    assert "4.5" not in told


def test_a_missing_feature_and_what_is_no_mapping() -> None:
    """Both say what the model takes."""
    scorer = _open(BOOSTER)
    with refused("model.feature-missing"):
        scorer.score({"age": 1.0})
    with refused("model.inputs"):
        scorer.score([1.0, 2.0, 3.0, 4.0])  # type: ignore[arg-type]  # what people try
    assert scorer.score_many([]) == []


def test_missing_values_are_taken_where_the_model_knows_them() -> None:
    """Trees send them their way; numbers of NumPy, and whole ones, are numbers."""
    scorer = _open(BOOSTER)
    missing = {**rows()[0], "age": None}
    expected = np.array([[np.nan, *TABLE[0, 1:]]], dtype=float)
    assert scorer.score(missing) == models_made.booster().predict(expected, num_threads=1)[0]
    assert scorer.score({**missing, "age": math.nan}) == scorer.score(missing)
    numpy = {name: np.float32(value) for name, value in rows()[0].items()}
    assert scorer.score(numpy) == scorer.score(rows()[0])
    assert scorer.score({**rows()[0], "age": 2}) == scorer.score({**rows()[0], "age": 2.0})


def test_names_come_from_the_file_or_the_caller() -> None:
    """ONNX metadata holds them; what is given wins; the wrong number is refused."""
    named = name_features(models_made.booster_onnx(), FEATURES, ["no", "yes"])
    scorer = open_scorer(named)
    assert (scorer.features, scorer.outcomes, scorer.target) == (FEATURES, ("no", "yes"), "yes")
    assert open_scorer(models_made.booster_onnx()).features == ("f0", "f1", "f2", "f3")
    assert open_scorer(BOOSTER).features[0] == "Column_0"
    for wrong in (["a"], ["a", "a", "b", "c"]):
        with refused("model.features"):
            open_scorer(named, features=wrong)
    for data in (named, BOOSTER, skops.io.dumps(models_made.linear())):
        with refused("model.outcomes"):
            open_scorer(data, features=FEATURES, outcomes=["only one"])
    with refused("model.outcome"):
        open_scorer(named, target="maybe")


def test_the_runtime_says_what_computed() -> None:
    """Library, its version, and the machine's kind."""
    said = _open(models_made.booster_onnx()).runtime
    assert (said.library, said.version.count(".")) == ("onnxruntime", 2)
    assert said.machine

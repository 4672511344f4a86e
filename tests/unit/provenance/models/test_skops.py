"""scikit-learn's estimators are kept by skops, score the same again, and hold nothing crafted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from sklearn import (
    calibration,
    compose,
    ensemble,
    gaussian_process,
    linear_model,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from counterfoil.errors import InputError
from counterfoil.provenance.models import open_artefact, open_scorer
from counterfoil.provenance.models.estimators import write_estimator
from counterfoil.provenance.models.skops_file import load_skops
from tests.statements import refused

FEATURES = ("age", "income", "debt", "years")
_TREE = tree.DecisionTreeClassifier(max_depth=3, random_state=0)
_LOGISTIC = linear_model.LogisticRegression()
_FOREST = ensemble.RandomForestClassifier(5, random_state=0)
_NEAR = neighbors.KNeighborsClassifier

ESTIMATORS: dict[str, Any] = {
    "ada boost": ensemble.AdaBoostClassifier(_TREE, n_estimators=3, random_state=0),
    "bagging": ensemble.BaggingClassifier(_TREE, 3, max_features=0.5, random_state=0),
    "bayes": naive_bayes.GaussianNB(),
    "calibrated": calibration.CalibratedClassifierCV(_LOGISTIC, cv=2),
    "calibrated isotonic": calibration.CalibratedClassifierCV(_TREE, method="isotonic", cv=2),
    "extra trees": ensemble.ExtraTreesRegressor(3, random_state=0),
    "gaussian process": gaussian_process.GaussianProcessClassifier(),
    "gradient boosting": ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0),
    "grid search": model_selection.GridSearchCV(_FOREST, {"max_depth": [2, 3]}, cv=2),
    "histogram boosting": ensemble.HistGradientBoostingClassifier(max_iter=3),
    "histogram regression": ensemble.HistGradientBoostingRegressor(max_iter=3),
    "isolation forest": ensemble.IsolationForest(n_estimators=3, max_features=0.5, random_state=0),
    "logistic": _LOGISTIC,
    "mlp": neural_network.MLPClassifier((4,), max_iter=200, tol=1, random_state=0),
    "mlp sgd": neural_network.MLPRegressor(
        hidden_layer_sizes=(4,), solver="sgd", tol=1, random_state=0
    ),
    "neighbours": _NEAR(),
    "neighbours ball": _NEAR(algorithm="ball_tree", metric="manhattan"),
    "neighbours brute": _NEAR(algorithm="brute"),
    "neighbours cubic": _NEAR(p=3, algorithm="kd_tree"),
    "one of many": multiclass.OneVsRestClassifier(_TREE),
    "pipeline": make_pipeline(SimpleImputer(), SelectKBest(k=2), _FOREST),
    "random forest": _FOREST,
    "ridge": linear_model.Ridge(),
    "scaled": make_pipeline(preprocessing.StandardScaler(), _LOGISTIC),
    "stacking": ensemble.StackingClassifier([("t", _TREE)], cv=2),
    "svm": svm.SVC(),
    "tree": _TREE,
    "tree of several": tree.DecisionTreeRegressor(max_depth=3, random_state=0),
    "voting": ensemble.VotingClassifier([("t", _TREE), ("l", _LOGISTIC)], voting="soft"),
}


def data() -> tuple[Any, Any]:
    chance = np.random.default_rng(7)
    rows = chance.normal(size=(80, 4))
    return rows, (rows[:, 0] - 0.5 * rows[:, 1] > 0).astype(int)


def fitted(name: str) -> Any:
    return import_module("sklearn.base").clone(ESTIMATORS[name]).fit(*data())


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_was_kept_scores_the_same_again(name: str) -> None:
    """Bit for bit, through the scorer, by name of feature."""
    model = fitted(name)
    rows, _ = data()
    scorer = open_scorer(open_artefact(write_estimator(model)), features=FEATURES)
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, method):
            break
    for row in rows[:10]:
        expected = np.asarray(getattr(model, method)(row[None]), np.float64).ravel()[-1]
        assert scorer.score(dict(zip(FEATURES, map(float, row), strict=True))) == expected


@pytest.mark.parametrize("name", ["logistic", "random forest", "neighbours", "mlp"])
def test_one_estimator_has_one_digest(name: str) -> None:
    """Written twice, and after another fit on the same data, it is the same bytes."""
    model = fitted(name)
    first = open_artefact(write_estimator(model)).digest
    assert open_artefact(write_estimator(model)).digest == first
    assert open_artefact(write_estimator(fitted(name))).digest == first


@pytest.mark.parametrize("name", ["logistic", "pipeline", "random forest", "voting"])
def test_what_was_not_fitted_is_refused(name: str) -> None:
    """A model that learned nothing is no model."""
    with refused("model.unfitted"):
        write_estimator(import_module("sklearn.base").clone(ESTIMATORS[name]))


# Crafted files ---------------------------------------------------------------------------------


def rewritten(model: Any, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Write a model and change its schema."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(write_estimator(model))) as old, zipfile.ZipFile(made, "w") as new:
        schema = json.loads(old.read("schema.json"))
        for node in nodes_of(schema):
            change(node)
        for name in old.namelist():
            new.writestr(name, json.dumps(schema) if name == "schema.json" else old.read(name))
    return made.getvalue()


def nodes_of(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [node for one in value for node in nodes_of(one)]
    if not isinstance(value, dict):
        return []
    own = [value] if "__loader__" in value else []
    return own + [node for one in value.values() for node in nodes_of(one)]


def bent_tree(field: str, value: int, **state: int) -> Any:
    """Grow a tree and set one field of its root, or of its state."""
    model = fitted("tree")
    kind, arguments, found = model.tree_.__reduce__()
    if field:
        found["nodes"][field][0] = value
    model.tree_ = kind(*arguments)
    model.tree_.__setstate__({**found, **state})
    return model


def bent_boosting(field: str, value: int) -> Any:
    model = fitted("histogram boosting")
    nodes = model._predictors[0][0].nodes.copy()
    nodes[field][0] = value
    model._predictors[0][0].nodes = nodes
    return model


def narrow_forest() -> Any:
    model = fitted("random forest")
    model.n_features_in_ = 2
    return model


def wide_stages() -> Any:
    model = fitted("gradient boosting")
    model.estimators_ = np.repeat(model.estimators_, 3, axis=1)
    return model


def bent_search() -> Any:
    model = fitted("neighbours cubic")
    state = list(model._tree.__getstate__())
    state[1] = state[1] + 1_000_000
    model._tree = type(model._tree)([[0.0, 0.0, 0.0, 0.0]])
    model._tree.__setstate__(tuple(state))
    return model


CRAFTED: dict[str, Callable[[], Any]] = {
    "child beyond": lambda: bent_tree("left_child", 1_000_000),
    "child before": lambda: bent_tree("right_child", 0),
    "feature beyond": lambda: bent_tree("feature", 4),
    "feature below": lambda: bent_tree("feature", -3),
    "boosted child beyond": lambda: bent_boosting("left", 1_000_000),
    "boosted child before": lambda: bent_boosting("right", 0),
    "boosted feature": lambda: bent_boosting("feature_idx", 99),
    "boosted category": lambda: bent_boosting("is_categorical", 1),
    "forest narrower than its trees": narrow_forest,
    "more trees than scores": wide_stages,
    "search tree": bent_search,
}


@pytest.mark.parametrize("name", CRAFTED)
def test_what_compiled_code_would_follow_out_of_bounds_is_refused(name: str) -> None:
    """scikit-learn itself would read other memory, or never end."""
    with pytest.raises(InputError, match="crafted or damaged") as caught:
        load_skops(write_estimator(CRAFTED[name]()), "the file")
    assert caught.value.code == "model.skops"


def test_a_tree_that_hides_nodes_is_refused() -> None:
    """It says that it has fewer nodes than lie there, and the check would not see the others."""

    def change(node: dict[str, Any]) -> None:
        if node["__loader__"] == "TreeNode":
            count = node["content"]["content"]["node_count"]
            count |= {"content": "1", "__id__": 10**9}  # an id that no other node has

    with pytest.raises(InputError, match="crafted or damaged"):
        load_skops(rewritten(fitted("tree"), change), "the file")


@pytest.mark.parametrize("outputs", ["100000", "-1", "0", "1.5"])
def test_a_tree_with_other_outputs_is_refused_before_it_is_made(outputs: str) -> None:
    """Making it would already read what is not there."""

    def change(node: dict[str, Any]) -> None:
        if node["__loader__"] == "TreeNode":
            node["__reduce__"]["args"]["content"][2]["content"] = outputs
            node["__reduce__"]["args"]["content"][2]["__id__"] = 10**9

    with pytest.raises(InputError, match="crafted or damaged"):
        load_skops(rewritten(fitted("tree"), change), "the file")


def test_a_compiled_type_in_another_form_is_refused() -> None:
    """A call with arguments of one's choice is not how skops writes a tree."""

    def change(node: dict[str, Any]) -> None:
        if node["__loader__"] == "TreeNode":
            node["__loader__"] = "ConstructorFromReduceNode"
            node["content"] = node["__reduce__"]["args"]

    def argue(node: dict[str, Any]) -> None:
        if node["__loader__"] == "TreeNode":
            node["__reduce__"]["args"]["__loader__"] = "ListNode"
            node["__reduce__"]["args"]["__class__"] = "list"

    for one in (change, argue):
        with pytest.raises(InputError, match="crafted file"):
            load_skops(rewritten(fitted("tree"), one), "the file")


def test_a_text_in_place_of_a_number_is_refused_behind_encoders() -> None:
    """Of a ColumnTransformer's inputs those alone may be text that learned text."""
    rows = [[float(at % 17), at % 3, "ab"[at % 2]] for at in range(60)]
    encoder = compose.ColumnTransformer(
        [
            ("scaled", preprocessing.StandardScaler(), [0]),
            ("whole", preprocessing.OneHotEncoder(handle_unknown="ignore"), [1]),
            ("text", preprocessing.OneHotEncoder(handle_unknown="ignore"), [2]),
        ]
    )
    table = np.array(rows, dtype=object)
    model = make_pipeline(encoder, _LOGISTIC).fit(table, [at % 2 for at in range(60)])
    names = ("income", "children", "city")
    scorer = open_scorer(open_artefact(write_estimator(model)), features=names)
    expected = model.predict_proba(np.array([[5.0, 1, "b"]], dtype=object))[0, 1]
    asked: dict[str, Any] = {"income": 5.0, "children": 1, "city": "b"}
    assert scorer.score(asked) == expected
    for name in ("income", "children"):
        with pytest.raises(InputError, match=name) as caught:
            scorer.score({**asked, name: "5"})
        assert caught.value.code == "model.feature-type"

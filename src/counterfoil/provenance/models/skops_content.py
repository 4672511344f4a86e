"""Hold what compiled code of scikit-learn follows to its bounds, before anybody computes with it.

A tree's nodes name their children and features by number, and scikit-learn follows them without
looking: a crafted file could read memory that is not the model's, or never end. Trees are checked
node by node, and against the width of the estimator that calls them; search trees are grown again
from their own data and compared. This module refuses whatever does not hold, and repairs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from counterfoil.provenance.models.extra import need

__all__ = ["check_constructor", "check_content"]

_LEAF: Final = -1


def check_constructor(arguments: Any) -> None:
    """Check what a tree is made with, before it is made: features, classes of each output, outputs.

    Raises ValueError.
    """
    np: Any = need("numpy")
    features, classes, outputs = arguments
    _hold(type(features) is int and type(outputs) is int, "whole numbers make a tree")
    _hold(features > 0 and outputs > 0, "a tree of features and outputs")
    _hold(isinstance(classes, np.ndarray) and classes.shape == (outputs,), "classes of each output")
    _hold(bool((classes > 0).all()), "classes of each output")


def check_content(objects: Iterable[Any]) -> None:
    """Check all objects of a loaded estimator. Raises ValueError for what does not hold."""
    found = list(objects)
    for one in found:
        name = type(one).__name__
        if name == "Tree":
            _check_tree(one)
        elif name in ("KDTree", "BallTree"):
            _check_search_tree(one)
    for one in found:
        if _has_tree(one):
            _same_width(one, one.tree_.n_features)
        if hasattr(one, "_predictors"):
            _check_predictors(one)
        if hasattr(one, "estimators_") and _calls_trees(one):
            _check_ensemble(one)
    for one in found:
        if _is(one, "sklearn.ensemble._gb", "BaseGradientBoosting"):
            _check_stages(one)


def _check_tree(tree: Any) -> None:
    _hold(tree.node_count == tree.capacity > 0, "as many nodes as it says")
    _check_nodes(tree.children_left != _LEAF, tree.children_left, tree.children_right)
    inner = tree.children_left != _LEAF
    _hold(bool((tree.children_right[~inner] == _LEAF).all()), "leaves without children")
    features = tree.feature[inner]
    _hold(bool(((features >= 0) & (features < tree.n_features)).all()), "features that are there")


def _check_nodes(inner: Any, left: Any, right: Any) -> None:
    """Check that every child stands behind its parent, so that each way down ends at a leaf."""
    np: Any = need("numpy")
    at = np.flatnonzero(inner)
    for children in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        _hold(bool(((children > at) & (children < len(inner))).all()), "children behind parents")


def _check_predictors(model: Any) -> None:
    """Check the trees of histogram gradient boosting, which know no width themselves."""
    _hold(getattr(model, "_preprocessor", None) is None, "no features that are categories")
    for predictor in (one for row in model._predictors for one in row):
        nodes = predictor.nodes
        _hold(len(nodes) > 0, "trees with nodes")
        inner = nodes["is_leaf"] == 0
        _check_nodes(inner, nodes["left"], nodes["right"])
        features = nodes["feature_idx"][inner]
        _hold(bool(((features >= 0) & (features < _width(model))).all()), "features that are there")
        _hold(not nodes["is_categorical"].any(), "no features that are categories")


def _check_ensemble(model: Any) -> None:
    """Check that trees which are called without a look at their inputs have the right width."""
    np: Any = need("numpy")
    trees = list(np.ravel(np.asarray(model.estimators_, dtype=object)))
    chosen = getattr(model, "estimators_features_", None)
    for at, tree in enumerate(trees):
        if not _has_tree(tree):
            continue
        if chosen is None:
            _same_width(model, tree.tree_.n_features)
        else:
            features = np.asarray(chosen[at])
            _hold(len(features) == tree.tree_.n_features <= _width(model), "trees of its width")


def _check_stages(model: Any) -> None:
    """Check that gradient boosting has room for the scores of all trees of a stage."""
    np: Any = need("numpy")
    stages = model.estimators_
    _hold(isinstance(stages, np.ndarray) and stages.ndim == 2, "stages of trees")
    _hold(all(map(_has_tree, stages.flat)), "stages of trees")
    first = model._raw_predict_init(np.zeros((1, _width(model)), np.float32))
    _hold(first.shape == (1, stages.shape[1]), "as many scores as trees of a stage")


def _check_search_tree(tree: Any) -> None:
    """Grow a search tree again from its own data and compare: the same data give the same tree."""
    np: Any = need("numpy")
    data, *_, metric, weights = tree.__getstate__()
    name = type(metric).__name__.removesuffix("Distance64").lower()
    power, vector, _ = metric.__getstate__()
    options = {"p": power} if name == "minkowski" else {}
    _hold(name != "minkowski" or np.size(vector) == 0, "distances without weights")
    leaf = tree.__getstate__()[4]
    again = type(tree)(data, leaf_size=leaf, metric=name, sample_weight=weights, **options)
    for ours, theirs in zip(again.__getstate__()[:7], tree.__getstate__()[:7], strict=True):
        same = ours == theirs if np.isscalar(ours) else _same_bytes(ours, theirs)
        _hold(bool(same), "the search tree that its data give")


def _same_bytes(one: Any, other: Any) -> bool:
    np: Any = need("numpy")
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.names:
        return all(_same_bytes(one[name], other[name]) for name in one.dtype.names)
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _has_tree(model: Any) -> bool:
    return type(getattr(model, "tree_", None)).__name__ == "Tree"


def _calls_trees(model: Any) -> bool:
    return any(
        _is(model, module, name)
        for module, name in (
            ("sklearn.ensemble._forest", "BaseForest"),
            ("sklearn.ensemble._gb", "BaseGradientBoosting"),
            ("sklearn.ensemble._bagging", "BaseBagging"),
        )
    )


def _is(model: Any, module: str, name: str) -> bool:
    return isinstance(model, getattr(need(module), name))


def _width(model: Any) -> int:
    """Give how many features an estimator takes: it lets no other number of them in."""
    found = getattr(model, "n_features_in_", None)
    _hold(isinstance(found, int) and found > 0, "estimators that know their features")
    return int(found or 0)


def _same_width(model: Any, width: int) -> None:
    _hold(_width(model) == width, "trees of its width")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"a crafted or damaged file: expected {what}")

"""Types of scikit-learn that skops does not trust by itself, reviewed one by one.

`PLAIN` types are Python classes that hold values and do nothing when they are made. `COMPILED`
types hold arrays that compiled code follows without looking at bounds: those are loaded only in
the form that skops writes, and `skops_content` holds their arrays to their bounds before anybody
computes with them. This module refuses functions that do more than compute from their arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COMPILED", "PLAIN", "TRUSTED"]

_KERNELS: Final = (
    "CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared", "Exponentiation", "Matern",
    "PairwiseKernel", "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
)  # fmt: skip
_SPLITS: Final = (
    "GroupKFold", "KFold", "LeaveOneOut", "RepeatedKFold", "RepeatedStratifiedKFold",
    "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold", "StratifiedShuffleSplit",
    "TimeSeriesSplit",
)  # fmt: skip
_SCORES: Final = ("chi2", "f_classif", "f_regression", "mutual_info_classif",
                  "mutual_info_regression")  # fmt: skip
_METRICS: Final = ("Chebyshev", "Euclidean", "Manhattan", "Minkowski")

PLAIN: Final = frozenset(
    {
        "sklearn._loss.loss.HalfTweedieLoss",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.cluster._bisect_k_means._BisectingTree",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.multiclass._ConstantPredictor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.utils._bunch.Bunch",
        *(f"sklearn.gaussian_process.kernels.{name}" for name in _KERNELS),
        *(f"sklearn.model_selection._split.{name}" for name in _SPLITS),
        *(f"sklearn.feature_selection._univariate_selection.{name}" for name in _SCORES),
    }
)
"""Python classes that hold values, and functions of numbers."""

COMPILED: Final[Mapping[str, str]] = {
    "numpy.dtype": "DTypeNode",
    "sklearn.tree._tree.Tree": "TreeNode",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": "ObjectNode",
    "sklearn.neighbors._ball_tree.BallTree": "ObjectNode",
    "sklearn.neighbors._kd_tree.KDTree": "ObjectNode",
    **{f"sklearn.metrics._dist_metrics.{name}Distance64": "ObjectNode" for name in _METRICS},
}
"""Compiled types -> the one node of skops that may make them."""

TRUSTED: Final = tuple(sorted(PLAIN | COMPILED.keys()))
"""What is trusted beside what skops trusts."""

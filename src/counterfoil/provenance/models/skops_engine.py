"""Run a scikit-learn estimator that skops wrote, and read the linear ones.

This module refuses estimators that neither predict nor decide, and types that skops does not trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError, Unavailable
from counterfoil.provenance.models.engine import Contributions, Linear, runtime_of
from counterfoil.provenance.models.extra import need
from counterfoil.provenance.models.inputs import Columns, Kind, check_names
from counterfoil.provenance.models.skops_file import load_skops

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SkopsEngine", "features_of", "outcomes_of"]

_TAKES_TEXT: Final = ("ColumnTransformer", "Encoder", "Vectorizer", "HistGradientBoosting")
_SCALERS: Final = ("StandardScaler",)


class SkopsEngine:
    """An estimator or pipeline; see `Engine`."""

    def __init__(
        self, data: bytes, features: Sequence[str] | None, outcomes: Sequence[str] | None
    ) -> None:
        self._numpy: Any = need("numpy")
        self._model = load_skops(data, "the skops file")
        method = _method_of(self._model)
        self._predict = getattr(self._model, method)
        own = features_of(self._model)
        names = check_names(features, own, len(own) or len(features or ()))
        kinds = _kinds(self._model, len(names))
        self.columns = Columns(names, kinds, missing=_takes_nan(self._model))
        self._own = own if hasattr(self._model, "feature_names_in_") else ()
        self.outcomes = self._named(outcomes, method)
        self.unit = {"predict_proba": "probability", "decision_function": "margin"}.get(
            method, "score"
        )
        self.runtime = runtime_of("scikit-learn")

    def values(self, rows: Sequence[Sequence[Any]]) -> Floats:
        """Compute probabilities, margins, or the number that a regression predicts."""
        np = self._numpy
        try:
            found: Floats = np.asarray(self._predict(self._table(rows)), np.float64)
        except (ValueError, TypeError) as err:
            raise InputError(
                "model.inputs",
                f"expected inputs that the estimator takes, but: {str(err)[:300]!a}",
                hint="Convert them as in training, before the decision.",
            ) from err
        found = found.reshape(len(rows), -1)
        if found.shape[1] == 1 and len(self.outcomes) == 2:  # the margin of the second outcome
            both: Floats = np.column_stack((-found[:, 0], found[:, 0]))
            return both
        return found

    def contributions(self, row: Sequence[Any], target: int) -> Contributions | None:  # noqa: ARG002  # the protocol's
        """scikit-learn explains linear models alone, by their coefficients."""
        return None

    def linear(self, target: int) -> Linear | None:
        """Read the coefficients of a scaler and a linear model."""
        steps = [step for step in _steps(self._model) if type(step).__name__ != "Pipeline"]
        scaler = steps.pop(0) if type(steps[0]).__name__ in _SCALERS else None
        if len(steps) != 1 or not hasattr(steps[0], "coef_") or hasattr(steps[0], "dual_coef_"):
            return None
        found = self._coefficients(steps[0], target)
        if found is None or scaler is None:
            return found
        np = self._numpy
        width = len(self.columns.names)
        scale = np.ones(width) if scaler.scale_ is None else np.asarray(scaler.scale_)
        mean = np.zeros(width) if scaler.mean_ is None else np.asarray(scaler.mean_)
        weights = np.asarray(found.coefficients) / scale
        intercept = found.intercept - float(weights @ mean)
        said = None if scaler.mean_ is None else mean.tolist()
        what = "the scaler's mean" if said else ""
        return Linear(weights.tolist(), intercept, found.unit, said, what)

    def _coefficients(self, model: Any, target: int) -> Linear | None:
        np = self._numpy
        table = np.atleast_2d(np.asarray(model.coef_, np.float64))
        intercepts = np.broadcast_to(np.atleast_1d(model.intercept_), (len(table),))
        if table.shape[1] != len(self.columns.names):
            return None
        unit = {"probability": "log-odds", "margin": "margin"}.get(self.unit, "score")
        if len(table) == 1:
            sign = -1.0 if len(self.outcomes) == 2 and target == 0 else 1.0
            return Linear((sign * table[0]).tolist(), sign * float(intercepts[0]), unit)
        if len(table) != len(self.outcomes):
            return None
        unit = "logit" if self.unit == "probability" else unit
        return Linear(table[target].tolist(), float(intercepts[target]), unit)

    def _table(self, rows: Sequence[Sequence[Any]]) -> Any:
        np = self._numpy
        dtype = "float64" if set(self.columns.kinds) <= {"number"} else "object"
        if not self._own:
            return np.asarray(rows, dtype)
        if find_spec("pandas") is None:
            raise Unavailable(
                "extra.missing",
                "expected pandas for an estimator that knows its columns by name, found none",
                hint="Install it: pip install pandas, or train on an array without names.",
            )
        pandas: Any = need("pandas")
        table = pandas.DataFrame(np.asarray(rows, dtype), columns=list(self._own))
        return table if dtype == "float64" else table.infer_objects()

    def _named(self, given: Sequence[str] | None, method: str) -> tuple[str, ...]:
        own = outcomes_of(self._model) if method != "predict" else ()
        if given and len(given) != len(own):
            raise InputError(
                "model.outcomes",
                f"expected {len(own)} outcomes, found {len(given)}",
                hint="Name them in the order of the estimator's classes_.",
            )
        return tuple(given or own)


def features_of(model: Any) -> tuple[str, ...]:
    """Name the features of an estimator: its own names, else x0, x1, ... as scikit-learn does."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple(map(str, names))
    return tuple(f"x{at}" for at in range(int(getattr(model, "n_features_in_", 0))))


def outcomes_of(model: Any) -> tuple[str, ...]:
    """Name what a classifier can say; nothing for a regression."""
    return tuple(map(str, getattr(model, "classes_", ())))


def _steps(model: Any) -> Iterator[Any]:
    """List an estimator, or a pipeline's steps in order, those that do nothing left out."""
    if type(model).__name__ == "Pipeline":
        for _, step in model.steps:
            if step not in (None, "passthrough"):
                yield from _steps(step)
    else:
        yield model


def _kinds(model: Any, width: int) -> tuple[Kind, ...]:
    """Tell of each input whether it may be text: where what takes it first learned text.

    An encoder says so by its categories; of others that may take text, any value is let through.
    """
    steps = list(_steps(model))
    first = steps[0] if steps else model
    places = getattr(first, "_transformer_to_input_indices", None)
    if type(first).__name__ != "ColumnTransformer" or not isinstance(places, dict):
        text = any(part in type(step).__name__ for step in steps for part in _TAKES_TEXT)
        kind: Kind = "any" if text else "number"
        return (kind,) * width
    found: list[Kind] = ["number"] * width
    for name, step, _ in first.transformers_:
        where = list(places.get(name, ()))
        for at, kind in zip(where, _kinds_of(step, len(where)), strict=True):
            if kind == "any" and at < width:
                found[at] = "any"
    return tuple(found)


def _kinds_of(step: Any, width: int) -> tuple[Kind, ...]:
    """Tell the same of the columns that a transformer of a ColumnTransformer takes."""
    if isinstance(step, str):  # passed through or dropped
        passed: Kind = "any" if step == "drop" else "number"
        return (passed,) * width
    for one in _steps(step):
        learned = getattr(one, "categories_", None)
        if learned is not None and len(learned) == width:
            kinds: list[Kind] = ["any" if _has_text(values) else "number" for values in learned]
            return tuple(kinds)
    return _kinds(step, width)


def _has_text(values: Any) -> bool:
    return values.dtype.kind in "US" or any(isinstance(one, str) for one in values)


def _method_of(model: Any) -> str:
    for name in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, name):
            return name
    raise InputError(
        "model.not-scorable",
        f"expected an estimator that predicts, found {type(model).__name__}",
        hint="Record a fitted classifier or regressor, or a pipeline that ends in one.",
    )


def _takes_nan(model: Any) -> bool:
    utils: Any = need("sklearn.utils")
    return bool(utils.get_tags(model).input_tags.allow_nan)

"""Write a trained model as an artefact: scikit-learn by skops, LightGBM as its text.

This module refuses to pickle, and what was not fitted.
"""

from __future__ import annotations

from typing import Any

from counterfoil.errors import InputError
from counterfoil.provenance.models.extra import need
from counterfoil.provenance.models.skops_bytes import same_each_time

__all__ = ["outcomes_learned", "write_estimator"]


def write_estimator(model: Any) -> bytes:
    """Write a scikit-learn estimator, a LightGBM booster, or an ONNX model in memory.

    The same estimator gives the same bytes each time. Raises InputError with code model.kind,
    model.unfitted or model.skops, Unavailable with code extra.missing.
    """
    kind = type(model)
    if kind.__module__.partition(".")[0] == "lightgbm":
        booster = model if hasattr(model, "model_to_string") else _fitted(model)
        text: str = booster.model_to_string()
        return text.encode()
    if kind.__name__ == "ModelProto" and hasattr(model, "SerializeToString"):
        data: bytes = model.SerializeToString()
        return data
    if not hasattr(model, "get_params") or not hasattr(model, "fit"):
        raise InputError(
            "model.kind",
            f"expected a path, bytes, a scikit-learn estimator, a LightGBM booster or an ONNX "
            f"model, found {kind.__module__}.{kind.__name__}",
            hint="Save it as ONNX, and record the file.",
        )
    _require_fitted(model)
    skops: Any = need("skops.io")
    try:
        written = same_each_time(skops.dumps(model))
    except Exception as err:  # skops raises whatever an attribute raises
        raise InputError(
            "model.skops",
            f"expected an estimator that skops can write, but: {str(err)[:200]!a}",
            hint="Convert it with skl2onnx.to_onnx(model, X), and record the ONNX file.",
        ) from err
    return written


def outcomes_learned(model: Any) -> tuple[str, ...] | None:
    """Name the classes that a LightGBM classifier learned: its text knows them by number alone."""
    if type(model).__module__.partition(".")[0] != "lightgbm":
        return None
    classes = getattr(model, "classes_", None)
    return None if classes is None else tuple(map(str, classes))


def _fitted(model: Any) -> Any:
    try:
        return model.booster_
    except Exception as err:  # lightgbm's own NotFittedError
        raise _unfitted(model) from err


def _require_fitted(model: Any) -> None:
    validation: Any = need("sklearn.utils.validation")
    unfitted: Any = need("sklearn.exceptions").NotFittedError
    try:
        validation.check_is_fitted(model)
    except unfitted as err:
        raise _unfitted(model) from err
    except TypeError:  # not scikit-learn's, though it looks so
        return


def _unfitted(model: Any) -> InputError:
    return InputError(
        "model.unfitted",
        f"expected a fitted model, found {type(model).__name__} before its fit",
        hint="Call fit(X, y) first, and record what it learned.",
    )

"""Run a LightGBM text model, and ask it for its exact contributions.

`pred_contrib` is TreeSHAP (Lundberg et al., 2020) in the model's raw score. This module refuses to
read a model that `lightgbm_text` has not read: LightGBM trusts its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models.engine import Contributions, Linear, runtime_of
from counterfoil.provenance.models.extra import need
from counterfoil.provenance.models.inputs import Columns, Kind, check_names
from counterfoil.provenance.models.lightgbm_text import read_lightgbm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["LightgbmEngine"]

_BINARY: Final = ("binary", "cross_entropy", "xentropy")
_LOG: Final = ("poisson", "gamma", "tweedie")


class LightgbmEngine:
    """A booster in one thread; see `Engine`."""

    def __init__(
        self, data: bytes, features: Sequence[str] | None, outcomes: Sequence[str] | None
    ) -> None:
        read = read_lightgbm(data)
        lightgbm: Any = need("lightgbm")
        self._numpy: Any = need("numpy")
        try:
            self._booster = lightgbm.Booster(model_str=data.decode())
        except Exception as err:  # lightgbm raises its own errors, and what its parser meets
            raise InputError(
                "model.lightgbm",
                f"expected a model that LightGBM can read, but: {str(err)[:200]!a}",
                hint="Write it anew with booster.save_model(path).",
            ) from err
        names = check_names(features, read.features, len(read.features))
        categories = {
            named: {value: code for code, value in enumerate(read.categories[own])}
            for named, own in zip(names, read.features, strict=True)
            if own in read.categories
        }
        kinds: tuple[Kind, ...] = tuple("number" for _ in names)
        self.columns = Columns(names, kinds, missing=True, categories=categories)
        self._objective = read.objective.partition(" ")[0]
        self._classes = read.classes
        self.outcomes = self._named(outcomes)
        self.unit = "probability" if self.outcomes else "score"
        self.runtime = runtime_of("lightgbm")
        self._linear_trees = b"\nis_linear=1\n" in data

    def values(self, rows: Sequence[Sequence[Any]]) -> Floats:
        """Compute probabilities, or the number that a regression predicts."""
        np = self._numpy
        table = np.asarray(rows, np.float64)
        found: Floats = np.asarray(self._booster.predict(table, num_threads=1), np.float64)
        if self._classes > 1:
            return found
        if not self.outcomes:
            return found.reshape(-1, 1)
        both: Floats = np.column_stack((1.0 - found, found))
        return both

    def contributions(self, row: Sequence[Any], target: int) -> Contributions | None:
        """Explain by TreeSHAP; None for trees with linear leaves, which it does not know."""
        if self._linear_trees:
            return None
        np = self._numpy
        found = self._booster.predict(
            np.asarray([row], np.float64), pred_contrib=True, num_threads=1
        )[0]
        count = len(self.columns.names) + 1
        block = found[target * count : (target + 1) * count] if self._classes > 1 else found
        shares, base = block[:-1].tolist(), float(block[-1])
        if self._classes == 1 and self.outcomes and target == 0:  # the first of two outcomes
            shares, base = [-share for share in shares], -base
        return Contributions("tree-shap", self._raw_unit(), base, shares)

    def linear(self, target: int) -> Linear | None:  # noqa: ARG002  # the protocol's
        """Trees are not linear."""
        return None

    def _raw_unit(self) -> str:
        if self._classes > 1:
            return "logit"
        if self._objective in _BINARY:
            return "log-odds"
        return "log" if self._objective in _LOG else "score"

    def _named(self, given: Sequence[str] | None) -> tuple[str, ...]:
        count = self._classes if self._classes > 1 else 2 * (self._objective in _BINARY)
        if not given:
            return tuple(map(str, range(count)))
        if len(given) != count or len(set(given)) != count:
            raise InputError(
                "model.outcomes",
                f"expected {count} different outcomes, found {len(given)}",
                hint="Name them in the order of the labels in training.",
            )
        return tuple(given)

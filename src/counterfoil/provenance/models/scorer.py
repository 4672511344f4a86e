"""Score with a recorded model, by name of its features, and say why.

The same for every format: inputs are checked by name, one outcome is the score's, and an
explanation adds up to the model's raw score. This module refuses models whose bytes were not
looked at first: a scorer is opened from an `Artefact`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from counterfoil.errors import InputError
from counterfoil.provenance.models.artefact import Artefact, open_artefact
from counterfoil.provenance.models.engine import Engine
from counterfoil.provenance.models.explained import Background, Explained
from counterfoil.provenance.models.explaining import explain
from counterfoil.provenance.models.lightgbm_engine import LightgbmEngine
from counterfoil.provenance.models.onnx_engine import OnnxEngine
from counterfoil.provenance.models.skops_engine import SkopsEngine

__all__ = ["Scorer", "open_scorer"]


class Scorer:
    """A model, ready to score; safe for threads.

    artefact: what it was opened from. features: names of its inputs, in order. outcomes: what it
    can say; none for a number. target: the outcome whose score `score` is; the second of two, and
    None where that is the likeliest of several, or there is none. unit: of the score. runtime:
    what computes it.
    """

    def __init__(
        self,
        artefact: Artefact,
        engine: Engine,
        target: str | None = None,
        background: Background | None = None,
        explainer: Scorer | None = None,
    ) -> None:
        self.artefact, self._engine = artefact, engine
        self._background, self._explainer = background, explainer
        self.features = engine.columns.names
        self.outcomes, self.runtime, self.unit = engine.outcomes, engine.runtime, engine.unit
        self.target = self._target(target)
        self._column = None if self.target is None else self.outcomes.index(self.target)
        if self._column is None and not self.outcomes:
            self._column = 0
        self._check_explainer()

    def __repr__(self) -> str:
        """Show what is scored, from what."""
        said = f"Scorer({self.artefact.format!r}, digest={self.digest!r}, "
        return f"{said}features={self.features!r}, outcomes={self.outcomes!r})"

    @property
    def digest(self) -> str:
        """The artefact's digest."""
        return self.artefact.digest

    def score(self, inputs: Mapping[str, Any]) -> float:
        """Score one row.

        inputs: feature -> value: a number or text, as the model was trained on; None is missing.
        Raises InputError with code model.inputs, model.feature-missing, model.feature-unknown,
        model.feature-type, model.feature-nan, model.feature-range or model.feature-category, each
        naming the feature.
        """
        found = self._engine.values([self._engine.columns.row(inputs)])[0]
        return float(found[self._column] if self._column is not None else found.max())

    def score_many(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """Score many rows at once. Raises as `score`; the message names the row, from 0."""
        if not rows:
            return []
        found = self._engine.values(self._engine.columns.rows(rows))
        column = found[:, self._column] if self._column is not None else found.max(axis=1)
        return list(map(float, column))

    def scores(self, inputs: Mapping[str, Any]) -> dict[str, float]:
        """Score one row for every outcome; under an empty name for a number. Raises as `score`."""
        found = self._engine.values([self._engine.columns.row(inputs)])[0]
        return dict(zip(self.outcomes or ("",), map(float, found), strict=True))

    def table(self, rows: Sequence[Mapping[str, Any]]) -> list[list[float]]:
        """Score many rows for every outcome: one list a row. Raises as `score_many`."""
        if not rows:
            return []
        found: list[list[float]] = self._engine.values(self._engine.columns.rows(rows)).tolist()
        return found

    def explain(self, inputs: Mapping[str, Any]) -> Explained:
        """Say why a row's score is what it is.

        By TreeSHAP for LightGBM, by coefficients for a linear model, by another artefact where one
        explains this one, else by sampling against the background. Raises as `score`, and
        InputError with code model.background where none of these is there.
        """
        row = self._engine.columns.row(inputs)
        values = self._engine.values([row])[0]
        column = int(values.argmax()) if self._column is None else self._column
        outcome = self.outcomes[column] if self.outcomes else ""
        if self._explainer is not None:
            return self._explainer.explain_as(inputs, outcome, float(values[column]))
        return explain(self._engine, row, column, float(values[column]), self._background)

    def explain_as(self, inputs: Mapping[str, Any], outcome: str, score: float) -> Explained:
        """Explain another artefact's score of an outcome; the result names this artefact."""
        row = self._engine.columns.row(inputs)
        column = self.outcomes.index(outcome) if outcome else 0
        found = explain(self._engine, row, column, score, self._background)
        return replace(found, explainer=self.artefact.digest)

    def _target(self, target: str | None) -> str | None:
        if target is None:
            return self.outcomes[1] if len(self.outcomes) == 2 else None
        if target not in self.outcomes:
            raise InputError(
                "model.outcome",
                f"expected one of the outcomes {', '.join(self.outcomes)[:200] or 'none'}, found "
                f"{target[:80]!a}",
                hint="`counterfoil model get` shows what a model can say.",
            )
        return target

    def _check_explainer(self) -> None:
        other = self._explainer
        if other is not None and (other.features, other.outcomes) != (self.features, self.outcomes):
            raise InputError(
                "model.explainer",
                "expected an explainer with the same features and outcomes, found others",
                hint="Give features= and outcomes= for both, in the same order.",
            )


def open_scorer(
    artefact: Artefact | bytes,
    *,
    features: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    target: str | None = None,
    background: Background | None = None,
    explainer: Scorer | None = None,
) -> Scorer:
    """Load a model to score with it.

    features, outcomes: names in the model's order, where it does not know them itself. target: the
    outcome whose score is wanted. background: what to compare with in explanations. explainer:
    another artefact that explains this one's scores. A folder is scored by its one model file.
    Raises InputError with code model.not-scorable, model.features, model.outcomes, model.outcome,
    model.explainer, model.onnx-input, model.onnx-output, and as `open_artefact`; Unavailable with
    code extra.missing.
    """
    found = open_artefact(artefact) if isinstance(artefact, bytes) else artefact
    kind, data = _scorable(found)
    engine: Engine
    if kind == "onnx":
        engine = OnnxEngine(data, features, outcomes)
    elif kind == "lightgbm":
        engine = LightgbmEngine(data, features, outcomes)
    else:
        engine = SkopsEngine(data, features, outcomes)
    return Scorer(found, engine, target, background, explainer)


def _scorable(artefact: Artefact) -> tuple[str, bytes]:
    """Find the model's bytes and their format."""
    if artefact.format != "folder":
        return artefact.format, artefact.read()
    models = []
    for part in artefact.files:
        try:
            one = open_artefact(data := artefact.read(part.name))
        except InputError:
            continue  # text or weights beside the model: the folder was checked as a whole
        if one.format != "folder":
            models.append((one.format, data))
    if len(models) != 1:
        raise InputError(
            "model.not-scorable",
            f"expected one ONNX, LightGBM or skops file in the folder, found {len(models)}",
            hint="Record the file that scores by itself; a folder is recorded all the same.",
        )
    return models[0]

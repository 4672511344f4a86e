"""From what an engineer has in hand to what a model's statement says of it.

A scikit-learn estimator is written by skops and a booster as its text; the features and outcomes
are asked of the artefact itself. This module refuses to pickle, and to record what it cannot open
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models import Artefact, Scorer, open_artefact, open_scorer
from counterfoil.provenance.models.estimators import outcomes_learned, write_estimator
from counterfoil.provenance.statements.parts import Measurement, decimal_text

__all__ = ["Opened", "measurements", "open_model", "read_card", "texts"]

CARD_MAX: Final = 8192
_UNSCORED: Final = frozenset(["model.not-scorable", "model.onnx-input", "model.onnx-output"])


@dataclass(frozen=True, slots=True)
class Opened:
    """An artefact that was opened; scorer: None where it can be kept, but not scored."""

    artefact: Artefact
    scorer: Scorer | None
    task: str | None


def open_model(
    thing: Any, features: Sequence[str] | None, outcomes: Sequence[str] | None
) -> Opened:
    """Open an artefact, a path, bytes, a scikit-learn estimator or a LightGBM booster.

    Raises as `open_artefact` and `open_scorer`, and InputError with code model.kind.
    """
    if isinstance(thing, Artefact):
        artefact = thing
    elif isinstance(thing, Scorer):
        artefact = thing.artefact
        features, outcomes = features or thing.features, outcomes or thing.outcomes or None
    elif isinstance(thing, (str, Path, bytes)):
        artefact = open_artefact(thing)
    else:
        outcomes = outcomes or outcomes_learned(thing)
        artefact = open_artefact(write_estimator(thing))
    try:
        scorer = open_scorer(artefact, features=features, outcomes=outcomes)
    except InputError as err:
        if err.code not in _UNSCORED:
            raise
        return Opened(artefact, None, None)
    task = "classification" if scorer.outcomes else "regression"
    return Opened(artefact, scorer, task)


def measurements(found: Mapping[str, Any] | Sequence[Measurement]) -> list[Measurement]:
    """Turn figures into measurements: name -> number, decimal text or Measurement.

    Raises InputError with code statement.number or model.metrics.
    """
    if not isinstance(found, Mapping):
        return list(found)
    return [_measurement(str(name), value) for name, value in found.items()]


def texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Turn parameters into text, as Python writes them."""
    return {
        str(name): value if isinstance(value, str) else repr(value)
        for name, value in parameters.items()
    }


def read_card(card: str | Path) -> str:
    """Give a card's text; of a Path, the file's. Raises InputError with code model.card."""
    if isinstance(card, str):
        return card
    try:
        return card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(
            "model.card",
            f"expected a card as text in UTF-8 at {card}, but: {err}",
            hint="Give the text itself, or a Markdown file.",
        ) from err


def _measurement(name: str, value: Any) -> Measurement:
    if isinstance(value, Measurement):
        return value
    if isinstance(value, str):
        return Measurement(name, value)
    try:
        return Measurement(name, decimal_text(value, f"the metric {name!a}"))
    except (TypeError, ValueError) as err:
        raise InputError(
            "model.metrics",
            f"expected a number as the metric {name!a}, found {type(value).__name__}",
            hint="Record arrays and curves as files of a folder, or as several metrics.",
        ) from err

"""Run one check by its name: what shells and ledgers call.

This module refuses to guess which outcome is the positive one, unless it is called 1, true or yes.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.checks.drift import check_drift
from counterfoil.provenance.checks.fairness import check_fairness
from counterfoil.provenance.checks.leakage import check_leakage
from counterfoil.provenance.checks.poisoning import check_poisoning
from counterfoil.provenance.checks.quality import check_quality
from counterfoil.provenance.checks.results import Report, Tell, nobody
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KINDS", "Kind", "positive_of", "require_kind", "run_check"]

Kind = Literal["quality", "leakage", "drift", "poisoning", "fairness"]

KINDS: Final[tuple[Kind, ...]] = ("quality", "leakage", "drift", "poisoning", "fairness")
"""Names of the checks."""

_YES: Final = ("1", "true", "True", "yes", "Yes")


def run_check(
    kind: Kind,
    table: Table,
    suite: Suite,
    *,
    reference: Table | None = None,
    predicted: str | None = None,
    score: str | None = None,
    threshold: float = 0.5,
    progress: Tell = nobody,
) -> Report:
    """Run a check.

    reference: asked by `drift`, used by `poisoning` and `quality`. predicted: for `fairness`, the
    column of predicted outcomes; score: that of probabilities of the positive one, from which
    `threshold` makes the outcome where none is given. progress: hears (steps done, of).
    Raises InputError with codes check.kind, check.reference, check.positive, check.predicted and
    those of the check.
    """
    if kind == "quality":
        return check_quality(table, suite, reference)
    if kind == "leakage":
        return check_leakage(table, suite, progress)
    if kind == "poisoning":
        return check_poisoning(table, suite, reference, progress)
    if kind == "drift":
        if reference is None:
            raise InputError(
                "check.reference",
                "expected a reference to compare with, found none",
                hint="Give the data that the model was trained on.",
            )
        return check_drift(table, reference, suite, progress)
    require_kind(kind)
    return _fairness(table, suite, predicted, score, threshold)


def require_kind(kind: str) -> None:
    """Raise InputError with code check.kind for what is no check."""
    if kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else ""
        listed = ", ".join(KINDS)
        message = f"expected one of {listed}, found {str(kind)[:80]!a}"
        raise InputError("check.kind", message, hint=hint)


def _fairness(
    table: Table, suite: Suite, predicted: str | None, score: str | None, threshold: float
) -> Report:
    if suite.label is None or not suite.fairness.sensitive:
        raise InputError(
            "check.fairness",
            "expected the label's column and at least one sensitive column, found them not named",
            hint="Name them in the suite, or with --label and --sensitive.",
        )
    if predicted is None and score is None:
        raise InputError(
            "check.predicted",
            "expected a column of predictions or of scores, found neither named",
            hint="Name the column with --predicted or --score.",
        )
    truth = positive_of(table[suite.label], suite)
    sensitive = Table(tuple(table[name] for name in suite.fairness.sensitive))
    scores = None if score is None else _scores(table[score])
    if predicted is not None:
        chosen = positive_of(table[predicted], suite)
        return check_fairness(truth, chosen, sensitive, suite, scores)
    report = check_fairness(truth, np.asarray(scores) >= threshold, sensitive, suite, scores)
    return replace(report, threshold=float(threshold))


def positive_of(column: Column, suite: Suite) -> NDArray[np.bool_]:
    """Tell which rows have the positive outcome.

    Raises InputError with code check.positive where it is not known, or rows have no outcome.
    """
    codes, labels = column.coded()
    named = [suite.positive] if suite.positive is not None else [y for y in _YES if y in labels]
    if len(named) != 1 or (codes < 0).any():
        why = "rows without an outcome" if len(named) == 1 else ", ".join(labels)[:200]
        raise InputError(
            "check.positive",
            f"expected one outcome of {column.name[:80]!a} that counts as positive, found {why}",
            hint="Name it in the suite, or with --positive; leave rows without an outcome out.",
        )
    if named[0] not in labels and suite.label == column.name:
        raise InputError(
            "check.positive",
            f"expected the positive outcome {named[0][:80]!a} in {column.name[:80]!a}, found "
            f"{', '.join(labels)[:200]}",
            hint="Name the outcome as the data has it.",
        )
    found: NDArray[np.bool_] = codes == (labels.index(named[0]) if named[0] in labels else -2)
    return found


def _scores(column: Column) -> Any:
    if column.kind != "number" or column.missing.any() or np.isinf(column.numbers).any():
        raise InputError(
            "check.predicted",
            f"expected a finite score in every row of {column.name[:80]!a}, found others",
            hint="A score is the probability of the positive outcome.",
        )
    return column.numbers

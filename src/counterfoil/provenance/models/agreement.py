"""Test whether two artefacts of one model agree: the one that scores and the one that explains.

An explanation by a booster says nothing of its ONNX export unless both give the same scores. This
module refuses to call two models one without rows on which it was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from counterfoil.errors import InputError
from counterfoil.provenance.models.explained import Background
from counterfoil.provenance.models.scorer import Scorer
from counterfoil.provenance.statements.parts import Measurement, decimal_text

__all__ = ["Agreement", "agree"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the scores of two artefacts differ.

    scorer, explainer: digests. rows: how many were compared; rows_digest: SHA-256 of them as
    canonical JSON. tolerance: largest difference that counts as agreement. worst, mean: of the
    absolute differences, in the unit of the score.
    """

    scorer: str
    explainer: str
    rows: int
    rows_digest: str
    tolerance: float
    worst: float
    mean: float

    @property
    def agreed(self) -> bool:
        """No score differs by more than the tolerance."""
        return self.worst <= self.tolerance

    @property
    def words(self) -> str:
        """Say it in a few words."""
        verdict = "they agree" if self.agreed else "they do NOT agree"
        return f"{verdict} within {self.tolerance:g} on {self.rows} rows"

    @property
    def measurement(self) -> Measurement:
        """The largest difference, as a statement has it; `high` is the tolerance."""
        return Measurement(
            "largest difference of scores",
            decimal_text(self.worst),
            high=decimal_text(self.tolerance),
            rows=self.rows,
        )

    def metrics(self) -> list[Measurement]:
        """All figures, as a statement has them."""
        return [
            self.measurement,
            Measurement("mean difference of scores", decimal_text(self.mean), rows=self.rows),
            Measurement("agreed", str(int(self.agreed)), rows=self.rows),
        ]


def agree(
    scorer: Scorer, explainer: Scorer, rows: Sequence[Mapping[str, Any]], tolerance: float
) -> Agreement:
    """Compare the scores of every outcome on some rows.

    rows: inputs that both take, at least one. tolerance: at least 0. Raises InputError with code
    model.agreement, and as `Scorer.score`.
    """
    if not rows or not tolerance >= 0.0 or len(scorer.outcomes) != len(explainer.outcomes):
        raise InputError(
            "model.agreement",
            f"expected rows, a tolerance from 0 and the same number of outcomes, found "
            f"{len(rows)} rows, {tolerance}, and {len(scorer.outcomes)} and "
            f"{len(explainer.outcomes)} outcomes",
            hint="Compare them on a few hundred rows that neither was trained on.",
        )
    own, other = scorer.table(rows), explainer.table(rows)
    worst = total = 0.0
    for left, right in zip(own, other, strict=True):
        differences = [abs(a - b) for a, b in zip(left, right, strict=True)]
        worst = max(worst, *differences)
        total += sum(differences) / len(differences)
    digest = sha256(Background(rows).content()).hexdigest()
    return Agreement(
        scorer.digest, explainer.digest, len(rows), digest, tolerance, worst, total / len(rows)
    )

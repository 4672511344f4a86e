"""Put on record what a model was learned from, the model, and how good it was: once each.

This module refuses to record a model twice: one that is there is found by its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from counterfoil.apps.finance.fraud.kept import Kept, Manifest
from counterfoil.apps.finance.fraud.trees import OUTCOMES
from counterfoil.errors import NotFound
from counterfoil.ledger import Ledger
from counterfoil.ledger.models import RecordedModel

__all__ = ["MODEL_NAME", "record_model", "record_training"]

MODEL_NAME: Final = "payment-fraud"
"""What a model is called where nobody says."""

_METHOD: Final = (
    "Scores of payments that were later than all that the scoring model had learned from: forward "
    "in time, in blocks of this data set; the recorded model learned from all of it afterwards. "
    "The number of trees, the calibration and the bar were chosen on the same payments, so the "
    "figures are somewhat better than what a later file will show."
)


def record_model(
    ledger: Ledger,
    kept: Kept,
    name: str = MODEL_NAME,
    *,
    trained_on: Sequence[Any] = (),
    checks: Sequence[Any] = (),
    accountable: str | None = None,
) -> RecordedModel:
    """Record what scores and what explains it, unless they are there.

    Raises Refused with code check.* where a policy asks for checks, and as `Models.record`.
    """
    try:
        return ledger.models.get(kept.digest)
    except NotFound:
        pass
    manifest = kept.manifest
    features = manifest.named.features
    reasons = ledger.models.record(
        kept.reasons,
        f"{name}-reasons",
        trained_on=trained_on,
        checks=checks,
        features=features,
        outcomes=OUTCOMES,
        task="payment fraud",
        accountable=accountable,
    )
    return ledger.models.record(
        kept.onnx,
        name,
        trained_on=trained_on,
        checks=checks,
        metrics=manifest.figures,
        parameters=_parameters(manifest),
        explained_by=reasons.index,
        task="payment fraud",
        accountable=accountable,
        card=_CARD.format(name=name, rows=manifest.rows, frauds=manifest.frauds),
    )


def record_training(
    ledger: Ledger,
    kept: Kept,
    data: Path,
    name: str = MODEL_NAME,
    *,
    checks: Sequence[Any] = (),
    accountable: str | None = None,
) -> RecordedModel:
    """Record the data, the model and its evaluation. Raises as `record_model`."""
    tabular = data.suffix.lower() in (".csv", ".parquet")
    found = ledger.datasets.record(data, f"{name}-training", as_files=not tabular, personal=True)
    model = record_model(
        ledger,
        kept,
        name,
        trained_on=[found.index],
        checks=checks,
        accountable=accountable,
    )
    if kept.manifest.figures:
        ledger.models.evaluate(model.index, found.index, kept.manifest.figures, method=_METHOD)
    return model


_CARD: Final = (
    "# {name}\n\nProbability that a payment is fraud, from streaming features of its card and "
    "terminal. Learned from {rows} labelled payments, {frauds} of them fraud. It is calibrated on "
    "payments that came later; beyond that time it is right only as long as payments stay alike.\n"
)


def _parameters(manifest: Manifest) -> dict[str, Any]:
    costs = manifest.costs
    return {
        "trees": manifest.trees,
        "label_delay_ms": manifest.delay_ms,
        "review_cost": costs.review,
        "lost_share": costs.lost,
        "fixed_cost": costs.fixed,
        "capacity_a_day": costs.capacity,
        "bar_factor": costs.factor,
        "calibration_a": manifest.calibration.a,
        "calibration_b": manifest.calibration.b,
        "calibration_c": manifest.calibration.c,
    }

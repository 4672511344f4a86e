"""Champion and challenger: who decides from now on, and the choice on record.

A challenger replaces the champion only where it is better on later payments by more than chance:
the whole interval of a paired bootstrap over cards is above 0. This module refuses to choose
without frauds to be better at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from counterfoil.apps.finance.fraud.judging import Interval, gain, precision_of
from counterfoil.apps.finance.fraud.kept import Kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.recording import record_model
from counterfoil.apps.finance.fraud.table import require_labels
from counterfoil.ledger import Ledger
from counterfoil.provenance.statements.parts import decimal_text

__all__ = ["Choice", "choose_model", "record_choice"]

_FRAUDS: Final = 20  # of fewer, resampling cannot tell chance
_METHOD: Final = (
    "Average precision on payments later than all that either model learned from; the interval of "
    "the gain resamples cards, 400 times, paired."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """champion, challenger: average precision. gain: of the challenger, with its interval."""

    champion: float
    challenger: float
    gain: Interval
    payments: int
    frauds: int

    @property
    def outcome(self) -> Literal["replace", "keep"]:
        """Replace where the challenger is better by more than chance, and frauds are not few."""
        return "replace" if self.gain.low > 0 and self.frauds >= _FRAUDS else "keep"


def choose_model(
    payments: Sequence[Payment], champion: Sequence[float], challenger: Sequence[float]
) -> Choice:
    """Compare scores of the same payments. Raises InputError with code fraud.labels."""
    require_labels(payments)
    known = [at for at, one in enumerate(payments) if one.label is not None]
    rows = [payments[at] for at in known]
    old, new = [champion[at] for at in known], [challenger[at] for at in known]
    labels = [one.label or 0 for one in rows]
    return Choice(
        precision_of(labels, old),
        precision_of(labels, new),
        gain(rows, new, old),
        len(rows),
        sum(labels),
    )


def record_choice(
    ledger: Ledger,
    champion: Kept,
    challenger: Kept,
    data: Path,
    choice: Choice,
    accountable: str | None,
) -> int:
    """Record the models, how each did, and the choice as a decision; gives its index.

    Raises as `record_model`.
    """
    tabular = data.suffix.lower() in (".csv", ".parquet")
    found = ledger.datasets.record(data, "payment-fraud-later", as_files=not tabular, personal=True)
    based_on = []
    models = [record_model(ledger, one, accountable=accountable) for one in (champion, challenger)]
    for model, value in zip(models, (choice.champion, choice.challenger), strict=True):
        done = ledger.models.evaluate(
            model.index, found.index, {"average_precision": value}, method=_METHOD
        )
        based_on.append({"leaf": done.leaf, "role": "evaluation"})
    fields: dict[str, Any] = {
        "model": {"leaf": models[1].leaf, "digest": models[1].digest, "name": models[1].title},
        "outcome": choice.outcome,
        "score": decimal_text(choice.gain.low, "the gain's lower end"),
        "threshold": "0",
        "alternatives": ["keep", "replace"],
        "purpose": "champion and challenger",
        "based_on": based_on,
        "note": f"The gain in average precision is {choice.gain.value:.4f}, 95 % from "
        f"{choice.gain.low:.4f} to {choice.gain.high:.4f}. The champion is {models[0].digest}.",
    }
    if accountable is not None:
        fields["accountable"] = {"name": accountable}
    return ledger.record_statement("decision", fields).index

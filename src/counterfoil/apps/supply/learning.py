"""How the model of delays meets a stream of orders, for the checks that every app passes.

It scores with trees that were learned before; what it goes on learning in service is what came of
orders, each from the day after that became known. This module refuses to train on the stream.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from counterfoil.apps.supply.predict.delay.forecasting import Scorer, train
from counterfoil.apps.supply.predict.delay.kept import Kept, load_kept, save_kept
from counterfoil.apps.supply.predict.delay.simulated import LAYOUT, deliveries, write_deliveries
from counterfoil.ports import Example, Learning

__all__ = ["learning"]

_ORDERS: Final = 700
_LEARNED: Final = 1_200  # lines, so that some 200 are left


def learning() -> Learning:
    """Give order lines of the time after training, and the code that scores them in service.

    An example's outcome is its days after the schedule, negative where it came early.
    """
    examples = []
    for row in deliveries(_ORDERS)[_LEARNED:]:
        arrived, due = date.fromisoformat(row["Arrived"]), date.fromisoformat(row["Due"])
        inputs: dict[str, Any] = {name: row[name] for name in row if name != "Arrived"}
        examples.append(Example(inputs, float((arrived - due).days)))
    return Learning(examples, _score)


def _score(examples: Sequence[Example]) -> Iterable[float]:
    """Score each line before its outcome is told, which is known when the goods have come."""
    scorer = Scorer(_trained())
    scores = []
    for example in examples:
        found = scorer.score(example.inputs, explain=False)
        scores.append(found.probability)
        days = int(example.outcome)
        scorer.tell(found.id, days, date.fromisoformat(found.scheduled) + timedelta(days=days))
    return scores


@cache
def _trained() -> Kept:
    with tempfile.TemporaryDirectory(prefix="counterfoil-supply-") as place:
        file = Path(place) / "deliveries.csv"
        write_deliveries(file, deliveries(_ORDERS)[:_LEARNED])
        made = train(file, LAYOUT)
        out = Path(place) / "model"
        save_kept(out, made.manifest, made.text, made.memory)
        return load_kept(out)

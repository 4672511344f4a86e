"""Forecast how late deliveries will be: learned from a file of past ones, going on in service.

The moment of decision is when the order is placed (`Layout.moment`); nothing that becomes known
later is used, neither of the order nor of others. Outcomes that are told are learned from, each
once it is known: rates, loads and the usual rate go on, the latter corrected by how forecasts did.
The trees stay as they are, so that a recorded model computes every forecast again. This module
refuses to record; `recording` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import groupby
from math import isnan
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.supply.predict.delay.days import days_of
from counterfoil.apps.supply.predict.delay.features import USUAL, Fold
from counterfoil.apps.supply.predict.delay.judging import figures_of
from counterfoil.apps.supply.predict.delay.kept import Kept, Manifest, open_kept
from counterfoil.apps.supply.predict.delay.layout import DEFAULT, Layout
from counterfoil.apps.supply.predict.delay.memory import Memory
from counterfoil.apps.supply.predict.delay.orders import Order, moment_of, order_of, read_orders
from counterfoil.apps.supply.predict.delay.training import fold_orders, learn, usable
from counterfoil.errors import InputError
from counterfoil.ports import Progress, no_progress
from counterfoil.provenance.models import Explained

__all__ = ["THRESHOLD", "Delay", "Scorer", "Trained", "train"]

THRESHOLD: Final = 0.25
"""At risk from this probability on, where nobody says: looking after an order that would be late
is then worth up to four times what looking after one costs."""

_REASONS: Final = 5
_UNJUDGED: Final = (
    "too few orders later than what a first model learned: how good this one is is not known"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was learned, not written yet; `kept` opens it, `save_kept` writes it."""

    manifest: Manifest
    text: bytes
    memory: bytes

    @property
    def kept(self) -> Kept:
        """Open it to score with."""
        return open_kept(self.manifest, self.text, self.memory)


@dataclass(frozen=True, slots=True)
class Delay:
    """A forecast of one order.

    probability: of being delivered after the scheduled day. low_days, high_days: in four of five
    cases the delivery is between them, counted from the schedule, negative is early;
    expected_days: the mean. reasons: feature -> its share of the log-odds, those that say most.
    at_risk: the probability reaches the threshold. inputs: what was scored. moment: ISO date on
    which it is decided; nothing that became known then or later is in it.
    """

    id: str
    order: str
    scheduled: str
    moment: str
    probability: float
    low_days: float
    expected_days: float
    high_days: float
    at_risk: bool
    reasons: Mapping[str, float]
    inputs: Mapping[str, Any] = field(repr=False)
    explained: Explained | None = field(default=None, repr=False)


def train(
    path: Path,
    columns: Layout | None = None,
    progress: Progress = no_progress,
    *,
    threshold: float = THRESHOLD,
    seed: int = 0,
) -> Trained:
    """Learn from a CSV, NDJSON or Parquet file of past orders.

    columns: which column is what; else as `DEFAULT`. threshold: of being at risk, above 0, below 1.
    Raises as `read_orders` and `learn`, and InputError with code delay.threshold.
    """
    if not 0 < threshold < 1:
        raise InputError(
            "delay.threshold",
            f"expected a probability between 0 and 1, found {threshold}",
            hint="For example 0.25: one in four of those just at risk comes late.",
        )
    layout = columns if columns is not None else DEFAULT
    read = read_orders(path, layout, progress)
    fold = Fold(layout)
    sheet = fold_orders(fold, read.orders, layout, progress)
    rows = usable(sheet)
    learned = learn(sheet, rows, seed=seed, progress=progress)
    labels = sheet.labels
    forward = list(learned.forward)
    figures = figures_of(labels[forward], learned.scores) if forward else {}
    bad = [f"{len(read.bad)} rows left out: {why}" for why in list(read.bad.values())[:1]]
    manifest = Manifest(
        layout=layout,
        threshold=threshold,
        calibration=learned.calibration,
        trees=learned.rounds,
        rows=len(rows),
        late=int(labels[rows].sum()),
        data=sha256(path.read_bytes()).hexdigest(),
        figures=figures,
        digests={},
        until=date.fromordinal(fold.memory.day).isoformat(),
        notes=(*bad, *(() if figures else (_UNJUDGED,))),
    )
    return Trained(manifest, learned.text.encode(), msgspec.msgpack.encode(fold.memory))


class Scorer:
    """Forecasts orders one after another, and learns from what came of them.

    memory: where it stands; else the end of training. Not safe for threads.
    """

    def __init__(self, kept: Kept, memory: Memory | None = None) -> None:
        self.kept = kept
        self._layout = kept.manifest.layout
        self._fold = Fold(self._layout, memory if memory is not None else kept.fresh_memory())

    @property
    def memory(self) -> Memory:
        """What it remembers now."""
        return self._fold.memory

    def score(self, row: Mapping[str, Any], *, explain: bool = True) -> Delay:
        """Forecast one order, given as a row of the layout. Raises InputError, code delay.row.

        explain: as of `score_orders`. It counts as placed from now on. One whose moment is past is
        decided today, where today is the latest moment so far.
        """
        return next(self.score_orders([order_of(row, self._layout)], explain=explain))

    def score_orders(self, orders: Sequence[Order], *, explain: bool = True) -> Iterator[Delay]:
        """Forecast orders, those of the earliest moment first; give each when it is made.

        An outcome that an order already has is learned from the day after it became known.
        explain: say why; it costs most of the time.
        """
        layout, memory = self._layout, self.memory

        def moment(one: Order) -> int:
            return max(memory.day, moment_of(one, layout))

        ordered = sorted(orders, key=lambda one: (moment(one), one.scheduled, one.id))
        for day, same in groupby(ordered, moment):
            batch = list(same)
            for one, row in zip(batch, self._fold.see(batch), strict=True):
                yield self._delay(one, row, max(day, memory.day), explain=explain)
            for one in batch:
                if one.late_days is not None and one.known is not None:
                    memory.tell(one.id, one.late_days, one.known)

    def tell(self, name: str, late_days: int, known: date) -> bool:
        """Learn what came of an order that was forecast; False where it is not open.

        known: the day on which that was recorded. It counts from the day after.
        """
        return self.memory.tell(name, late_days, known.toordinal())

    def _delay(self, order: Order, row: Sequence[Any], day: int, *, explain: bool) -> Delay:
        inputs = {
            name: self._input(name, value)
            for name, value in zip(self._fold.features, row, strict=True)
        }
        model = self.kept.model
        self.memory.foresee(order.id, model.score(inputs))
        correction = self.memory.drift.correction(day)
        inputs[USUAL] += self.kept.manifest.calibration.usual_for(correction)
        explained = model.explain(inputs) if explain else None
        probability = model.score(inputs)
        group = order.categories[: len(self._layout.main)]
        low, expected, high = days_of(self.memory, group, probability)
        shares = explained.contributions if explained is not None else {}
        most = sorted(shares, key=lambda name: -abs(shares[name]))[:_REASONS]
        return Delay(
            id=order.id,
            order=order.order,
            scheduled=date.fromordinal(order.scheduled).isoformat(),
            moment=date.fromordinal(day).isoformat(),
            probability=probability,
            low_days=low,
            expected_days=expected,
            high_days=high,
            at_risk=probability >= self.kept.manifest.threshold,
            reasons={name: shares[name] for name in most},
            inputs=inputs,
            explained=explained,
        )

    def _input(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return value if value in self.kept.texts.get(name, ()) else None
        return None if isnan(value) else float(value)

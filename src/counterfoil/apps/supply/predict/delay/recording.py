"""Put forecasts of delay on record: what was learned from, the model, each forecast, its outcome.

A forecast is a decision of the recorded model: its inputs stand in it, so that anybody computes its
score and its reasons again. What the features remember is kept beside the ledger, and is the same
when forecasts come in the same order. This module refuses to forecast an order line twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.supply.foreseen import record_outcome
from counterfoil.apps.supply.predict.delay.forecasting import Delay, Scorer
from counterfoil.apps.supply.predict.delay.kept import OUTCOMES, Kept
from counterfoil.apps.supply.predict.delay.memory import Memory
from counterfoil.apps.supply.predict.delay.orders import Order
from counterfoil.errors import FatalLogError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.decisions.made import Made
from counterfoil.ledger.decisions.models_used import ModelBook
from counterfoil.ledger.models import RecordedModel
from counterfoil.ports import Said, SystemClock
from counterfoil.provenance.statements.parts import decimal_text
from counterfoil.storage.folder_copy import replace_file

__all__ = ["MODEL_NAME", "PURPOSE", "Forecaster", "record_delay_model", "record_delay_training"]

MODEL_NAME: Final = "delivery-delay"
"""What a model is called where nobody says."""

PURPOSE: Final = "supply.delay"
"""Purpose of each forecast."""

_STATE: Final = "memory.bin"
_AT_ONCE: Final = 100
_SHOWN: Final = 3
_METHOD: Final = (
    "Scores of orders that were scheduled later than all that the scoring model had learned from, "
    "in blocks of this data set; the recorded model learned from all of it afterwards. The number "
    "of trees and the calibration were chosen on the same orders, so the figures are somewhat "
    "better than what a later file will show."
)
_CARD: Final = (
    "# {name}\n\nProbability that a delivery comes after its scheduled day, from what is known "
    "when the order is placed. Learned from {rows} deliveries, {late} of them late. It follows the "
    "usual rate of lateness by the outcomes that it is told; without these it grows old.\n"
)


def record_delay_model(
    ledger: Ledger,
    kept: Kept,
    name: str = MODEL_NAME,
    *,
    trained_on: Sequence[Any] = (),
    checks: Sequence[Any] = (),
    accountable: str | None = None,
) -> RecordedModel:
    """Record the model, unless it is there.

    Raises Refused with code check.* where a policy asks for checks, and as `Models.record`.
    """
    try:
        return ledger.models.get(kept.digest)
    except NotFound:
        pass
    manifest = kept.manifest
    calibration = manifest.calibration
    return ledger.models.record(
        kept.text,
        name,
        trained_on=trained_on,
        checks=checks,
        metrics=manifest.figures,
        parameters={
            "trees": manifest.trees,
            "threshold": manifest.threshold,
            "moment": manifest.layout.moment,
            "notice_days": manifest.layout.notice_days,
            "calibration_trees": calibration.trees,
            "calibration_usual": calibration.usual,
            "calibration_shift": calibration.shift,
        },
        features=kept.model.features,
        outcomes=OUTCOMES,
        task="delay of deliveries",
        accountable=accountable,
        card=_CARD.format(name=name, rows=manifest.rows, late=manifest.late),
    )


def record_delay_training(
    ledger: Ledger,
    kept: Kept,
    data: Path,
    name: str = MODEL_NAME,
    *,
    checks: Sequence[Any] = (),
    accountable: str | None = None,
) -> RecordedModel:
    """Record the data, the model and its evaluation. Raises as `record_delay_model`."""
    tabular = data.suffix.lower() in (".csv", ".parquet")
    found = ledger.datasets.record(data, f"{name}-training", as_files=not tabular)
    model = record_delay_model(
        ledger, kept, name, trained_on=[found.index], checks=checks, accountable=accountable
    )
    if kept.manifest.figures:
        ledger.models.evaluate(model.index, found.index, kept.manifest.figures, method=_METHOD)
    return model


class _State(msgspec.Struct):
    """Where forecasts stand. seen: line -> its decision. closed: line -> its outcome."""

    model: str
    memory: Memory
    seen: dict[str, int] = {}
    closed: dict[str, int] = {}


class Forecaster:
    """Forecasts orders on record, and closes them by what came of them.

    folder: of its state, made if it is not there; the ledger's owner owns it. Raises FatalLogError
    with code delay.state, and as `record_delay_model`.
    """

    def __init__(
        self, ledger: Ledger, kept: Kept, folder: Path, *, accountable: str | None = None
    ) -> None:
        self._ledger = ledger
        self._kept = kept
        self._path = folder / _STATE
        folder.mkdir(parents=True, exist_ok=True)
        recorded = record_delay_model(ledger, kept, accountable=accountable)
        self._used = ModelBook(ledger).use(recorded.index)
        self._accountable = accountable
        self._state = self._load()
        self._scorer = Scorer(kept, self._state.memory)
        self._now_ms = SystemClock().now_ms

    def forecast(self, orders: Sequence[Order]) -> Iterator[tuple[str, Delay | None, int]]:
        """Forecast orders, each once; give line, forecast and entry when that is durable.

        None where a line was forecast before, with the entry of that. Outcomes that the orders
        already have are not looked at: they are told by `close`.
        """
        fresh = []
        for one in orders:
            if one.id in self._state.seen:
                yield one.id, None, self._state.seen[one.id]
            else:
                fresh.append(msgspec.structs.replace(one, delivered=None, recorded=None))
        batch: list[Delay] = []
        for delay in self._scorer.score_orders(fresh):
            # What a crash cut off between the record and the state is known by the ledger.
            index = self._on_record(delay.id)
            if index is not None:
                self._state.seen[delay.id] = index
                yield delay.id, None, index
                continue
            batch.append(delay)
            if len(batch) == _AT_ONCE:
                yield from self._record(batch)
                batch = []
        yield from self._record(batch)

    def close(self, line: str, late_days: int, known: date) -> int | None:
        """Record what came of a forecast line and learn from it; give the entry's index.

        known: on which day that became known. None where it was never forecast; the first outcome
        of a line stays. Raises as `record_outcome`.
        """
        decision = self._state.seen.get(line)
        if decision is None:
            return None
        if line in self._state.closed:
            return self._state.closed[line]
        at = datetime(known.year, known.month, known.day, tzinfo=UTC)
        index = record_outcome(
            self._ledger,
            decision,
            {"late_days": float(late_days), "late": float(late_days > 0)},
            known_ms=int(at.timestamp() * 1000),
        )
        self._scorer.tell(line, late_days, known)
        self._state.closed[line] = index
        return index

    def save(self) -> None:
        """Write the state; what was recorded since the last time is found in the ledger."""
        replace_file(self._path, msgspec.msgpack.encode(self._state))

    def _record(self, batch: Sequence[Delay]) -> Iterator[tuple[str, Delay, int]]:
        if not batch:
            return
        done = self._ledger.record_statements([self._said(one) for one in batch]).result()
        for one, index in zip(batch, done.indices, strict=True):
            self._state.seen[one.id] = index
        self.save()
        for one, index in zip(batch, done.indices, strict=True):
            yield one.id, one, index

    def _said(self, delay: Delay) -> Said:
        threshold = self._kept.manifest.threshold
        fields: dict[str, Any] = {
            "outcome": OUTCOMES[delay.at_risk],
            "at_ms": self._now_ms(),
            "threshold": decimal_text(threshold, "threshold"),
            "alternatives": list(OUTCOMES),
            "purpose": PURPOSE,
            "note": _note(delay),
        }
        if self._accountable is not None:
            fields["accountable"] = {"name": self._accountable}
        elif self._used.accountable is not None:
            fields["accountable"] = msgspec.to_builtins(self._used.accountable)
        said = Made(
            Handle(lambda: None),
            self._used,
            dict(delay.inputs),
            fields,
            explained=delay.explained,
            score=delay.probability,
            scored=True,
        ).said()
        subject = Subject(digest={"sha256": _digest(delay.id)}, name=f"order line {delay.id}"[:255])
        return Said(said.kind, said.fields, (*said.subjects, subject), said.seal)

    def _on_record(self, line: str) -> int | None:
        query = f'kind=decision purpose="{PURPOSE}" subject.sha256={_digest(line)}'
        hits = self._ledger.search(query, limit=1).hits
        return hits[0].index if hits else None

    def _load(self) -> _State:
        try:
            state = msgspec.msgpack.decode(self._path.read_bytes(), type=_State)
        except FileNotFoundError:
            return _State(self._kept.digest, self._kept.fresh_memory())
        except (OSError, msgspec.MsgspecError) as err:
            raise FatalLogError(
                "delay.state",
                f"expected to read {self._path}, but: {str(err)[:200]}",
                hint="Bring the file back from a copy, or remove it: the features then begin "
                "again at the end of training, and what is on record stays.",
            ) from err
        if state.model != self._kept.digest:  # learned anew: it remembers more than its training
            return _State(self._kept.digest, self._kept.fresh_memory(), state.seen, state.closed)
        return state


def _digest(line: str) -> str:
    return sha256(b"counterfoil order line\0" + line.encode()).hexdigest()


def _note(delay: Delay) -> str:
    """Say a forecast in plain words."""
    low, high = round(delay.low_days), round(delay.high_days)
    said = (
        f"Order line {delay.id}, scheduled for {delay.scheduled}, decided as of {delay.moment}: "
        f"late with {delay.probability:.1%}; in four of five cases {_days(low)} to {_days(high)}, "
        f"on average {_days(delay.expected_days)}."
    )
    shares = list(delay.reasons.items())[:_SHOWN]
    why = "; ".join(f"{name} {'raises' if share > 0 else 'lowers'} it" for name, share in shares)
    return f"{said} Most of all: {why}."[:2000]


def _days(days: float) -> str:
    if abs(days) < 0.05:  # nothing to one place
        return "on the day"
    return f"{abs(days):.3g} days {'late' if days > 0 else 'early'}"

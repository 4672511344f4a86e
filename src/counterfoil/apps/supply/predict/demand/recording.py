"""Demand on record: the model, whether stock will do, and what was sold in the end.

A decision names the model by its digest, which holds all that was known when it was trained, and
has in its inputs what was sold since, what is given ahead, and the stock; so it can be computed
again from the ledger alone. What was sold closes it. This module refuses to compute with another
model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.inputs import compute, inputs_of
from counterfoil.apps.supply.predict.demand.kept import KeptDemand, parse_model, recorded_model
from counterfoil.apps.supply.predict.demand.model import DemandModel
from counterfoil.apps.supply.predict.demand.shortage import SERVICE, Shortage
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.provenance.statements.parts import decimal_text

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.ledger.models import RecordedModel

__all__ = [
    "ENOUGH",
    "PURPOSE",
    "SHORTAGE",
    "ForeseenShortage",
    "RecordedShortage",
    "find_decision",
    "foresee_shortage",
    "record_demand_model",
    "record_shortage",
    "replay_shortage",
]

PURPOSE: Final = "supply.demand"
"""Purpose of decisions on whether stock will do."""

ENOUGH: Final = "enough"
SHORTAGE: Final = "shortage"
"""Outcomes: the chance of running out is at most what the service allows, or above it."""

_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class ForeseenShortage:
    """Whether stock will do. base: the chance of running out with the level alone.

    contributions: part -> what it adds to that chance. note: in words.
    """

    outcome: str
    shortage: Shortage
    base: float
    contributions: dict[str, float]
    note: str


@dataclass(frozen=True, slots=True)
class RecordedShortage(ForeseenShortage):
    """What was recorded. index: of the decision."""

    index: int


def record_demand_model(
    ledger: Ledger,
    data: bytes,
    name: str = "demand",
    *,
    trained_on: Sequence[Any] = (),
    metrics: Mapping[str, float] | None = None,
    accountable: str | None = None,
) -> RecordedModel:
    """Record a model's file, once. data: as `format_model` writes it.

    Raises InputError with code demand.model, Refused with code check.*, and as `Models.record`.
    """
    kept = parse_model(data)
    try:
        return ledger.models.get(kept.digest)
    except NotFound:
        pass
    model: DemandModel = kept.model
    return ledger.models.record(
        kept.artefact,
        name,
        trained_on=trained_on,
        metrics=metrics or {},
        parameters={
            "series": len(model.tail.names),
            "horizon_days": model.horizon_days,
            "known_until": model.tail.date(model.tail.days - 1),
        },
        task="demand forecast",
        accountable=accountable,
        card=_CARD.format(
            name=name,
            count=len(model.tail.names),
            until=model.tail.date(model.tail.days - 1),
            days=model.horizon_days,
        ),
    )


def foresee_shortage(
    kept: KeptDemand,
    history: History,
    series: str,
    *,
    stock_on_hand: float,
    review_days: int,
    incoming: Mapping[int, float] | None = None,
    lead_days: int = 0,
    service: float = SERVICE,
) -> ForeseenShortage:
    """Tell whether stock of a series will do, as `record_shortage` does, and record nothing."""
    inputs = _asked(
        kept, history, series, stock_on_hand, review_days, incoming or {}, lead_days, service
    )
    found, base, parts = compute(kept.model, inputs)
    return ForeseenShortage(_outcome(found), found, base, parts, _note(found, base, parts))


def record_shortage(
    ledger: Ledger,
    kept: KeptDemand,
    history: History,
    series: str,
    *,
    stock_on_hand: float,
    review_days: int,
    incoming: Mapping[int, float] | None = None,
    lead_days: int = 0,
    service: float = SERVICE,
    accountable: str | None = None,
) -> RecordedShortage:
    """Record whether stock of a series will do, as a decision, and wait until it is durable.

    history: with the sales since the model was trained, and what is given ahead. The model has to
    be recorded. Outcome `shortage` where the chance of running out is above 1 - service.
    Raises NotFound with code model.unknown, InputError with code demand.since, and as `explain`.
    """
    maker = ledger.models.get(kept.digest).reference
    inputs = _asked(
        kept, history, series, stock_on_hand, review_days, incoming or {}, lead_days, service
    )
    found, base, parts = compute(kept.model, inputs)
    inputs["low_units"] = decimal_text(found.low_units)
    inputs["high_units"] = decimal_text(found.high_units)
    outcome, note = _outcome(found), _note(found, base, parts)
    index = record_foreseen(
        ledger,
        maker,
        inputs,
        outcome=outcome,
        purpose=PURPOSE,
        note=note,
        score=found.probability,
        contributions=parts,
        base=base,
        unit="probability",
        method="parts in turn",
        accountable=accountable,
    )
    return RecordedShortage(outcome, found, base, parts, note, index)


def replay_shortage(ledger: Ledger, index: int) -> Shortage:
    """Compute a recorded decision again, from the ledger alone.

    Raises VerificationError with code demand.differs where another comes out, InputError with code
    demand.no-decision for another entry, and as `Models.artefact`.
    """
    said, kept = find_decision(ledger, index)
    found, base, parts = compute(kept.model, said["inputs"])
    told = said["explanation"]["contributions"]
    pairs = [(said["score"], found.probability), (said["explanation"]["base"], base)]
    pairs += [(told.get(name, "nan"), value) for name, value in parts.items()]
    pairs += [(said["inputs"]["low_units"], found.low_units)]
    pairs += [(said["inputs"]["high_units"], found.high_units)]
    same = all(abs(float(text) - value) <= _TOLERANCE for text, value in pairs)
    if not same or said["outcome"] != _outcome(found):
        raise VerificationError(
            "demand.differs",
            f"expected the decision of entry {index} to come out as {said['outcome']} at "
            f"{said['score']}, came {_outcome(found)} at {found.probability:.6f}",
            hint="Another build of LightGBM or SciPy may round otherwise; else the model beside "
            "the log is not the one that decided.",
        )
    return found


def find_decision(ledger: Ledger, index: int) -> tuple[Mapping[str, Any], KeptDemand]:
    """Find a decision on demand: its statement and its model.

    Raises InputError with code demand.no-decision, and as `Models.artefact`.
    """
    view = ledger.get(index)
    said = view.content
    if view.kind != "decision" or said.get("purpose") != PURPOSE:
        raise InputError(
            "demand.no-decision",
            f"expected a decision on demand at entry {index}, found {view.kind[:60]!a}",
            hint="`counterfoil decision ls` lists decisions and their purposes.",
        )
    return said, recorded_model(ledger, said["model"]["digest"])


def _asked(
    kept: KeptDemand,
    history: History,
    series: str,
    stock: float,
    review_days: int,
    incoming: Mapping[int, float],
    lead_days: int,
    service: float,
) -> dict[str, Any]:
    """Say all that a decision rests on, as plain JSON."""
    return inputs_of(kept.model, history, series) | {
        "stock_units": decimal_text(stock),
        "incoming": {str(day): decimal_text(units) for day, units in sorted(incoming.items())},
        "review_days": review_days,
        "lead_days": lead_days,
        "service": decimal_text(service),
    }


def _outcome(found: Shortage) -> str:
    return SHORTAGE if found.probability > 1 - found.service else ENOUGH


def _note(found: Shortage, base: float, parts: Mapping[str, float]) -> str:
    words = [
        f"{found.series}: stock runs out within {found.days} days with a chance of "
        f"{found.probability:.1%}; {1 - found.service:.1%} is allowed. Demand is about "
        f"{found.demand_mean:.0f} units, {found.low_units:g} to {found.high_units:g} nine times in "
        f"ten."
    ]
    if found.day is not None:
        words.append(f"More likely than not it is gone by the end of day {found.day}.")
    if found.units_to_order:
        after = {0: "at once", 1: "after a day"}.get(
            found.lead_days, f"after {found.lead_days} days"
        )
        words.append(
            f"An order of {found.units_to_order:g} units that arrives {after} keeps the promise "
            "from then on."
        )
    moved = [f"{name} {value:+.1%}" for name, value in parts.items() if abs(value) >= 0.0005]
    words.append(
        f"With the present level alone the chance would be {base:.1%}"
        + (f"; {', '.join(moved)}." if moved else ".")
    )
    return " ".join(words)


_CARD: Final = (
    "# {name}\n\nDemand of {count} series as a distribution, up to {days} days ahead, learned from "
    "sales until {until}. Levels were put right on days that the model had not learned from; "
    "beyond that time they hold only as long as demand stays alike. Sales are taken for demand: "
    "where stock ran out, demand was larger.\n"
)

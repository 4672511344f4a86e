"""Tests of forecasts on record, and of what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.apps.supply.foreseen import outcomes_of, record_foreseen, record_outcome
from counterfoil.errors import InputError
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.written import find_written, record_written
from counterfoil.provenance.statements.parts import Reference
from tests.ledgers import copy_ledger

TEXT = "Half of what is left spoils each day.\n"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def method(ledger: Ledger) -> Reference:
    return record_written(ledger, TEXT, name="half-life", outcome="sell or discard")


def foreseen(ledger: Ledger, lot: str, purpose: str = "supply.spoilage") -> int:
    return record_foreseen(
        ledger,
        method(ledger),
        {"lot": lot, "hours": 24},
        outcome="sell",
        purpose=purpose,
        score=0.5,
        contributions={"day 1": 0.5},
        note="One day at 4 C used half of its life.",
    )


def test_a_method_is_recorded_once_and_found_by_its_name(ledger: Ledger) -> None:
    """The same text is one maker; another text under the same name is found as the newer one."""
    first = method(ledger)
    size = ledger.size
    assert method(ledger) == first
    assert ledger.size == size
    other = record_written(ledger, TEXT + "Or less.", name="half-life", outcome="sell or discard")
    assert other.digest != first.digest
    assert find_written(ledger, "half-life") == other
    assert find_written(ledger, 'half"life') is None


def test_a_text_that_says_nothing_is_no_method(ledger: Ledger) -> None:
    """A maker without a text would let anything be decided in its name."""
    with pytest.raises(InputError, match="found 0"):
        record_written(ledger, "", name="nothing", outcome="any")


def test_a_forecast_is_a_decision_with_its_maker_reasons_and_inputs(ledger: Ledger) -> None:
    """Whoever reads it finds who made it, from what, and why."""
    found = ledger.decisions.get(foreseen(ledger, "A")).decision
    assert found.model.digest == method(ledger).digest
    assert found.inputs == {"lot": "A", "hours": 24}
    assert found.explanation is not None
    assert found.explanation.contributions == {"day 1": "0.5"}
    assert found.note


def test_outcomes_are_found_by_purpose_and_never_ahead_of_their_time(ledger: Ledger) -> None:
    """Learning at a time sees what was known by then, of its own forecasts only."""
    early, late = foreseen(ledger, "A"), foreseen(ledger, "B")
    other = foreseen(ledger, "C", "supply.delay")
    record_outcome(ledger, early, {"hours": 30}, known_ms=1_000)
    record_outcome(ledger, late, {"hours": 20.5}, known_ms=2_000, note="thrown away")
    record_outcome(ledger, other, {"late_days": 3}, known_ms=500)
    found = list(outcomes_of(ledger, "supply.spoilage"))
    assert [(one.decision, one.measured, one.score) for one in found] == [
        (late, {"hours": 20.5}, 0.5),
        (early, {"hours": 30.0}, 0.5),
    ]
    assert [
        one.inputs["lot"] for one in outcomes_of(ledger, "supply.spoilage", until_ms=1_999)
    ] == ["A"]


def test_only_a_forecast_has_an_outcome(ledger: Ledger) -> None:
    """What was measured is never hung on something else, such as a payment's decision."""
    for index in (ledger.record({"a": 1}).index, foreseen(ledger, "A", "payment.rules")):
        with pytest.raises(InputError) as refused:
            record_outcome(ledger, index, {"hours": 1}, known_ms=1)
        assert refused.value.code == "supply.outcome"


def test_an_outcome_of_nothing_hides_no_other(ledger: Ledger) -> None:
    """Outcomes that name no forecast of their purpose are left out, and all others are read."""
    made = foreseen(ledger, "L1")
    record_outcome(ledger, made, {"hours": 20}, known_ms=5)
    other = ledger.get(foreseen(ledger, "L2", purpose="supply.demand")).leaf
    plain = ledger.get(ledger.record({"said": 1}).index).leaf
    for named in ({"leaf": "00" * 32}, {"leaf": plain}, {"leaf": other}, {"digest": "00" * 32}):
        said = {
            "decision": named,
            "purpose": "supply.spoilage",
            "measured": {"hours": "1"},
            "known_ms": 5,
        }
        ledger.record_statement("supply-outcome", said)
    assert [one.decision for one in outcomes_of(ledger, "supply.spoilage")] == [made]

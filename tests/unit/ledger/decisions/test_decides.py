"""A decorated function decides on record, and is otherwise what it was."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions import Decision
from tests.statements import refused


def decided(ledger: Ledger) -> list[dict[str, Any]]:
    ledger.decisions.flush()
    return [view.content for view in ledger.views() if view.kind == "decision"]


def test_arguments_are_inputs_and_the_result_is_the_outcome(ledger: Ledger, own: int) -> None:
    """Defaults count; a text is an outcome, a number a score; the result is handed through."""

    @ledger.decides(model="credit", purpose="credit")
    def choose(income: float, debt: float = 2.0) -> str:
        """Choose."""
        return "grant" if income > debt else "hold"

    @ledger.decides(model="credit", threshold=0.5)
    def rate(applicant: Mapping[str, Any]) -> Any:
        return np.float64(applicant["debt"] / 10)

    assert choose(1.0) == "hold"
    assert choose(3.0, debt=1.0) == "grant"
    assert rate({"debt": 7.5}) == 0.75
    assert (choose.__name__, choose.__doc__) == ("choose", "Choose.")
    found = decided(ledger)
    assert [(one["inputs"], one["outcome"]) for one in found] == [
        ({"income": 1, "debt": 2}, "hold"),
        ({"income": 3, "debt": 1}, "grant"),
        ({"debt": 7.5}, "hold"),
    ]
    assert found[2]["score"] == "0.75"


def test_the_decision_itself_is_given_where_it_is_wanted(ledger: Ledger, own: int) -> None:
    """A parameter `decision` gets it, and stands neither in the inputs nor in the way."""

    class Desk:
        @ledger.decides(model="credit", person=lambda self, row, **_: row["id"])
        def decide(self, row: dict[str, Any], *, decision: Decision | None = None) -> None:
            assert decision is not None
            decision.score, decision.outcome, decision.note = 0.2, "grant", "by hand"

    Desk().decide({"id": "C-1", "age": 39})
    (found,) = decided(ledger)
    assert (found["score"], found["outcome"], found["note"]) == ("0.2", "grant", "by hand")
    assert found["sealed"]["names"] == ["inputs/id", "inputs/age"]


def test_inputs_are_chosen_where_arguments_are_more(ledger: Ledger, own: int) -> None:
    """inputs= and person= see the arguments of the call."""

    @ledger.decides(
        model="credit", inputs=lambda session, row: {"age": row["age"]}, person=lambda s, row: "C-2"
    )
    def decide(session: object, row: dict[str, Any]) -> str:
        return "hold"

    decide(object(), {"age": 39})
    assert decided(ledger)[0]["sealed"]["names"] == ["inputs/age"]


def test_async_functions_stay_async(ledger: Ledger, own: int) -> None:
    """A coroutine is awaited within the decision; many run at once."""

    @ledger.decides(model="credit")
    async def decide(number: int) -> str:
        await asyncio.sleep(0)
        return "hold"

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*map(decide, range(20)))

    assert inspect.iscoroutinefunction(decide)
    assert asyncio.run(all_of_them()) == ["hold"] * 20
    assert len(decided(ledger)) == 20


def test_a_function_that_raises_decides_nothing(ledger: Ledger, own: int) -> None:
    """Its exception comes through, and says that nothing was recorded."""

    @ledger.decides(model="credit")
    def decide(number: int) -> str:
        raise LookupError("no such customer")

    with pytest.raises(LookupError, match="no such customer") as caught:
        decide(1)
    assert "No decision was recorded" in caught.value.__notes__[0]
    assert decided(ledger) == []


@pytest.mark.parametrize("result", [True, b"hold", ["hold"], object])
def test_a_result_is_not_guessed(ledger: Ledger, own: int, result: Any) -> None:
    """A truth value, bytes or a list is neither outcome nor score; nothing is recorded."""

    @ledger.decides(model="credit")
    def decide(number: int) -> Any:
        return result

    with refused("decision.result"):
        decide(1)
    assert decided(ledger) == []

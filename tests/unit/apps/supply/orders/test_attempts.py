"""After an order was placed, every way around desk and gate is refused, each for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.act import Actor
from counterfoil.apps.supply.attempts import attempts, refusals, tried
from counterfoil.apps.supply.orders.desk import OrderDesk
from counterfoil.errors import CounterfoilError, Unavailable
from counterfoil.ledger import open_ledger
from tests.orders_made import desk_of, order, shortage


def test_attempts_are_refused(tmp_path: Path) -> None:
    """Each attempt on a story's folder is refused by its code, and changes nothing on the chain."""
    with desk_of(tmp_path) as (ledger, _, desk):
        with pytest.raises(Unavailable):
            tried(desk)
        placed = desk.place(shortage(ledger), order(3))
        before = desk.has(placed.said.token)
    codes = {}
    for attempt in attempts(tmp_path):
        with pytest.raises(CounterfoilError) as refusal:
            attempt.act()
        codes[attempt.what] = refusal.value.code
    assert codes == {what: code for what, code, _ in refusals()}
    with open_ledger(tmp_path / "ledger") as opened, Actor(opened) as actor:
        after = OrderDesk(actor)
        assert after.has(placed.said.token) == before
        assert after.standing(placed).left == 450

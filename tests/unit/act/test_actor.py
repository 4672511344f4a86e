"""A contract acts on a proven decision, once, and the log says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import counterfoil
from counterfoil.act import Actor
from counterfoil.ledger import Ledger
from tests.acting import acting_folder, decide, is_on, prepare, wanted


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(acting_folder(tmp_path)) as opened:
        yield opened


@pytest.fixture
def actor(ledger: Ledger) -> Iterator[Actor]:
    with Actor(ledger) as made:
        yield made


def test_loop_is_closed(ledger: Ledger, actor: Actor) -> None:
    """A decision turns a switch on the chain, and the log tells what came of it."""
    switch = prepare(actor)
    decision = decide(ledger)
    acted = actor.act(decision, wanted(switch), subject="house 7")
    assert (acted.phase, acted.trouble) == ("done", None)
    assert is_on(actor.chain, switch)
    assert acted.action is not None
    action = ledger.get(acted.action)
    assert action.kind == "action"
    assert action.content["decision"] == {"leaf": ledger.get(decision).leaf}
    assert action.content["evidence"]["transaction"] == acted.transaction
    kinds = {node.kind for node in ledger.trace(decision).nodes.values()}
    assert {"decision", "verdict", "action"} <= kinds
    assert actor.act(decision, wanted(switch)) == acted
    assert ledger.size == acted.action + 1

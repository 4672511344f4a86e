"""Contracts are put on a chain after what they need, once, and are remembered."""

from __future__ import annotations

from counterfoil.act import Actor
from counterfoil.act.deploying import address_of_contract, deploy_contract, list_contracts
from counterfoil.contracts import NAMES
from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Ledger
from tests.statements import refused


def test_what_stands_is_found(ledger: Ledger, actor: Actor) -> None:
    """Deployed again, a contract is where it was; what it needs is not made anew."""
    before = {one.name: one.address for one in list_contracts(ledger, actor.chain)}
    assert set(before) == {"anchor", "model_registry", "decision_gate", "example_switch"}
    again = deploy_contract(ledger, actor.chain, "example_switch")
    assert [(one.name, one.new) for one in again] == [("example_switch", False)]
    assert again[0].address == before["example_switch"]
    assert actor.gate.anchor() == before["anchor"] == actor.note.contract
    assert actor.gate.registry() == before["model_registry"]
    assert actor.registry.owner() == actor.account("owner").address
    assert actor.registry.guardian() == actor.account("guardian").address


def test_arguments(ledger: Ledger, actor: Actor) -> None:
    """A constructor's own arguments are asked for by name; a wrong one is named."""
    if "token" in NAMES:
        with refused("act.constructor", InputError):
            deploy_contract(ledger, actor.chain, "token")
    with refused("act.contract", NotFound):
        deploy_contract(ledger, actor.chain, "casino")
    with refused("act.not-deployed", NotFound):
        address_of_contract(ledger, actor.chain, "escrow")
    made = deploy_contract(
        ledger, actor.chain, "token", {"name_": "Euro", "symbol_": "EUR", "decimals_": "2"}
    )
    assert [(one.name, one.new) for one in made] == [("token", True)]
    with refused("act.constructor", InputError):
        deploy_contract(ledger, actor.chain, "escrow", {"colour": "red"})

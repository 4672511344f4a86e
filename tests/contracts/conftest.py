"""What the contracts' tests share: worlds with shipped contracts in them, clean for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.bank import Bank
from tests.contracts.gate_rig import GateRig
from tests.contracts.rig import Contract, World
from tests.contracts.shop import Shop


@pytest.fixture(scope="session")
def shipped() -> Contract:
    """The anchor in a world of its own; whoever changes it undoes that."""
    return World().deploy_anchor()


@pytest.fixture
def anchor(shipped: Contract) -> Iterator[Contract]:
    """The anchor as it is shipped; what a test does to it is undone."""
    with shipped.world.undone():
        yield shipped


@pytest.fixture(scope="session")
def made_bank() -> Bank:
    """A bank in a world of its own; whoever changes it undoes that."""
    return Bank()


@pytest.fixture
def bank(made_bank: Bank) -> Iterator[Bank]:
    """The escrow and all it needs, as shipped; what a test does to them is undone."""
    known = len(made_bank.entries)
    with made_bank.world.undone():
        yield made_bank
    del made_bank.entries[known:]


@pytest.fixture(scope="session")
def made_gate() -> GateRig:
    """A gate with one approval, in a world of its own; whoever changes it undoes that."""
    rig = GateRig()
    rig.approve()
    return rig


@pytest.fixture
def rig(made_gate: GateRig) -> Iterator[GateRig]:
    """That gate; what a test does to it is undone."""
    with made_gate.undone():
        yield made_gate


@pytest.fixture(scope="session")
def made_shop() -> Shop:
    """A shop with an agreement and money, in a world of its own; whoever changes it undoes that."""
    shop = Shop()
    shop.agree()
    shop.supply()
    return shop


@pytest.fixture
def shop(made_shop: Shop) -> Iterator[Shop]:
    """That shop; what a test does to it is undone."""
    known = len(made_shop.entries)
    with made_shop.world.undone():
        yield made_shop
    del made_shop.entries[known:]

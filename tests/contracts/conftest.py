"""What the contracts' tests share: a world with the shipped anchor in it, clean for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.rig import Contract, World


@pytest.fixture(scope="session")
def shipped() -> Contract:
    """The anchor in a world of its own; whoever changes it undoes that."""
    return World().deploy_anchor()


@pytest.fixture
def anchor(shipped: Contract) -> Iterator[Contract]:
    """The anchor as it is shipped; what a test does to it is undone."""
    with shipped.world.undone():
        yield shipped

"""The finance app keeps what every app promises: the template is the same for all sectors."""

from __future__ import annotations

from counterfoil.apps.finance.app import APP
from counterfoil.testing import assert_conforms


def test_it_conforms() -> None:
    """Its story runs, holds are explained and replayed, and the contract refuses without proof."""
    found = assert_conforms(APP)
    assert found.commands > 20
    assert found.looked.decisions > 400
    assert found.looked.actions >= 4
    assert found.looked.explained >= 2
    assert found.looked.sealed >= 400
    assert found.attempts == 6

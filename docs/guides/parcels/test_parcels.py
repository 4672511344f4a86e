"""The app keeps the promises of every app."""

from parcels.app import APP

from counterfoil.testing import assert_conforms


def test_the_app_conforms() -> None:
    """Its demo, decisions, receipts, model, commands and records are as they must be."""
    assert_conforms(APP)

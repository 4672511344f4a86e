"""The room for models; see `Models`."""

from counterfoil.ledger.models.found import RecordedModel
from counterfoil.ledger.models.room import Models

__all__ = ["Models", "RecordedModel"]

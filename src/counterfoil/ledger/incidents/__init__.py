"""The room for incidents; see `Incidents`."""

from counterfoil.ledger.incidents.due import Due, due_dates
from counterfoil.ledger.incidents.incidents import FoundIncident, Incidents

__all__ = ["Due", "FoundIncident", "Incidents", "due_dates"]

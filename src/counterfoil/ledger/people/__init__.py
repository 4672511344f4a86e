"""People in a ledger: their sealed data, who may open it, and its end."""

from counterfoil.ledger.people.people import People
from counterfoil.ledger.people.personal import Personal, PersonIn

__all__ = ["People", "PersonIn", "Personal"]

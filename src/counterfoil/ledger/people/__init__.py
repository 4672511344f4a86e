"""People in a ledger: their sealed data, who may open it, and its end."""

from counterfoil.ledger.people.export import SubjectAccess
from counterfoil.ledger.people.people import Erased, Granted, Opened, People
from counterfoil.ledger.people.personal import Personal, PersonIn

__all__ = [
    "Erased",
    "Granted",
    "Opened",
    "People",
    "PersonIn",
    "Personal",
    "SubjectAccess",
]

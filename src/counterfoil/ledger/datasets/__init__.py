"""The room for data sets; see `Datasets`."""

from counterfoil.ledger.datasets.absence import AbsenceProof, ProvenAbsence, verify_absence
from counterfoil.ledger.datasets.found import RecordedDataset
from counterfoil.ledger.datasets.matching import DatasetMatch
from counterfoil.ledger.datasets.membership import MembershipProof, ProvenRow, verify_membership
from counterfoil.ledger.datasets.room import Datasets

__all__ = [
    "AbsenceProof",
    "DatasetMatch",
    "Datasets",
    "MembershipProof",
    "ProvenAbsence",
    "ProvenRow",
    "RecordedDataset",
    "verify_absence",
    "verify_membership",
]

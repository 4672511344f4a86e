"""The room for data sets; see `Datasets`."""

from counterfoil.ledger.datasets.found import RecordedDataset
from counterfoil.ledger.datasets.membership import ProvenRow, verify_membership
from counterfoil.ledger.datasets.room import Datasets

__all__ = ["Datasets", "ProvenRow", "RecordedDataset", "verify_membership"]

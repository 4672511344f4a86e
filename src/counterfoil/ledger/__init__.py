"""The facade: open a ledger, record, get receipts, search, back up and recover."""

from counterfoil.ledger.config import Config
from counterfoil.ledger.create import create_ledger
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.ledger import Ledger
from counterfoil.ledger.open import open_ledger
from counterfoil.ledger.results import Recorded, RecordedMany
from counterfoil.ledger.shared import SharedLedger
from counterfoil.ledger.view import RecordView

__all__ = [
    "Config",
    "Layout",
    "Ledger",
    "RecordView",
    "Recorded",
    "RecordedMany",
    "SharedLedger",
    "create_ledger",
    "open_ledger",
]

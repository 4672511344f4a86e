"""ISO 20022: customer credit transfers in, and their status out."""

from counterfoil.apps.finance.messages.elements import MESSAGE_MAX_BYTES
from counterfoil.apps.finance.messages.status import (
    Accepted,
    TransferStatus,
    status_of,
    write_pacs002,
)
from counterfoil.apps.finance.messages.transfers import Fault, Message, Transfer, read_pacs008

__all__ = [
    "MESSAGE_MAX_BYTES",
    "Accepted",
    "Fault",
    "Message",
    "Transfer",
    "TransferStatus",
    "read_pacs008",
    "status_of",
    "write_pacs002",
]

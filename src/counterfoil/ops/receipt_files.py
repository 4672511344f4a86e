"""Write a receipt in any of its forms, and read one back.

The forms: JSON; one HTML page that checks itself in a browser and holds that JSON; and a C2SP
tlog-proof, which proves that an entry stands in the log, and not who signed it. The entry itself
travels as the proof's `extra`, which nobody signed and the proof's own path holds to the root.
This module refuses to verify.
"""

from __future__ import annotations

from typing import Final, Literal

from counterfoil.formats import receipt as receipts
from counterfoil.formats import tlog_proof
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.ledger import Ledger
from counterfoil.ledger.documents import log_key

__all__ = ["MEDIA_TYPES", "Form", "format_receipt", "parse_receipt"]

Form = Literal["json", "html", "tlog-proof"]

MEDIA_TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "tlog-proof": "text/plain; charset=utf-8",
}
"""What each form is to HTTP."""


def format_receipt(receipt: Receipt, form: Form, ledger: Ledger) -> bytes:
    """Write a receipt of a ledger in one form; it ends with a newline.

    Raises NotFound with code receipt.log-key where the page needs a key that the policy lacks.
    """
    if form == "tlog-proof":
        record = receipt.record
        return tlog_proof.format(
            TlogProof(record.index, record.path, receipt.checkpoint.encode(), record.entry)
        )
    if form == "html":
        from counterfoil.formats.receipt_html import format_html

        return format_html(receipt, log_key(ledger.policy, ledger.origin))
    return receipts.format(receipt) + b"\n"


def parse_receipt(data: bytes) -> tuple[Form, Receipt | TlogProof]:
    """Read a receipt, whichever form it has. Raises InputError as the form's own parser does."""
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return "tlog-proof", tlog_proof.parse(data)
    if data.lstrip()[:1] == b"<":
        from counterfoil.formats.receipt_html import parse_html

        return "html", parse_html(data)
    return "json", receipts.parse(data)

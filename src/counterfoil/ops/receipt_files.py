"""Write a receipt in any of its forms, and read one back.

The forms: JSON; one HTML page that checks itself in a browser and holds that JSON; and, for other
tools, a C2SP tlog-proof or a COSE receipt (alone, or with its statement in COSE), which prove that
an entry stands in the log, and not who signed it. The entry itself travels as the proof's `extra`,
which nobody signed and the proof's own path holds to the root. This module refuses to verify.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final, Literal

from counterfoil.errors import InputError
from counterfoil.formats import cose, cose_receipt, signed_statement, tlog_proof
from counterfoil.formats import receipt as receipts
from counterfoil.formats.cose_receipt import CoseReceipt
from counterfoil.formats.entry import COSE_MARK
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.ledger import Ledger
from counterfoil.ledger.documents import log_key

__all__ = ["MEDIA_TYPES", "CoseReceipts", "Form", "format_receipt", "parse_receipt"]

CoseReceipts = tuple[CoseReceipt, ...]
"""The receipts of one entry, at least one; each has the entry where the file does."""

Form = Literal["json", "html", "tlog-proof", "cose", "cose-statement"]

MEDIA_TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "tlog-proof": "text/plain; charset=utf-8",
    "cose": cose_receipt.MEDIA_TYPE,
    "cose-statement": cose_receipt.MEDIA_TYPE,
}
"""What each form is to HTTP."""


def format_receipt(receipt: Receipt, form: Form, ledger: Ledger) -> bytes:
    """Write a receipt of a ledger in one form; what is text ends with a newline.

    Raises NotFound with code receipt.log-key where the page needs a key that the policy lacks; for
    the forms in COSE, which the log's key signs anew, as `Scitt.receipt` and `Scitt.transparent`.
    """
    if form == "cose":
        return ledger.scitt.receipt(receipt.record.index)
    if form == "cose-statement":
        return ledger.scitt.transparent(receipt.record.index)
    if form == "tlog-proof":
        record = receipt.record
        return tlog_proof.format(
            TlogProof(record.index, record.path, receipt.checkpoint.encode(), record.entry)
        )
    if form == "html":
        from counterfoil.formats.receipt_html import format_html

        return format_html(receipt, log_key(ledger.policy, ledger.origin))
    return receipts.format(receipt) + b"\n"


def parse_receipt(data: bytes) -> tuple[Form, Receipt | TlogProof | CoseReceipts]:
    """Read a receipt, whichever form it has. Raises InputError as the form's own parser does."""
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return "tlog-proof", tlog_proof.parse(data)
    if data.startswith(COSE_MARK):
        return _parse_cose(data)
    if data.lstrip()[:1] == b"<":
        from counterfoil.formats.receipt_html import parse_html

        return "html", parse_html(data)
    return "json", receipts.parse(data)


def _parse_cose(data: bytes) -> tuple[Form, CoseReceipts]:
    """Read a receipt, or those of a statement that are of trees like ours."""
    message = cose.parse(data)
    if cose_receipt.is_receipt(message):
        return "cose", (cose_receipt.parse(data),)
    entry = signed_statement.entry_of(signed_statement.parse(data))
    found = []
    for one in cose_receipt.attached(message):
        with suppress(InputError):  # another service's, of another kind of tree
            found.append(replace(cose_receipt.parse(one), entry=entry))
    if not found:
        raise InputError(
            "receipt.none",
            "expected a statement in COSE with a receipt of an RFC 9162 tree, found none",
            hint="`counterfoil receipt get INDEX --transparent --out FILE` writes one.",
        )
    return "cose-statement", tuple(found)

"""Write a receipt as one HTML file that checks itself in a browser, and read it back.

The page asks nothing of any network, and shows what a record says as text only: its content
cannot become markup or script. It says "intact" under the log's key that it carries, and speaks of
trust only against a policy that its reader pastes. This module refuses to verify: the page does in
a browser, `proofs.verify` everywhere else, and a page that came with a receipt proves nothing to
those who distrust its sender.
"""

from __future__ import annotations

import re
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Log, Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_page import receipt_page
from counterfoil.formats.vkey import VerifierKey, format_vkey

__all__ = ["format_html", "is_html", "parse_html"]

_RECEIPT: Final = re.compile(rb'<script type="application/json" id="receipt">([^<]*)</script>')


def format_html(receipt: Receipt, log_key: VerifierKey) -> bytes:
    """Write a receipt as a self-contained page of about 60 KB and the receipt.

    log_key: the key that signs the log's checkpoints. It is a claim of the page, shown with its
    fingerprint; a reader who knows the log brings a policy.
    Raises InputError with a code policy.* when no policy could name the key.
    """
    # The page puts the key into such a policy, as text.
    policies.parse(policies.format(Policy((Log(log_key),), (), (), policies.NONE)))
    page = receipt_page()
    key = json_text.format(format_vkey(log_key))
    data = receipts.format(receipt)
    return b"".join((page.head, _embed(key), page.middle, _embed(data), page.tail))


def is_html(data: bytes) -> bool:
    """Tell whether `data` begins as an HTML page does, so that `parse_html` is the one to ask."""
    return data[:100].lstrip().lower().startswith(b"<!doctype html")


def parse_html(data: bytes) -> Receipt:
    """Read the receipt that a page carries; whatever else is in the page is not looked at.

    data: a page of `format_html`, also when a browser saved it.
    Raises InputError with code receipt.malformed when it carries none or several, or one of
    `receipt.parse`.
    """
    found = _RECEIPT.findall(data)
    if len(found) != 1:
        raise InputError(
            "receipt.malformed",
            f"expected a page with one receipt in it, found {len(found)}",
            hint="`counterfoil receipt get INDEX --ledger DIR --html --out FILE` writes one.",
        )
    return receipts.parse(_extract(found[0]))


def _embed(json: bytes) -> bytes:
    """Write JSON so that it cannot end the script element that it stands in.

    Only `<` can begin an end tag, a comment or another script (HTML Standard, 13.1.2.1 and
    "Restrictions on the contents of script elements"), and in JSON it stands in texts only.
    """
    return json.replace(b"<", rb"\u003c")


def _extract(json: bytes) -> bytes:
    r"""Undo `_embed`; in `\\u003c` the backslash is a text's own, and no escape begins with it."""
    return rb"\\".join(part.replace(rb"\u003c", b"<") for part in json.split(rb"\\"))

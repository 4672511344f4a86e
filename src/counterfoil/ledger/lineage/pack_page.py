"""Write an evidence pack as one HTML page, which carries the pack itself.

Each statement stands with its receipt, which checks itself in a frame; the README says what that
proves. The page is made from the pack's files alone, so that `evidence check` takes the pack out
of it, makes the page anew and compares. This module refuses to reach any network.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_html import format_html
from counterfoil.ledger.documents import framed, log_key, security, written_page
from counterfoil.ledger.lineage.pack_zip import EMBEDDED
from counterfoil.ledger.view import RecordView, view

__all__ = ["PAGE_STATEMENTS_MAX", "pack_page", "require_page_fits"]

PAGE_STATEMENTS_MAX: Final = 200
"""Most statements on one page: each carries a page of 60 KB that checks it."""

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}h1{margin:0}article{border-top:1px solid #bbb;padding:.5rem 0}"
    "h3{margin:0}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}"
    "iframe{width:100%;height:36rem;border:1px solid #999}"
    "summary{cursor:pointer;padding:.3rem 0}code{overflow-wrap:anywhere}"
)


def require_page_fits(statements: int) -> None:
    """Refuse more statements than a page has. Raises InputError with code pack.page-large."""
    if statements > PAGE_STATEMENTS_MAX:
        raise InputError(
            "pack.page-large",
            f"expected at most {PAGE_STATEMENTS_MAX} statements on a page, found {statements:,}",
            hint="Leave out --html for a zip, or take less.",
        )


def pack_page(
    files: Mapping[str, bytes], receipts: Iterable[Receipt], origin: str, packed: bytes
) -> bytes:
    """Write a pack's page.

    files: all of the pack. receipts: those in it, by index. packed: the zip that it carries.
    Raises InputError with code pack.page-large for more than 200 statements, NotFound with code
    receipt.log-key, and as `policy.parse`.
    """
    made = list(receipts)
    require_page_fits(len(made))
    key = log_key(policies.parse(files["policy.txt"]), origin)
    pages = [format_html(receipt, key) for receipt in made]
    readme = escape(files["README.txt"].decode("utf-8", "replace"))
    parts = [
        f"<header><h1>Evidence pack</h1><p>{escape(origin)}</p></header>",
        "<p>Each receipt below opens as a page that checks itself. Whether to trust the log is ",
        "yours to say, by a policy of your own.</p>",
        f"<details><summary>What is proven, and what is not</summary><pre>{readme}</pre></details>",
        f"<h2>{len(made)} statements</h2>",
    ]
    for receipt, page in zip(made, pages, strict=True):
        shown = view(receipt.record.index, receipt.record.entry)
        parts += [_statement(shown), framed(page, f"Receipt of entry {shown.index}"), "</article>"]
    parts += [EMBEDDED[0].decode(), b64encode(packed).decode(), EMBEDDED[1].decode()]
    return written_page("Evidence pack", "".join(parts), _STYLE, security(pages, _STYLE))


def _statement(shown: RecordView) -> str:
    said = escape(json.dumps(shown.content, ensure_ascii=False, indent=1))
    facts: list[Any] = [shown.issuer, _time(shown.at_ms), shown.leaf]
    line = ", ".join(escape(str(fact)) for fact in facts if fact is not None)
    return (
        f"<article><h3>{shown.index}: {escape(shown.kind)}</h3><p>{line}</p>"
        f"<details><summary>What it says</summary><pre>{said}</pre></details>"
    )


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    try:
        at = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        at = f"{at_ms} ms after 1970"
    return f"{at} by the signer's clock"

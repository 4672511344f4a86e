"""The page that verifies a receipt, for anybody: in the browser, or here where it runs no script.

The reader's own policy counts where they bring one; else this ledger's, which is the word of
whoever runs this node, and the page says so. This module refuses to remember what it was shown.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES
from counterfoil.http.bodies import read_form
from counterfoil.http.endpoint import ANYBODY, Endpoint
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.rendering import render
from counterfoil.http.site import Site
from counterfoil.ops.files import POLICY_MAX_BYTES
from counterfoil.ops.verification import verify_bytes

__all__ = ["PAGES", "verifying"]

_MOST: Final = 3 * (RECEIPT_MAX_BYTES + POLICY_MAX_BYTES)  # text in a form is longer
_TEMPLATE: Final = "verify.html"


def _facts(site: Site, _asked: Asked) -> dict[str, Any]:
    return {**_frame(site), "receipt": "", "policy": "", "result": None}


def _frame(site: Site) -> dict[str, Any]:
    own = policies.format(site.ledger.policy).decode()
    return {
        "own_policy": own,
        "log": site.ledger.origin,
        "organisation": site.ledger.config.organisation,
    }


def verifying(site: Site) -> Endpoint:
    """Make the path that a receipt is sent to by who runs no script; it changes nothing."""

    async def answer(request: Request) -> Response:
        form = await read_form(request, max_fields=8, max_files=2, most=_MOST)
        try:
            receipt = await _given(form.get("file"), form.get("receipt"), RECEIPT_MAX_BYTES)
            policy = await _given(form.get("policy_file"), form.get("policy"), POLICY_MAX_BYTES)
        finally:
            await form.close()
        result = await asyncio.to_thread(_result, site, receipt, policy)
        facts = {
            **_frame(site),
            "title": f"{result['word']}: verify",
            "nav": "verify",
            "as_data": [],
            "receipt": _text(receipt),
            "policy": _text(policy),
            "result": result,
        }
        page = await asyncio.to_thread(render, site, _TEMPLATE, facts, request)
        return Response(page, media_type="text/html", headers={"cache-control": "no-store"})

    return Endpoint("POST", "/verify", ANYBODY, answer, "page")


async def _given(file: Any, text: Any, most: int) -> bytes:
    """Take a file, else what was pasted. Raises InputError with code verify.size."""
    if isinstance(file, UploadFile) and file.size:
        if file.size > most:
            raise InputError("verify.size", f"expected at most {most} bytes, found {file.size}")
        return await file.read()
    # A form sends line breaks as CR LF (HTML Standard, 4.10.22.4); what is signed has LF.
    return text.replace("\r\n", "\n").encode(errors="replace") if isinstance(text, str) else b""


def _result(site: Site, receipt: bytes, policy: bytes) -> dict[str, Any]:
    """Verify, and say what was found: state, word, and what holds or what does not."""
    whose = "the policy that you brought" if policy.strip() else "this ledger's own policy"
    if not receipt.strip():
        return {
            "state": "wait",
            "word": "Nothing to check",
            "why": "Choose a receipt's file, or paste its text",
            "whose": whose,
            "proven": None,
        }
    try:
        trusted = policies.parse(policy) if policy.strip() else site.ledger.policy
        proven = verify_bytes(_with_end(receipt), trusted, now_s=int(time.time()))
    except CounterfoilError as err:
        return {
            "state": "bad",
            "word": "Invalid",
            "why": err.message[:1].upper() + err.message[1:],
            "code": err.code,
            "hint": err.hint or "",
            "whose": whose,
            "proven": None,
        }
    return {"state": "ok", "word": "Valid", "whose": whose, "proven": msgspec.to_builtins(proven)}


def _with_end(receipt: bytes) -> bytes:
    """Give text that was pasted its last line break back, which a field may have lost."""
    is_proof = receipt.startswith(b"c2sp.org/tlog-proof@")
    return receipt + b"\n" if is_proof and not receipt.endswith(b"\n") else receipt


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:  # a receipt in COSE is not text
        return ""


PAGES: Final = (Page("/verify", "Verify", _facts, _TEMPLATE, nav="verify", role=None),)

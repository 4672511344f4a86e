"""Receipts to take away from the page of a record, each in the form that was asked for.

This module refuses to show one in the browser: a page that checks itself brings its own scripts,
and runs nowhere but in a file of its own.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import NotFound
from counterfoil.http.endpoint import Endpoint, Need
from counterfoil.http.pages.page import asked_of
from counterfoil.http.site import Site
from counterfoil.ops import receipts
from counterfoil.ops.records import find_entry
from counterfoil.ports import STANDARD_STREAM, Document

__all__ = ["downloads"]

_FORMS: Final = ("json", "html", "tlog-proof", "cose")


def downloads(site: Site) -> list[Endpoint]:
    """Make the path of receipts: `/records/{entry}/receipt.{form}`, `?row=` for one of a block."""

    async def answer(request: Request) -> Response:
        asked = asked_of(request)
        form = str(asked.path["form"])
        if form not in _FORMS:
            raise NotFound(
                "http.path",
                f"expected a receipt as one of {', '.join(_FORMS)}, found {form[:40]!a}",
            )
        row = asked.integer("row", -1)
        index = await asyncio.to_thread(find_entry, site.ledger, str(asked.path["entry"]))
        made = await asyncio.to_thread(
            receipts.get,
            str(index),
            out=STANDARD_STREAM,
            ledger=site.ledger.layout.folder,
            row=None if row < 0 else row,
            html=form == "html",
            tlog_proof=form == "tlog-proof",
            cose=form == "cose",
        )
        document = cast("Document", made)  # standard output was asked for
        ending = "receipt.json" if form == "json" else form
        name = f"{index}.{ending}" if row < 0 else f"{index}.row{row}.{ending}"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        }
        return Response(b"".join(document.chunks), headers=headers, media_type=document.media_type)

    need = Need("reader", ("receipt",))
    return [Endpoint("GET", "/records/{entry}/receipt.{form}", need, answer, "page")]

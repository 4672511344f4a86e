"""Screening of names: who on the lists at hand a name may be, and why; and who was screened.

A name belongs into no address, so it is sent in a form. What is recorded is sealed under the
person's key. This module refuses to clear anybody.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, Final

from counterfoil.apps.finance.names.recorded import PURPOSE
from counterfoil.drawing import contributions
from counterfoil.errors import InputError
from counterfoil.extras import brings
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.tried import listed, tried
from counterfoil.http.site import Site
from counterfoil.ledger import RecordView
from counterfoil.ops.finance import screening
from counterfoil.ops.finance.own_lists import own_lists, read_once
from counterfoil.ops.searches import search
from counterfoil.ports import Channel

__all__ = ["PAGES"]

_PATH: Final = "/apps/finance/screening"
_SHOWN: Final = 50
_FIELDS: Final = ("name", "schema", "born", "country", "threshold")
_FIELD_MAX: Final = 500


def _screening(site: Site, _asked: Asked) -> dict[str, Any]:
    return {**_common(site), "form": {}, "found": None, "again": None, "problem": None,
            "_reasons": []}  # fmt: skip


def _common(site: Site) -> dict[str, Any]:
    """Gather what stands there whatever is asked: the lists at hand, and earlier screenings."""
    lists = []
    for path in own_lists(site.ledger.layout):
        one, problem = tried(lambda path=path: read_once(path))  # type: ignore[misc]
        version = None if one is None else one.version.to_json()
        lists.append({"name": path.name, "version": version, "problem": problem})
    page = search((f'kind=decision purpose="{PURPOSE}"',), limit=_SHOWN,
                  ledger=site.ledger.layout.folder)  # fmt: skip
    return {"lists": lists, "screenings": [_row(one) for one in page.hits]}


def _row(view: RecordView) -> dict[str, Any]:
    said = view.content
    return {
        "index": view.index,
        "at_ms": view.at_ms,
        "outcome": said.get("outcome"),
        "threshold": said.get("threshold"),
        "lists": ", ".join(
            str(one.get("name", "")).partition(":")[0].rpartition("/")[2]
            for one in said.get("based_on") or ()
        ),
        "note": said.get("note", ""),
        "again": bool(said.get("supersedes")),
    }


def _found(site: Site, asked: Asked) -> dict[str, Any]:
    """Screen a name. What cannot be read is told beside the form, which keeps what was typed."""
    form = {name: asked.form.get(name, "").strip() for name in _FIELDS}
    record = asked.form.get("record") == "yes"
    found, problem = listed(lambda: _screen(site, form, record=record))
    reasons = [
        contributions(
            f"Why {hit['listed']}",
            {"to begin with": hit["base"], **hit["contributions"]},
            unit="log-odds",
        )
        for one in found
        for hit in one["hits"]
    ]
    return {
        **_common(site),
        "form": {**form, "record": record},
        "found": found[0] if found else None,
        "again": None,
        "problem": problem,
        "_reasons": reasons,
    }


def _screen(site: Site, form: dict[str, str], *, record: bool) -> Iterable[dict[str, Any]]:
    for name, value in form.items():
        if len(value) > _FIELD_MAX:
            raise InputError(
                "page.parameter",
                f"expected {name} to have at most {_FIELD_MAX} characters, found {len(value)}",
            )
    with brings("finance"):
        found = screening.screen(
            form["name"] or None,
            list=own_lists(site.ledger.layout),
            schema=form["schema"],
            born=form["born"],
            country=form["country"],
            threshold=form["threshold"] or None,
            ledger=site.ledger.layout.folder if record else None,
            channel=Channel(io.BytesIO(), io.BytesIO()),
        )
        return [one.to_json() for one in found]


def _again(site: Site, asked: Asked) -> dict[str, Any]:
    """Screen again everybody who was screened, against the lists as they are now."""
    found, problem = listed(lambda: _rescreen(site, asked))
    return {**_common(site), "form": {}, "found": None, "again": found, "problem": problem,
            "_reasons": []}  # fmt: skip


def _rescreen(site: Site, asked: Asked) -> Iterable[dict[str, Any]]:
    with brings("finance"):
        found = screening.rescreen(
            list=own_lists(site.ledger.layout),
            actor=asked.principal.name if asked.principal else "nobody",
            every=True,
            ledger=site.ledger.layout.folder,
        )
        return [one.to_json() for one in found]


PAGES: Final = (
    Page(_PATH, "Screening", _screening, "finance/screening.html", nav="finance",
         rows="screenings", words=("finance", "screen")),
    Page(_PATH, "Screening", _found, "finance/screening.html", nav="finance", role="writer",
         words=("finance", "screen"), posted=True),
    Page(f"{_PATH}/again", "Screening", _again, "finance/screening.html", nav="finance",
         role="auditor", words=("finance", "rescreen"), posted=True),
)  # fmt: skip

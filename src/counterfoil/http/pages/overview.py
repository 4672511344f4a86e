"""The first page: what this is, how large it is and how it fares, and what came last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError
from counterfoil.http.pages.load import load_facts, load_picture, recent_load
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.records import listed
from counterfoil.http.pages.summaries import timed
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ops import alerts, anchors, witnesses
from counterfoil.ops.energy import energy_of

__all__ = ["PAGES"]

_LAST: Final = 10
_LOOKED_AT: Final = 60
_ALERTS_MAX: Final = 100


def _facts(site: Site, _asked: Asked) -> dict[str, Any]:
    ledger = site.ledger
    size, at_ms = ledger.committed
    load = recent_load(ledger)
    return {
        "size": size,
        "at_ms": at_ms if size else None,
        "organisation": ledger.config.organisation,
        "records": [listed(one) for one in timed(ledger, _last(ledger, size))],
        "load": load_facts(load, time.time()),
        "anchor": _told(lambda: _anchor(ledger)),
        "witnesses": _told(lambda: _witnesses(ledger)),
        "alerts": _told(lambda: _alerts(ledger)),
        "energy": _told(lambda: _energy(ledger)),
        "status": msgspec.to_builtins(site.status()),
        "ready": site.status().ready,
        "fatal": str(ledger.fatal) if ledger.fatal is not None else "",
        "_load": load_picture(load),
    }


def _last(ledger: Ledger, size: int) -> list[RecordView]:
    """Give the last records, newest first, without asking an index that may have to be made."""
    found = [one for one in ledger.views(max(0, size - _LOOKED_AT), size) if one.kind != "batch"]
    return found[: -_LAST - 1 : -1]


def _told(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Ask for one figure; that it cannot be told must not hide the others."""
    try:
        return {**ask(), "why": ""}
    except CounterfoilError as err:
        return {"state": "unknown", "why": err.message}


def _anchor(ledger: Ledger) -> dict[str, Any]:
    if not ledger.config.anchor_chains:
        return {"state": "off"}
    place = ledger.layout.folder
    last = max(anchors.listing(ledger=place), key=lambda one: one.size, default=None)
    troubles = [one.state.trouble[1] for one in anchors.status(ledger=place) if one.state.trouble]
    if last is None:
        return {"state": "none", "troubles": troubles}
    return {
        "state": "trouble" if troubles else "anchored",
        "size": last.size,
        "time_ms": last.time_s * 1000,
        "chain_id": last.chain_id,
        "transaction": last.transaction,
        "troubles": troubles,
    }


def _witnesses(ledger: Ledger) -> dict[str, Any]:
    known = list(witnesses.listing(ledger=ledger.layout.folder))
    others = [one for one in known if not one.own]
    counted = others or known
    signed = sum(one.size is not None for one in counted)
    whole = bool(counted) and signed == len(counted)
    return {
        "state": ("witnessed" if others else "own") if whole else "lacking" if known else "none",
        "signed": signed,
        "of": len(counted),
    }


def _alerts(ledger: Ledger) -> dict[str, Any]:
    new = list(alerts.listing(ledger=ledger.layout.folder, new=True, limit=_ALERTS_MAX))
    severe = sum(one.begun.content.get("severity") == "high" for one in new)
    return {"state": "new" if new else "none", "new": len(new), "high": severe}


def _energy(ledger: Ledger) -> dict[str, Any]:
    spent = ledger.spent()
    if spent is None:
        return {"state": "none"}
    found = energy_of(spent)
    return {
        "state": "known",
        "joules_per_entry": found.joules_per_entry,
        "joules_are": found.joules_are,
        "cpu_s_per_entry": found.cpu_s_per_entry,
    }


PAGES: Final = (Page("/", "Overview", _facts, "overview.html", nav="overview"),)

"""How the node works: its parts, commits and anchors, what it costs, who vouches, what is amiss.

What takes long is worked out behind the page's back. This module refuses to change anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from counterfoil.drawing import Anchoring, anchor_timing, energy_bars, line_with_band
from counterfoil.http.pages.kept import worked_out
from counterfoil.http.pages.load import load_facts, load_picture, recent_load
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.tried import listed, tried
from counterfoil.http.site import Site
from counterfoil.ledger import Ledger
from counterfoil.ops import anchors, health, witnesses
from counterfoil.ops.anchor_times import AnchorTimes, anchor_times
from counterfoil.ops.energy import Energy, energy_of

__all__ = ["PAGES"]

_COMMITS: Final = 200
_ROWS: Final = 12
_WEI: Final = 1e9
_SOON_S: Final = 4.0
_EVERY_S: Final = 60.0
_LOOKED_OVER_S: Final = 30.0


def _operations(site: Site, _asked: Asked) -> dict[str, Any]:
    ledger, place, now_s = site.ledger, site.ledger.layout.folder, time.time()
    status = site.status()
    checks, no_doctor = tried(lambda: _checks(ledger))
    chains, no_anchors = listed(lambda: anchors.status(ledger=place))
    timing, no_timing = tried(lambda: _timing(ledger))
    load, no_load = tried(lambda: recent_load(ledger))
    commits = worked_out(ledger, "commits", _SOON_S, lambda: _commits(ledger), wait_s=_SOON_S) or []
    cost = _cost(ledger)
    seen, no_witnesses = listed(lambda: witnesses.listing(ledger=place))
    size = ledger.committed[0]
    return {
        "services": [msgspec.to_builtins(one) for one in status.services],
        "ready": status.ready,
        "started_ms": status.started_ms,
        "commits": commits[-_ROWS:][::-1],
        "settings": {name: getattr(ledger.config, name) for name in _SETTINGS},
        "chains": [msgspec.to_builtins(one) for one in chains],
        "anchors": [] if timing is None else _anchored(timing),
        "load": load_facts(load),
        "energy": None if cost is None else msgspec.to_builtins(cost),
        "witnesses": [
            {"name": one.name, "url": one.url, "own": one.own, "size": one.size,
             "at_ms": one.at_ms, "behind": None if one.size is None else size - one.size,
             "age_s": None if one.at_ms is None else max(now_s - one.at_ms / 1000, 0)}
            for one in seen
        ],
        "checks": checks or [],
        "looked_over": checks is not None,
        "amiss": sum(one["status"] != "ok" for one in checks or ()),
        "size": size,
        "trouble": {"doctor": no_doctor, "chains": no_anchors, "anchors": no_timing,
                    "load": no_load, "witnesses": no_witnesses},
        "_commits": _drawn_commits(commits),
        "_anchors": "" if timing is None else _drawn_anchors(timing),
        "_load": load_picture(load),
        "_energy": "" if cost is None else _drawn_energy(cost),
    }  # fmt: skip


_SETTINGS: Final = (
    "publish_interval_s",
    "batch_members",
    "receipt_max_wait_s",
    "anchor_max_wait_s",
    "anchor_confirmations",
)


def _timing(ledger: Ledger) -> AnchorTimes | None:
    """Give the anchors and fees as of at most a minute ago; None while the chain is asked."""
    place = ledger.layout.folder
    return worked_out(
        ledger, "anchor times", _EVERY_S, lambda: anchor_times(ledger=place), wait_s=_SOON_S
    )


def _checks(ledger: Ledger) -> list[dict[str, Any]] | None:
    """Look the ledger over, at most once in a while: it takes longer the more there is."""
    place = ledger.layout.folder
    return worked_out(
        ledger,
        "doctor",
        _LOOKED_OVER_S,
        lambda: list(health.doctor(ledger=place).to_json()["checks"]),
        wait_s=_SOON_S,
    )


def _commits(ledger: Ledger) -> list[dict[str, Any]]:
    """Tell of each checkpoint that is kept: how much came since the one before, and how soon."""
    kept = list(ledger.checkpoints())[-_COMMITS - 1 :]
    found = [
        {
            "size": after.size,
            "at_ms": after.at_ms,
            "entries": after.size - before.size,
            "after_s": round((after.at_ms - before.at_ms) / 1000, 3),
        }
        for before, after in pairwise(kept)
    ]
    first = [{"size": kept[0].size, "at_ms": kept[0].at_ms, "entries": kept[0].size,
              "after_s": None}] if 0 < len(kept) <= _COMMITS else []  # fmt: skip
    return [*first, *found]


def _drawn_commits(commits: Sequence[dict[str, Any]]) -> str:
    points = [(one["at_ms"] / 1000, float(one["entries"])) for one in commits]
    names = ("entries", "")
    return line_with_band("Entries a checkpoint", points, names=names) if len(points) > 1 else ""


def _anchored(timing: AnchorTimes) -> list[dict[str, Any]]:
    return [
        {
            "size": one.size,
            "block": one.block,
            "at_ms": one.time_s * 1000,
            "waited_s": None if one.due_s is None else round(max(one.time_s - one.due_s, 0), 1),
            "fee_gwei": None if one.fee_wei is None else one.fee_wei / _WEI,
            "transaction": one.transaction,
        }
        for one in reversed(timing.anchors[-_ROWS:])
    ]


def _drawn_anchors(timing: AnchorTimes) -> str:
    fees = [(at_s, fee / _WEI) for at_s, fee in timing.fees]
    marks = [
        Anchoring(
            one.time_s,
            (one.fee_wei or 0) / _WEI,
            f"{one.size} entries in block {one.block}",
            one.due_s,
            f"/checkpoints/{one.size}",
        )
        for one in timing.anchors
        if one.fee_wei is not None
    ]
    return anchor_timing("Anchors and what a block cost", fees, marks) if fees else ""


def _cost(ledger: Ledger) -> Energy | None:
    spent = ledger.spent()
    return None if spent is None else energy_of(spent)


def _drawn_energy(cost: Energy) -> str:
    sure = cost.joules_are.startswith("measured")
    watts = cost.watts_per_core
    rows = [
        (name, each, measured)
        for name, each, measured in (
            ("record: the process", cost.joules_per_entry, sure),
            ("record: the log alone", _times(cost.log_cpu_s_per_entry, watts), False),
            ("decision: recorded", _times(cost.cpu_s_per_decision, watts), False),
            ("anchor", _times(cost.cpu_s_per_anchor, watts), False),
        )
        if each is not None
    ]
    return energy_bars("Energy for one thing", rows) if rows else ""


def _times(seconds: float | None, watts: float) -> float | None:
    return None if seconds is None else seconds * watts


PAGES: Final = (
    Page("/ops", "Operations", _operations, "operations.html", nav="ops", rows="services",
         words=("ops",)),
)  # fmt: skip

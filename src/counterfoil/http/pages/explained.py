"""A decision computed and explained again, for an auditor: what is sealed is opened, on record.

It answers a form, since to look is an act: who looked, and for what, stands in the log before they
see anything. This module refuses a reader who is no auditor.
"""

from __future__ import annotations

from typing import Any, Final

from counterfoil.drawing import contributions
from counterfoil.http.pages.page import Asked, Page
from counterfoil.http.pages.summaries import shown
from counterfoil.http.site import Site
from counterfoil.ops import replays

__all__ = ["PAGES"]

_MOST: Final = 16
_WORDS: Final = {
    "identical": ("ok", "The same, bit for bit"),
    "within-tolerance": ("ok", "The same, within the tolerance"),
    "different": ("bad", "Not the same as recorded"),
    "not-recorded": ("wait", "Nothing was recorded to compare with"),
    "impossible": ("wait", "Cannot be computed again"),
}


def _facts(site: Site, asked: Asked) -> dict[str, Any]:
    entry = str(asked.path["entry"])
    actor = asked.principal.name if asked.principal is not None else None
    place = site.ledger.layout.folder
    replay = replays.replay(entry, actor=actor, ledger=place).to_json()
    again = replays.explain(entry, actor=actor, ledger=place).explanations
    state, words = _WORDS[again.verdict]
    replayed, replay_words = _WORDS[replay["verdict"]]
    return {
        "title": f"Decision {again.index}, computed again",
        "index": again.index,
        "actor": actor,
        "explanation": again.to_json(),
        "replay": replay,
        "states": {"explanation": state, "replay": replayed},
        "words": {"explanation": words, "replay": replay_words},
        "inputs": [
            {"name": name, "value": shown(value)} for name, value in (again.inputs or {}).items()
        ],
        "_drawing": _drawn(again.contributions or {}, again.inputs or {}, again.unit),
    }


def _drawn(values: dict[str, float], inputs: dict[str, Any], unit: str) -> str:
    if not values:
        return ""
    told = {name: shown(value) for name, value in inputs.items()}
    title = "What each input added to the score"
    return contributions(title, values, inputs=told, unit=unit, most=_MOST)


PAGES: Final = (
    Page("/records/{entry}/explained", "Computed again", _facts, "explained.html", nav="records",
         role="auditor", words=("explain",), posted=True),
)  # fmt: skip

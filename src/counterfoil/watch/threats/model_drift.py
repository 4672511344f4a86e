"""A model whose scores are no longer what they were.

The scores of a model's decisions, and how far each is from their mean, go each through an adaptive
window (`learn.drift.Adwin`), which cuts where its older part has another mean. The confidence of a
look follows from how many looks a week has and how many alarms are wanted. This module refuses to
say that the model is wrong: its inputs may have moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

import msgspec

from counterfoil.learn.drift import Adwin
from counterfoil.ports.watchers import Noticed, Setting, Sight, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import WEEK_MS
from counterfoil.watch.threats.signers import remember

__all__ = ["MODEL_DRIFT"]

_SHOWN: Final = 8
_LOOK: Final = 8  # values from look to look, as Adwin's
_SUREST: Final = 1e-8
_NEWEST: Final = 32
_KNOWN: Final = 50  # decisions before anything is said
_TOLD: Final = ("mean", "spread about the mean")


class _Model(msgspec.Struct):
    """mean, spread: windows over scores, and over distances from the mean.

    latest: decisions. newest: of each, what went into both windows.
    """

    mean: Adwin = msgspec.field(default_factory=Adwin)
    spread: Adwin = msgspec.field(default_factory=Adwin)
    latest: list[tuple[int, str]] = []
    newest: list[tuple[float, float]] = []
    first_ms: int = 0
    seen: int = 0


class State(msgspec.Struct):
    """The windows of each model."""

    models: dict[str, _Model] = {}


class _ModelDrift:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._per_week = float(settings["per_week"])

    def start(self) -> State:
        return State()

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        found = _score_of(event)
        if found is None:
            return state, ()
        name, score = found
        model = state.models.get(name) or remember(state.models, name, _Model())
        model.first_ms = model.first_ms or event.at_ms
        model.seen += 1
        model.latest = [*model.latest, (event.index, event.leaf)][-_SHOWN:]
        sure = self._confidence(model, event.at_ms)
        noticed = []
        before = model.mean.mean
        away = abs(score - before) if model.mean.width else 0.0
        model.newest = [*model.newest, (score, away)][-_NEWEST:]
        for at, window in enumerate((model.mean, model.spread)):
            window.confidence = sure
            old, width = window.mean, window.width
            if window.add(model.newest[-1][at]) and width >= _KNOWN:
                now = sum(pair[at] for pair in model.newest) / len(model.newest)
                noticed.append(_noticed(name, _TOLD[at], old, now, window, model.latest))
        return state, noticed

    def _confidence(self, model: _Model, now_ms: int) -> float:
        """Share the alarms of a week among its looks, two windows a model."""
        weeks = max((now_ms - model.first_ms) / WEEK_MS, 1 / 7)
        looks = 2 * max(model.seen, 1) / _LOOK / weeks
        return min(0.002, max(_SUREST, self._per_week / max(looks, 1.0)))


def _score_of(event: WatchedEntry) -> tuple[str, float] | None:
    if event.kind != "decision" or event.said.get("by", "model") != "model":
        return None
    model, text = event.said.get("model"), event.said.get("score")
    if not isinstance(model, Mapping) or not isinstance(text, str):
        return None
    try:
        score = float(text)
    except ValueError:
        return None
    name = model.get("name") or model.get("digest") or model.get("leaf")
    return (str(name), score) if isfinite(score) and name else None


def _noticed(
    name: str, what: str, old: float, now: float, window: Adwin, latest: Sequence[tuple[int, str]]
) -> Noticed:
    return Noticed(
        kind="model-drift",
        group=f"{name} {what}",
        title=f"scores of {name[:120]} have another {what}: {now:.3g} of late, was {old:.3g}",
        why=f"The last decisions differ from the {window.seen} before them. The model, its inputs "
        "or the world has moved; the decisions named are the latest.",
        score=abs(now - old),
        p=window.confidence,
        evidence=[Sight(index, leaf) for index, leaf in latest],
        measured={"before": old, "now": now},
    )


MODEL_DRIFT: Final = WatcherType(
    name="model-drift",
    version="1",
    summary="The scores of a model's decisions are no longer what they were.",
    state=State,
    settings={"per_week": 1.0},
    make=_ModelDrift,
)

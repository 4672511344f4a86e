"""Anomalies in a column of a growing file, by any registered detector, as alerts.

What `watch score` prints, this records: each value is scored by those before it, then learned, and
alarms come as often a week as wanted. This module refuses rows without a finite number or a time:
they are neither scored nor learned.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Final

import msgspec

from counterfoil.learn.anomaly import detector as named
from counterfoil.ports import Detector
from counterfoil.ports.watchers import Noticed, Setting, Sight, WatcherType
from counterfoil.watch.csv_feed import CsvFeed, CsvRow
from counterfoil.watch.threats.budget import HOUR_MS, Budget

__all__ = ["STREAM"]


class State(msgspec.Struct, dict=True):
    """The detector as it was saved last, and the scores. saved: its bytes in base64."""

    detector: str
    budget: Budget
    saved: str = ""

    @cached_property
    def model(self) -> Detector:
        """The detector, made once and restored."""
        made = named(self.detector)
        if self.saved:
            made.restore(base64.b64decode(self.saved))
        return made

    def freeze(self) -> None:
        """Bring what is saved up to date."""
        self.saved = base64.b64encode(self.model.to_bytes()).decode()


class _Stream:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._value = str(settings["value"])
        self._detector = str(settings["detector"])
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)

    def start(self) -> State:
        return State(self._detector, Budget(self._per_week, self._learn_ms, least=100))

    def see(self, state: State, event: CsvRow) -> tuple[State, Sequence[Noticed]]:
        value = _number(event.cells.get(self._value))
        if value is None or not event.at_ms:
            return state, ()
        state.budget.tick(event.at_ms)
        score = state.model.score(value, event.at_ms / 1000)
        chance = state.budget.judge(score)
        state.budget.learn(score)
        if chance is None:
            return state, ()
        return state, [_noticed(event, self._value, value, score, chance)]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _noticed(event: CsvRow, column: str, value: float, score: float, chance: float) -> Noticed:
    return Noticed(
        kind="anomaly",
        group=f"{event.file} {column}",
        title=f"{column[:80]} of {event.file[:80]} is {value:g} in row {event.row}",
        why=f"By the rows before it, a value as odd comes with chance {chance:.2g}.",
        score=score,
        p=chance,
        evidence=[Sight(digest=event.digest, name=f"row {event.row} of {event.file}"[:255])],
        measured={"value": value},
    )


STREAM: Final = WatcherType(
    name="stream",
    version="1",
    summary="A column of a growing CSV file has a value that is abnormal by those before it.",
    state=State,
    settings={"value": "value", "detector": "auto", "per_week": 1.0, "learn_hours": 24.0},
    make=_Stream,
    feed=CsvFeed,
)

"""Run a watcher over what is past, by the same code, and record nothing.

So one sees what it would have said, how often, and what a setting changes. This module refuses to
write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.ports.watchers import Feed, WatchedEntry
from counterfoil.watch.grouping import Grouping
from counterfoil.watch.registered import Chosen
from counterfoil.watch.runner import OURS

__all__ = ["Backtest", "Tested"]

_CHUNK: Final = 2048
_WEEK_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class Tested:
    """An alert that would have been. place: of the event that led to it; said: its fields."""

    watcher: str
    place: int
    said: dict[str, Any]

    @property
    def begins(self) -> bool:
        """It begins an alert, and does not close one."""
        return bool(self.said.get("state", "open") == "open")

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {"watcher": self.watcher, "place": self.place, **self.said}


class Backtest:
    """One watcher over one feed, from its beginning to what is there now.

    counted_from: alerts of events before it are learned from and not told, as when a watcher is
    new. Events and alerts are counted from there.
    """

    def __init__(self, chosen: Chosen, feed: Feed, *, counted_from: int = 0) -> None:
        self._chosen, self._feed, self._from = chosen, feed, counted_from
        self.events = self.alerts = 0
        self._first_ms: int | None = None
        self._last_ms = 0

    @property
    def name(self) -> str:
        """The watcher's name."""
        return self._chosen.kind.name

    @property
    def weeks(self) -> float:
        """Time between the first and the last event that count."""
        return 0.0 if self._first_ms is None else (self._last_ms - self._first_ms) / _WEEK_MS

    @property
    def per_week(self) -> float | None:
        """Alerts a week; None where there is less than a day."""
        return self.alerts / self.weeks if self.weeks > 1 / 7 else None

    def run(self) -> Iterator[Tested]:
        """Read all that the feed's last `poll` found; gives what would have been recorded."""
        watcher = self._chosen.make()
        state, cursor, moved = watcher.start(), None, True
        grouping = Grouping(self._chosen.window_s * 1000, self._feed.origin)
        while moved:
            moved = False
            for step in self._feed.steps(cursor, _CHUNK):
                moved, cursor = True, step.cursor
                noticed: tuple[Any, ...] = ()
                if self._is_shown(step.event):
                    state, found = watcher.see(state, step.event)
                    noticed = tuple(found) if step.place >= self._from else ()
                if step.place >= self._from:
                    self._count(step.at_ms)
                for pending in grouping.take(noticed, step):
                    told = Tested(self.name, pending.place, pending.fields)
                    self.alerts += told.begins
                    yield told

    def _count(self, at_ms: int) -> None:
        self.events += 1
        if at_ms:
            self._first_ms = at_ms if self._first_ms is None else self._first_ms
            self._last_ms = max(self._last_ms, at_ms)

    def _is_shown(self, event: Any) -> bool:
        if not isinstance(event, WatchedEntry) or event.kind not in OURS:
            return True
        by = event.said.get("watcher")
        mine = isinstance(by, dict) and str(by.get("name", "")).startswith(f"{self.name} ")
        return self._chosen.kind.sees_alerts and not mine

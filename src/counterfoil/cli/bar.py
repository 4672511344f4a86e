"""Show progress on standard error while it takes longer than a moment, and only to people.

rich is loaded when the first bar is drawn. This module refuses to write to standard output.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

__all__ = ["ProgressBar"]

_PATIENCE_S: Final = 0.5

_T = TypeVar("_T")


class ProgressBar:
    """A `ports.Progress` for terminals; silent where standard error is none."""

    def __init__(self) -> None:
        self._wanted = sys.stderr.isatty()
        self._began = self._began_unit = time.monotonic()
        self._bars: Bars | None = None
        self._unit = ""
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int | None, unit: str) -> None:
        """Hear that `done` of `total` are done."""
        now = time.monotonic()
        if unit != self._unit:
            self._unit, self._began_unit = unit, now
            if self._bars is not None and self._task is not None:
                self._bars.remove_task(self._task)
            self._task = None
        if not self._wanted or now - self._began < _PATIENCE_S:
            return
        known = bool(done or total)  # else it waits, and there is nothing to count
        rate = f"{done / max(now - self._began_unit, 1e-3):,.0f}/s" if known else ""
        text = f"{done:,.0f} {unit}" if known else unit
        if self._bars is None:
            self._bars = _start()
        if self._task is None:
            self._task = self._bars.add_task(text, total=total, rate=rate)
        self._bars.update(self._task, description=text, completed=done, total=total, rate=rate)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def between(self, items: Iterator[_T]) -> Iterator[_T]:
        """Pass items on, and draw nothing while each is printed."""
        for item in items:
            self._clear()
            yield item

    def _clear(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._task = None


def _start() -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bars.start()
    return bars

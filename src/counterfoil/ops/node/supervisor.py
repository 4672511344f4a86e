"""Keep a node's background work going: each part in a thread of its own, begun again when it fails.

A part that fails waits a little longer each time, so that one that cannot run costs nothing; that
it waits, and why, is told. This module refuses to know what the parts do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from counterfoil.errors import CounterfoilError
from counterfoil.ops.node.status import Service, State
from counterfoil.ports import Clock

__all__ = ["Part", "Supervisor", "Work"]

_LOG: Final = logging.getLogger("counterfoil.node")
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0
_STOP_S: Final = 10.0
_SETTLED_MS: Final = 60_000


class Part:
    """What a piece of work has of its supervisor. Safe for threads."""

    def __init__(self, stopping: threading.Event, tell: Callable[[str], None]) -> None:
        self._stopping, self._tell = stopping, tell

    @property
    def stopping(self) -> bool:
        """Whether it is to end now."""
        return self._stopping.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, or until it is to end; tells whether it is."""
        return self._stopping.wait(seconds)

    def tell(self, detail: str) -> None:
        """Say how it fares, in a few words."""
        self._tell(detail)


Work = Callable[[Part], None]
"""Works until its part is stopping, or until there is nothing left to do."""


class Supervisor:
    """Runs named pieces of work until `close`.

    heard: is told of each change of a part's state, in that part's thread; it must be quick.
    """

    def __init__(self, clock: Clock, heard: Callable[[Service], None] | None = None) -> None:
        self._clock, self._heard = clock, heard
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._services: dict[str, Service] = {}
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Work, *, needed: bool = False) -> None:
        """Begin a piece of work. name: once. needed: without it the node is not ready."""
        now = self._clock.now_ms()
        with self._lock:
            if name in self._services:
                raise ValueError(f"{name} runs already")
            self._services[name] = Service(name, "starting", now, needed=needed)
        thread = threading.Thread(target=self._run, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def services(self) -> tuple[Service, ...]:
        """Tell how each part fares, in the order in which they were begun."""
        with self._lock:
            return tuple(self._services.values())

    def close(self) -> None:
        """Have all parts end, and wait up to 10 s for each."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_STOP_S)
            if thread.is_alive():
                _LOG.warning("%s does not end", thread.name)

    def _run(self, name: str, work: Work) -> None:
        wait_s = _FIRST_WAIT_S
        part = Part(self._stopping, lambda detail: self._change(name, "running", detail))
        while not self._stopping.is_set():
            began = self._clock.now_ms()
            self._change(name, "running", "")
            try:
                work(part)
            except Exception as err:
                if self._clock.now_ms() - began > _SETTLED_MS:
                    wait_s = _FIRST_WAIT_S
                self._failed(name, err, wait_s)
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
                continue
            break
        self._change(name, "stopped", None)

    def _failed(self, name: str, err: Exception, wait_s: float) -> None:
        if isinstance(err, CounterfoilError):
            detail = str(err)
        else:
            detail = f"{type(err).__name__}: {err}"
            _LOG.error("%s failed", name, exc_info=err)
        self._change(name, "waiting", f"{detail}; again in {wait_s:g} s", failed=True)

    def _change(self, name: str, state: State, detail: str | None, *, failed: bool = False) -> None:
        with self._lock:
            before = self._services[name]
            changed = before.state != state
            after = replace(
                before,
                state=state,
                since_ms=self._clock.now_ms() if changed else before.since_ms,
                detail=before.detail if detail is None else detail,
                restarts=before.restarts + (1 if failed else 0),
            )
            self._services[name] = after
        if (changed or failed) and self._heard is not None:
            self._heard(after)

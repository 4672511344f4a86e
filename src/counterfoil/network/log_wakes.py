"""Hear that another party's log may have grown, so that it is asked sooner than a clock would.

A thread holds the log's `/events` open and rings when an event came. What the event says is not
looked at: who was woken asks for the checkpoint and verifies it, so a server that lies costs wakes,
at most 20 a second. Where there is no stream, or it breaks, the clock is what remains. This module
refuses to keep what it reads, to read faster than 320 KiB a second, and to raise.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from counterfoil.errors import Unavailable
from counterfoil.network.fetch import PASSING, Fetcher, FetchLimits
from counterfoil.network.log_events import EVENTS_PATH

__all__ = ["LogWakes"]

_IDLE_S: Final = 45.0  # three heartbeats
_REST_S: Final = 0.05
_FIRST_PAUSE_S: Final = 0.5
_PAUSE_MAX_S: Final = 60.0
_STEADY_S: Final = 10.0
_ABSENT_S: Final = 600.0
_FIELD: Final = b"data"


class LogWakes:
    """Follows one log's stream until `close`, in a thread of its own.

    url: of the log, http or https. bell: is set at each event, for who waits for several.
    first_pause_s: before the second try after a break; it doubles, up to 60 s. A log without a
    stream is asked again after 10 minutes. Raises InputError with code source.url.
    """

    def __init__(
        self, url: str, bell: threading.Event, *, first_pause_s: float = _FIRST_PAUSE_S
    ) -> None:
        self._fetcher = Fetcher(url, FetchLimits(idle_s=_IDLE_S))
        self._bell, self._first_pause_s = bell, first_pause_s
        self._came, self._closing = threading.Event(), threading.Event()
        self._rest, self._has_data = b"", False
        self._thread = threading.Thread(target=self._run, name=f"events {url}", daemon=True)
        self._thread.start()

    def take(self) -> bool:
        """Tell whether an event came since the last call."""
        came = self._came.is_set()
        if came:
            self._came.clear()
        return came

    def close(self) -> None:
        """End the stream and the thread; one that waits for a name or a connection ends itself."""
        self._closing.set()
        self._fetcher.close()
        self._thread.join(1.0)

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._closing.is_set():
            begun = time.monotonic()
            self._rest, self._has_data = b"", False
            try:
                status = self._fetcher.follow(EVENTS_PATH, "text/event-stream", self._hear)
            except Unavailable:
                status = 200
            if time.monotonic() - begun > _STEADY_S:
                pause_s = self._first_pause_s
            if status != 200 and status not in PASSING:
                self._closing.wait(_ABSENT_S)
                continue
            self._closing.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # not a secret
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)

    def _hear(self, part: bytes) -> None:
        if self._event_in(part):
            self._came.set()
            self._bell.set()
        self._closing.wait(_REST_S)

    def _event_in(self, part: bytes) -> bool:
        """Tell whether an event with data ends here. Of an unfinished line the start is kept."""
        text = (self._rest + part).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = text.split(b"\n")
        found = False
        for line in lines:
            if not line:
                found, self._has_data = found or self._has_data, False
            elif line.startswith(_FIELD):
                self._has_data = True
        self._rest = rest[: len(_FIELD)]
        return found

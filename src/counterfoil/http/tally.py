"""Count what is asked of the node and how long answers take, whatever answers.

This module refuses to remember who asked for what.
"""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from counterfoil.ops.openmetrics import Counter, Gauge

__all__ = ["Tally"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Tally:
    """Counts the requests of one event loop."""

    def __init__(self) -> None:
        self._answers: Counts[tuple[str, int]] = Counts()
        self._seconds = 0.0
        self._pending = 0

    async def through(self, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
        """Have an application answer, and count it."""
        status, began = 0, time.perf_counter()

        async def heard(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._pending += 1
        try:
            await app(scope, receive, heard)
        finally:
            self._pending -= 1
            method = scope.get("method", "")  # some parsers take any word for one
            self._answers[method if method in _METHODS else "other", status] += 1
            self._seconds += time.perf_counter() - began

    def families(self) -> list[Counter | Gauge]:
        """Give what was counted, for Prometheus."""
        return [
            Counter(
                "counterfoil_http_requests",
                "Requests that were answered; status 0 for those that broke off.",
                {
                    (("method", method), ("status", str(status))): count
                    for (method, status), count in self._answers.items()
                },
            ),
            Counter(
                "counterfoil_http_request_seconds",
                "Time from the head of a request to the end of its answer, of all.",
                {(): self._seconds},
                "seconds",
            ),
            Gauge("counterfoil_http_pending", "Requests under way.", {(): self._pending}),
        ]

"""A handler for Python's logging that records log records, in the background, in order.

`logging.getLogger("shop").addHandler(LedgerHandler(ledger))`, or by `dictConfig`. A logger never
waits for a disk: what does not fit into the queue is dropped and counted, and the count is
recorded. This module refuses to raise into whoever logs.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import traceback
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.units import MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["QUEUE_MAX", "LedgerHandler"]

QUEUE_MAX: Final = 10_000
"""Log records that may wait, where nothing else is said."""

_BATCH: Final = 512
_TEXT_MAX: Final = 8192
_DEPTH_MAX: Final = 8
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OWN: Final = "counterfoil"


class LedgerHandler(logging.Handler):
    """Records log records under batch signatures. Safe for threads.

    ledger: an open one, or the folder of one, which is then opened, and closed with the handler.
    level: as of `logging`. queue: how many may wait, from 1. drop: names of `extra` that are never
    recorded. A ledger that is given open is flushed by `close`, and stays the caller's to close.

    recorded, dropped: how many so far. Records of Counterfoil's own logger are passed over, since
    recording them may make more.
    """

    def __init__(
        self,
        ledger: Ledger | str | Path,
        level: int | str = logging.NOTSET,
        queue: int = QUEUE_MAX,
        drop: tuple[str, ...] = (),
    ) -> None:
        super().__init__(level)
        if type(queue) is not int or queue < 1:
            raise InputError("logging.queue", f"expected a queue from 1, found {queue!r:.80}")
        self._owned: Ledger | None = None
        if isinstance(ledger, (str, Path)):
            from counterfoil.ledger import open_ledger

            ledger = self._owned = open_ledger(Path(ledger))
        self._ledger, self._limit, self._hidden = ledger, queue, frozenset(drop)
        self._waiting: deque[dict[str, Any]] = deque()
        self._state = threading.Condition()
        self._busy = self._ended = False
        self._untold = 0
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self.recorded = self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a log record; never waits, never raises."""
        if record.name == _OWN or record.name.startswith(f"{_OWN}."):
            return
        try:
            content = self._content(record)
        except Exception:
            self.handleError(record)
            self._drop(1)
            return
        with self._state:
            if self._ended or os.getpid() != self._process or len(self._waiting) >= self._limit:
                self._lose(1)
                return
            self._waiting.append(content)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger-log", daemon=True)
                self._thread.start()
            self._state.notify_all()

    def flush(self, timeout: float | None = 30.0) -> None:
        """Wait until what was logged so far is durable or dropped; timeout: seconds."""
        if os.getpid() != self._process or threading.current_thread() is self._thread:
            return
        with self._state:
            self._state.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self) -> None:
        """Record what waits, and take no more. Again: nothing."""
        if os.getpid() == self._process:
            with self._state:
                self._ended = True
                self._state.notify_all()
            if self._thread is not None and self._thread is not threading.current_thread():
                self._thread.join()
            if self._owned is not None:
                self._owned.close()
        super().close()

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._waiting or self._ended)
                count = min(len(self._waiting), _BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                if not batch:
                    return
                self._busy = True
                if self._untold:
                    batch.append({"logger": _OWN, "level": "WARNING", "dropped": self._untold})
            lost = self._record(batch)
            with self._state:
                self._busy = False
                if not lost:
                    self._untold = 0 if batch[-1].get("logger") == _OWN else self._untold
                self._state.notify_all()

    def _record(self, batch: list[dict[str, Any]]) -> int:
        """Record a batch; where one of it is wrong, each by itself. How many were lost."""
        ours = batch[-1].get("logger") == _OWN
        try:
            self._ledger.record_many(batch)
        except InputError:
            if len(batch) > 1:
                return sum(self._record([one]) for one in batch)
            self._drop(1 - ours)
            return 1
        except Exception:  # whatever it is: the thread must go on, and count
            self._drop(len(batch) - ours)
            return len(batch)
        with self._state:
            self.recorded += len(batch) - ours
        return 0

    def _drop(self, count: int) -> None:
        with self._state:
            self._lose(count)

    def _lose(self, count: int) -> None:
        self.dropped += count
        self._untold += count

    def _content(self, record: logging.LogRecord) -> dict[str, Any]:
        """Lay a log record out as JSON."""
        said: dict[str, Any] = {
            "logger": record.name,
            "level": record.levelname,
            "message": _text(record.getMessage()),
            "logged_ms": int(record.created * 1000),
            "process": record.process,
            "thread": record.threadName,
            "where": f"{record.module}:{record.funcName}:{record.lineno}",
        }
        more = {
            key: _plain(value)
            for key, value in vars(record).items()
            if key not in _STANDARD and key not in self._hidden
        }
        if more:
            said["extra"] = more
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            said["exception"] = {
                "type": f"{kind.__module__}.{kind.__qualname__}",
                "message": _text(error),
                "trace": _text(
                    "".join(traceback.format_exception(kind, error, trace))[-_TEXT_MAX:]
                ),
            }
        return said


def _plain(value: Any, depth: int = 0) -> Any:
    """Turn what was given as `extra` into JSON; what has no form there becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= MAX_SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping) and depth < _DEPTH_MAX:
        return {_text(key): _plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEPTH_MAX:
        return [_plain(one, depth + 1) for one in value]
    return _text(value)


def _text(value: object) -> str:
    """Write anything as text of at most 8,192 characters that UTF-8 can hold."""
    return str(value)[:_TEXT_MAX].encode("utf-8", "backslashreplace").decode()

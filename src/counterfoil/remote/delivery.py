"""Send what is spooled, in order, until the node has it; one thread.

A refusal of a whole key stops it until the key counts again; a refusal of one item is told to its
caller, or where nobody waits any more, set aside. This module refuses to reorder, and to forget
what the node has not acknowledged.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from counterfoil.ledger import Recorded, RecordedMany
from counterfoil.remote.answers import error_of
from counterfoil.remote.results import Spooled
from counterfoil.remote.spool import Item, Spool
from counterfoil.remote.wire import Wire

__all__ = ["Delivery"]

_SEND_ITEMS: Final = 200
_SEND_BYTES: Final = 1 << 20
_PAUSE_S: Final = 0.2
_PAUSE_MOST_S: Final = 30.0
_ALL_CODES: Final = frozenset({"access.role", "access.scope", "log.frozen", "http.unforeseen"})

Found = Recorded | RecordedMany | Spooled


class Delivery:
    """Sends one spool to one node.

    wire: tries once; its time for that is how long who records waits before it is told that the
    record waits here. hello: called before anything is sent; it raises where this is not the node
    that is meant.
    """

    def __init__(self, wire: Wire, spool: Spool, hello: Callable[[Wire], None]) -> None:
        self._wire, self._spool, self._hello = wire, spool, hello
        self._changed = threading.Condition()
        self._waiting: dict[int, tuple[Item, Future[Found]]] = {}
        self._closing = self._greeted = False
        self._trouble: CounterfoilError | None = None
        self._random = random.Random()  # noqa: S311  # pauses are no secret
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> CounterfoilError | None:
        """Why nothing is sent now; None where nothing is in the way."""
        return self._trouble

    def later(self, put: Callable[[], Item]) -> Future[Found]:
        """Spool something, and hear what became of it: of the node, or that it waits here."""
        answer: Future[Found] = Future()
        answer.set_running_or_notify_cancel()
        with self._changed:
            item = put()  # under the lock: it is sent no sooner than its caller is known
            if self._trouble is not None or self._closing:
                answer.set_result(Spooled(item.source, item.number, item.count))
            else:
                self._waiting[item.id] = item, answer
            self._changed.notify_all()
        return answer

    def flush(self, timeout_s: float | None) -> None:
        """Wait until nothing waits any more.

        Raises Unavailable with code remote.spooled when the time is over.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            self._changed.notify_all()
            while self._spool.waiting:
                left = None if until is None else until - time.monotonic()
                if (left is not None and left <= 0) or self._closing:
                    trouble = f": {self._trouble}" if self._trouble is not None else ""
                    raise Unavailable(
                        "remote.spooled",
                        f"expected everything to be sent, found {self._spool.waiting} waiting"
                        f"{trouble}",
                        hint="It stays in the spool, and is sent when the node is back.",
                    )
                self._changed.wait(left if left is None or left < 1 else 1.0)

    def close(self) -> None:
        """Finish the request under way, and stop; what waits stays in the spool."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._give_up()

    def _run(self) -> None:
        pause = _PAUSE_S
        while not self._closing:
            try:
                items = self._spool.first(_SEND_ITEMS, _SEND_BYTES)
                if not items:
                    self._trouble = None
                    with self._changed:
                        if not self._spool.waiting and not self._closing:
                            self._changed.wait(1.0)
                    continue
                if not self._greeted:
                    self._hello(self._wire)
                    self._greeted = True
                self._send(items)
            except Exception as err:  # the thread lives on: node and disk may be mended
                trouble = err if isinstance(err, CounterfoilError) else _unforeseen(err)
                self._stuck(trouble)
                wait = pause * self._random.uniform(0.5, 1.5)
                if isinstance(trouble, TooMany):
                    wait = max(wait, trouble.retry_after_s)
                self._pause(wait)
                pause = min(_PAUSE_MOST_S, 2 * pause)
            else:
                pause, self._trouble = _PAUSE_S, None
                with self._changed:
                    self._changed.notify_all()

    def _send(self, items: Sequence[Item]) -> None:
        """Send the items that go in one request; what is left is sent next."""
        run = [items[0]]
        if items[0].kind == "record":
            for item in items[1:]:
                if item.kind != "record":
                    break
                run.append(item)
            self._send_records(run)
            return
        path = {
            "rows": "/api/v1/records",
            "statement": "/api/v1/statements",
            "statements": "/api/v1/statements/batch",
        }[run[0].kind]
        item = run[0]
        try:
            if item.kind == "rows":
                place = {"source": item.source, "first": item.number}
                kind = "application/x-ndjson"
                answer = self._wire.post(path, item.body, kind=kind, query=place, again=True)
            else:
                answer = self._wire.post(path, item.body, again=True)
        except CounterfoilError as err:
            self._refused(item, err)
            return
        found: Found = (
            answer.read_as(Recorded) if item.kind == "statement" else answer.read_as(RecordedMany)
        )
        self._spool.sent([item])
        self._tell(item, found)

    def _send_records(self, run: Sequence[Item]) -> None:
        body = b"\n".join(item.body for item in run)
        kind = "application/x-ndjson"
        try:
            answer = self._wire.post("/api/v1/records/each", body, kind=kind, again=True)
        except CounterfoilError as err:
            if len(run) == 1 or _is_of_all(err):
                self._refused(run[0], err)
                return
            self._send_records(run[: len(run) // 2])  # one of them is not even read
            return
        told: Any = answer.json()
        if not isinstance(told, list) or len(told) != len(run):
            raise Unavailable("remote.answer", f"expected {len(run)} answers, found others")
        done: list[tuple[Item, Found]] = []
        held: CounterfoilError | None = None
        refused: list[tuple[Item, CounterfoilError]] = []
        for item, one in zip(run, told, strict=True):
            if "code" not in one:
                done.append((item, msgspec.convert(one, Recorded)))
                continue
            error = error_of(one)
            if _is_of_all(error):
                held = held or error
            else:
                refused.append((item, error))
        if done:
            self._spool.sent([item for item, _ in done])
        for item, found in done:
            self._tell(item, found)
        for item, error in refused:
            self._refused(item, error)
        if held is not None:
            raise held

    def _refused(self, item: Item, err: CounterfoilError) -> None:
        """Tell a refusal to who waits for the item, or set it aside."""
        if _is_of_all(err):
            raise err
        with self._changed:
            heard = self._waiting.get(item.id)
        if heard is None:
            self._spool.set_aside(item, err.code, err.message)
            return
        self._spool.take_back(item)  # where that fails, its caller still waits for an answer
        with self._changed:
            del self._waiting[item.id]
        heard[1].set_exception(err)

    def _tell(self, item: Item, found: Found) -> None:
        with self._changed:
            heard = self._waiting.pop(item.id, None)
        if heard is not None:
            heard[1].set_result(found)

    def _stuck(self, trouble: CounterfoilError) -> None:
        """Say why nothing is sent, to all who wait and to all who come."""
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()
        self._give_up()

    def _give_up(self) -> None:
        """Tell all who wait that what they recorded waits here."""
        with self._changed:
            waiting, self._waiting = self._waiting, {}
        for item, answer in waiting.values():
            answer.set_result(Spooled(item.source, item.number, item.count))

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._changed:
            while not self._closing and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)


def _is_of_all(err: CounterfoilError) -> bool:
    """Tell whether a refusal is of the node, the key or the log, and not of what was sent."""
    stops = (Unavailable, Unauthenticated, FatalLogError)
    return isinstance(err, stops) or err.code in _ALL_CODES


def _unforeseen(err: Exception) -> Unavailable:
    return Unavailable(
        "remote.answer",
        f"expected to send what is spooled, but: {type(err).__name__}: {str(err)[:200]}",
        hint="It stays in the spool and is tried again.",
    )

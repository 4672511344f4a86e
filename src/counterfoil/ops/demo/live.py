"""Go on after the tour: payments keep coming, and a page shows them, until a signal.

One thread records and decides, another serves; the main one waits. This module refuses to serve
on where recording has failed.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from counterfoil.errors import Unavailable
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.demo.onchain import has_chain
from counterfoil.ops.demo.page import DemoPage
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import Step
from counterfoil.ops.demo.watch import Watch
from counterfoil.ops.place import open_anchoring
from counterfoil.ops.serving import Listener, listen_on, serving, until_signal

__all__ = ["HOME", "Feed", "find_listener", "live"]

HOME: Final = ("127.0.0.1", 8420)
"""Where the page is when nobody says otherwise and nobody else is there."""

_PORTS_TRIED: Final = 10
_PAUSE_S: Final = 1.0
_EACH: Final = 2  # payments a pause
_SAVE_EVERY: Final = 500  # payments


class Feed:
    """Records payments and decides about them in a thread, for the duration of a block.

    What went wrong in it is raised when the block ends, which it then makes happen.
    """

    def __init__(self, ledger: Ledger, place: DemoPlace) -> None:
        self._watch = Watch(ledger, place)
        self._end = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="payments", daemon=True)

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    @property
    def payments(self) -> int:
        """How many payments are recorded."""
        return self._watch.payments

    def _run(self) -> None:
        try:
            unsaved = 0
            while not self._end.wait(_PAUSE_S):
                self._watch.take(_EACH)
                unsaved += _EACH
                if unsaved >= _SAVE_EVERY:
                    self._watch.save()
                    unsaved = 0
            self._watch.save()
        except BaseException as err:
            self._failed = err
            _end_main_thread()


def live(place: DemoPlace, listen: str | None) -> Iterator[Step]:
    """Serve the page and let payments come until SIGINT or SIGTERM; tells where, then what came.

    listen: where; None for the usual place or a free port near it. Raises as `listen_on`.
    """
    began = time.monotonic()
    listener = find_listener(listen)
    with until_signal() as wait, _open(place) as ledger:
        page = DemoPage(ledger, place)
        with Feed(ledger, place) as feed, serving(page, listener) as url:
            moved = listen is None and not listener.address.endswith(f":{HOME[1]}")
            other = f" (port {HOME[1]} is taken)" if moved else ""
            says = f"Payments keep coming. Look: {url}/{other}. Ctrl-C ends it."
            yield Step("serving", says, {"url": f"{url}/"}, round(time.monotonic() - began, 3))
            before = feed.payments
            wait()
        size, came = ledger.size, feed.payments - before
    says = f"Ended: {came:,} more payments, {size:,} entries. The next run goes on from there."
    facts = {"payments": came, "entries": size}
    yield Step("stopped", says, facts, round(time.monotonic() - began, 3))


def find_listener(listen: str | None) -> Listener:
    """Bind the address that was asked for, or the usual one, or the next that is free.

    Raises as `listen_on` where an address was asked for.
    """
    if listen is not None:
        return listen_on(listen)
    host, port = HOME
    for tried in range(port, port + _PORTS_TRIED):
        with contextlib.suppress(Unavailable):
            return listen_on(f"{host}:{tried}")
    return listen_on(f"{host}:0")


def _open(place: DemoPlace) -> Ledger:
    """Open the ledger, anchored in the background where there is a chain."""
    return open_anchoring(place.ledger) if has_chain() else open_ledger(place.ledger)


def _end_main_thread() -> None:
    """Wake the main thread, which waits for a signal, with one."""
    ident = threading.main_thread().ident
    if ident is not None:
        signal.pthread_kill(ident, signal.SIGTERM)

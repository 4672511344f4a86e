"""Go on after the tour: payments keep coming, and a node shows them, until a signal.

It is the node of `counterfoil up`, on the demonstration's ledger, and a thread that records and
decides beside it. This module refuses to serve on where recording has failed.
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
from counterfoil.extras import require
from counterfoil.ledger import Ledger
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import Step
from counterfoil.ops.demo.watch import Watch
from counterfoil.ops.node.answering import PACKAGES, answering
from counterfoil.ops.node.node import opened_node
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ops.serving import Listener, listen_on, until_signal
from counterfoil.ops.watch_feeds import ALL

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
    """Serve a node and let payments come until SIGINT or SIGTERM; tells where, then what came.

    listen: where; None for the usual place or a free port near it. The link that is told signs in,
    once. Raises as `listen_on`, Unavailable with code extra.missing.
    """
    require("node", *PACKAGES)
    began = time.monotonic()
    listener = find_listener(listen)
    with contextlib.ExitStack() as stack:
        stack.callback(listener.socket.close)
        wait = stack.enter_context(until_signal())
        node = stack.enter_context(opened_node(place.ledger, watchers=[ALL], heard=lambda _: None))
        url = stack.enter_context(answering(node, NodeSettings(listener.url), listener))
        feed = stack.enter_context(Feed(node.ledger, place))
        moved = listen is None and not listener.address.endswith(f":{HOME[1]}")
        other = f" (port {HOME[1]} is taken)" if moved else ""
        link = node.sign_in_link(url)
        says = f"Payments keep coming. Look: {link}{other}. Ctrl-C ends it."
        facts = {"url": f"{url}/", "link": link, "operator_key": node.operator_key}
        yield Step("serving", says, facts, round(time.monotonic() - began, 3))
        before = feed.payments
        wait()
        size, came = node.ledger.size, feed.payments - before
    says = f"Ended: {came:,} more payments, {size:,} entries. The next run goes on from there."
    ended = {"payments": came, "entries": size}
    yield Step("stopped", says, ended, round(time.monotonic() - began, 3))


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


def _end_main_thread() -> None:
    """Wake the main thread, which waits for a signal, with one."""
    ident = threading.main_thread().ident
    if ident is not None:
        signal.pthread_kill(ident, signal.SIGTERM)

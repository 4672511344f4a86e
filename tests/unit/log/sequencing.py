"""Start a sequencer, hold its first commit back, and look at what it stored."""

from __future__ import annotations

import threading
from typing import Any

from counterfoil.formats import bundle
from counterfoil.log import Submission
from counterfoil.log.sequencer import Sequencer
from counterfoil.log.steady_clock import SteadyClock
from counterfoil.ports import Clock, Head, LogStore, SystemClock
from counterfoil.testing.memory import MemoryStore
from tests.log_rig import ORIGIN, STORE_WRITES, Watched, entries_of, open_note, sign
from tests.rfc6962 import mth

__all__ = ["Gate", "check_sound", "grow", "held", "sequencer_of"]


class Gate:
    """Holds the first commit back until it is opened, so that a group can gather behind it."""

    def __init__(self) -> None:
        self.store = Watched(MemoryStore(), STORE_WRITES)
        self.store.before = self._hold
        self.reached, self.open = threading.Event(), threading.Event()

    def _hold(self, number: int, name: str, arguments: tuple[Any, ...]) -> None:
        self.reached.set()
        assert self.open.wait(60)


def sequencer_of(
    store: Any, clock: Clock | None = None, heads: list[Head] | None = None
) -> Sequencer:
    """Start a sequencer."""
    told = heads if heads is not None else []
    steady = SteadyClock(clock or SystemClock(), store.head().at_ms)
    return Sequencer(store, ORIGIN, sign, steady, told.append)


def held(store: LogStore) -> list[bytes]:
    """Read all entries of a store."""
    return [e for s in store.segments(0, store.head().size) for e in bundle.parse(s.entries)]


def check_sound(store: LogStore) -> None:
    """Check that a store's head is the signed root over its entries."""
    head, entries = store.head(), held(store)
    tree = open_note(head.note)
    assert (tree.size, tree.root) == (len(entries), mth(entries))
    assert head.size == len(entries)


def grow(store: LogStore, size: int, group: int = 100) -> Head:
    """Let a log grow to `size` entries, in commits of at most `group`, and return its head."""
    sequencer = sequencer_of(store)
    for first in range(store.head().size, size, group):
        run = entries_of(min(group, size - first), first)
        sequencer.submit(Submission(run)).result(60)
    sequencer.close()
    return store.head()

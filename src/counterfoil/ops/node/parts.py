"""What runs in a node beside answering: watchers, actions on contracts, retention, mirrors.

The sequencer, the publisher and the anchorer belong to the open ledger. Each function here makes
one piece of work for the supervisor. This module refuses to start any.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from counterfoil.ledger import Ledger, SharedLedger
from counterfoil.network.mirror import MirrorEvent
from counterfoil.network.node import Peer, PeerMirrors
from counterfoil.ops.node.supervisor import Part, Work
from counterfoil.ops.watch_feeds import chosen_by, open_feeds
from counterfoil.ops.watch_following import Reached, follow, open_runners
from counterfoil.ports import no_progress

__all__ = ["acting", "indexing", "mirroring", "retaining", "watching"]

WINDOW_S: Final = 3600
"""Of what watchers say: how long it is one alert, seconds."""

_PAUSE_S: Final = 10.0
_ACT_EVERY_S: Final = 2.0
_FOLLOW_EVERY: Final = 5
_RETAIN_EVERY_S: Final = 3600.0
_MIRROR_EVERY_S: Final = 2.0
_LOOK_S: Final = 1.0
_INDEX_EVERY_S: Final = 5.0
_BUSY: Final = 1_000  # entries between two looks at which indexing would only be in the way


def watching(ledger: Ledger, names: Sequence[str]) -> Work:
    """Run watchers over the ledger, and record what they say.

    names: of watchers, or `all`. Raises, when it runs, as `ops.watchers.run`.
    """
    chosen = chosen_by(names, (), WINDOW_S)

    def work(part: Part) -> None:
        alerts = 0
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(SharedLedger(ledger))
            watched = open_feeds(chosen, own, None, None, None, stack)
            runners = open_runners(own, watched, ledger.layout.folder / "watch", 0, stack)
            part.tell(f"{len(runners)} watchers")
            bell = threading.Event()
            told = follow(
                runners, _PAUSE_S, no_progress, bell, once=False, ended=lambda: part.stopping
            )
            for one in told:
                if isinstance(one, Reached):
                    part.tell(f"{one.watches} {one.event} {one.message}".rstrip())
                else:
                    alerts += 1
                    part.tell(f"{len(runners)} watchers, {alerts} alerts since the start")

    return work


def acting(ledger: Ledger) -> Work:
    """Go on with what contracts are to do, and record what they did; waits while there is none."""

    def work(part: Part) -> None:
        rounds = 0
        while not part.stopping:
            if ledger.layout.act_book.exists():
                part.tell(_act(ledger, follow_too=rounds % _FOLLOW_EVERY == 0))
                rounds += 1
            part.wait(_ACT_EVERY_S)

    return work


def _act(ledger: Ledger, *, follow_too: bool) -> str:
    from counterfoil.act import Actor

    with SharedLedger(ledger) as own, Actor(own) as actor:
        errors = actor.go_on()
        recorded = sum(1 for _ in actor.follow()) if follow_too else 0
        under_way = len(actor.book.open_jobs(actor.chain.chain_id))
    trouble = next((f"; {err}" for err in errors.values()), "")
    told = f", {recorded} actions recorded" if recorded else ""
    return f"{under_way} under way{told}{trouble}"


def retaining(ledger: Ledger) -> Work:
    """Erase, every hour, personal data that is over the ceiling of its class."""

    def work(part: Part) -> None:
        erased = 0
        while not part.stopping:
            if ledger.config.retention_days and ledger.layout.vault.exists():
                with SharedLedger(ledger) as own:
                    erased += len(own.people.expire())
                part.tell(f"{erased} erased since the start")
            part.wait(_RETAIN_EVERY_S)

    return work


def indexing(ledger: Ledger) -> Work:
    """Keep the search index up to date while there is time, so that no search waits for it."""

    def work(part: Part) -> None:
        def go_on(_done: int, _total: int) -> None:
            if part.stopping:
                raise _StoppedError

        seen, indexed = ledger.size, -1
        with contextlib.suppress(_StoppedError):
            while not part.stopping:
                size = ledger.size
                if size > indexed and size - seen < _BUSY:
                    with SharedLedger(ledger) as own:
                        indexed = own.index_now(progress=go_on)
                    part.tell(f"{indexed} entries")
                seen = size
                part.wait(_INDEX_EVERY_S)

    return work


class _StoppedError(Exception):
    """The node ends."""


def mirroring(peers: Sequence[Peer], folder: Path) -> Work:
    """Mirror the logs of other organisations. folder: of the mirrors, one folder each."""

    def work(part: Part) -> None:
        def hear(name: str, event: MirrorEvent) -> None:
            part.tell(f"{name}: {event.event} {event.message}".rstrip())

        mirrors = PeerMirrors(list(peers), folder, hear, _MIRROR_EVERY_S)
        with contextlib.closing(mirrors):
            part.tell(f"{len(peers)} logs")
            while not part.wait(_LOOK_S):
                lost = [name for name, alive in mirrors.alive.items() if not alive]
                if lost:
                    raise RuntimeError(f"the mirrors of {', '.join(lost)} ended")

    return work

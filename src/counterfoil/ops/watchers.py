"""Run watchers, look at what they said, and say what came of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.ops.files import shown
from counterfoil.ops.mirrors import Interval, checked_interval
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading, open_for_writing
from counterfoil.ops.watch_feeds import (
    FromPlace,
    LogPlace,
    Names,
    PolicyOf,
    Settings,
    WindowS,
    chosen_by,
    open_feeds,
)
from counterfoil.ops.watch_following import Reached, follow, open_runners
from counterfoil.ports import Param, Progress, no_progress
from counterfoil.ports.watchers import WatcherType
from counterfoil.watch import Backtest, Tested, Told, watcher_types
from counterfoil.watch.saved import STATE_FILE, read_saved

__all__ = ["Listed", "Reached", "Summary", "backtest", "listing", "run"]

_WINDOW_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Summary:
    """How a watcher did over history. per_week: alerts a week; None for less than a day."""

    watcher: str
    events: int
    alerts: int
    weeks: float
    per_week: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A registered watcher. states: where it stands, in the ledger that was named."""

    name: str
    version: str
    summary: str
    reads: str
    settings: dict[str, Any]
    states: tuple[dict[str, Any], ...] = ()


def run(
    names: Names,
    *,
    ledger: LedgerFolder = None,
    log: LogPlace = None,
    policy: PolicyOf = None,
    from_: FromPlace = None,
    set_: Settings = (),
    window: WindowS = _WINDOW_S,
    state: Annotated[
        Path | None,
        Param("Folder of the watchers' states; else watch/ in the ledger.", "DIR", holds="machine"),
    ] = None,
    learned: Annotated[
        int, Param("Learn from entries below it in silence, where a watcher is new.", "INDEX")
    ] = 0,
    once: Annotated[bool, Param("See what is there and end.")] = False,
    interval: Interval = 10,
    progress: Progress = no_progress,
) -> Iterator[Told | Reached]:
    """Run watchers over a log or what else they read, and record each alert once.

    Alerts go into the ledger. A ledger is looked at every 10 ms, what is elsewhere every
    `interval` seconds, and a log behind an address also when its `/events` says so. Raises as
    `watch.Runner`, VerificationError with code watch.history where what is watched went back; with
    `once` what the source raises.
    """
    pause_s = checked_interval(interval)
    chosen = chosen_by(names, set_, window)
    folder = (state if state is not None else find_ledger(ledger) / "watch").absolute()
    bell = threading.Event()
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_for_writing(ledger))
        told_by = None if once else bell
        watched = open_feeds(chosen, opened, log, policy, from_, stack, bell=told_by)
        runners = open_runners(opened, watched, folder, learned, stack)
        yield from follow(runners, pause_s, progress, bell, once=once)


def backtest(
    names: Names,
    *,
    ledger: LedgerFolder = None,
    log: LogPlace = None,
    policy: PolicyOf = None,
    from_: FromPlace = None,
    set_: Settings = (),
    window: WindowS = _WINDOW_S,
    learned: Annotated[
        int, Param("Learn from entries below it, and count from there.", "INDEX")
    ] = 0,
    progress: Progress = no_progress,
) -> Iterator[Tested | Summary]:
    """Show what watchers would have said of all that is past; nothing is recorded.

    Raises as `run`.
    """
    chosen = chosen_by(names, set_, window)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(open_for_reading(ledger))
        for one in open_feeds(chosen, opened, log, policy, from_, stack):
            one.feed.poll()
            tested = Backtest(one.chosen, one.feed, counted_from=learned)
            for told in tested.run():
                progress(tested.events, None, f"events seen by {tested.name}")
                yield told
            yield Summary(
                tested.name, tested.events, tested.alerts, round(tested.weeks, 3), tested.per_week
            )


def listing(
    *,
    ledger: Annotated[
        Path | None, Param("Also say where each stands in this ledger.", "DIR", holds="also-ledger")
    ] = None,
    state: Annotated[
        Path | None,
        Param("Folder of the watchers' states; else watch/ in the ledger.", "DIR", holds="machine"),
    ] = None,
) -> Iterator[Listed]:
    """List the watchers that are registered, with their settings.

    Raises InputError with code watch.entry-point, FatalLogError with code watch.state.
    """
    folder = state
    if folder is None and ledger is not None:
        folder = find_ledger(ledger) / "watch"
    states = _states(folder) if folder is not None else []
    for name, kind in watcher_types().items():
        mine = tuple(one for one in states if one["name"] == name)
        yield _listed(kind, mine)


def _listed(kind: WatcherType, states: tuple[dict[str, Any], ...]) -> Listed:
    reads = "a log" if kind.feed is None else "what --from names"
    return Listed(kind.name, kind.version, kind.summary, reads, dict(kind.settings), states)


def _states(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob(f"*/{STATE_FILE}")):
        saved = read_saved(path)
        if saved is not None:
            found.append(
                {
                    "name": saved.name,
                    "version": saved.version,
                    "digest": saved.digest,
                    "watches": saved.watches,
                    "events": saved.seen,
                    "alerts": saved.told,
                    "open": len(saved.grouping.groups),
                    "folder": shown(path.parent),
                }
            )
    return found

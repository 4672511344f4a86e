"""Run watchers, look at what they said, and say what came of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ops.files import shown
from counterfoil.ops.mirrors import Interval, checked_interval
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_reading, open_for_writing
from counterfoil.ops.watch_feeds import (
    FromPlace,
    LogPlace,
    Names,
    PolicyOf,
    Settings,
    Watched,
    WindowS,
    chosen_by,
    open_feeds,
    state_folder_of,
)
from counterfoil.ports import Param, Progress, no_progress
from counterfoil.ports.watchers import Feed, WatcherType
from counterfoil.watch import Backtest, Runner, Tested, Told, watcher_types
from counterfoil.watch.saved import STATE_FILE, read_saved

__all__ = ["Listed", "Reached", "Summary", "backtest", "listing", "run"]

_POLL_S: Final = 0.01  # two looks within the 20 ms that are promised
_AGAIN_S: Final = 1.0  # while something does not answer
_WINDOW_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Reached:
    """What is watched stopped answering, or answers again. code, message: of its error."""

    event: Literal["unreachable", "reachable"]
    watches: str
    code: str = ""
    message: str = ""


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
        Path | None, Param("Folder of the watchers' states; else watch/ in the ledger.", "DIR")
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
        runners = _runners(opened, watched, folder, learned, stack)
        yield from _follow(runners, pause_s, progress, bell, once=once)


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
        Path | None, Param("Also say where each stands in this ledger.", "DIR")
    ] = None,
    state: Annotated[
        Path | None, Param("Folder of the watchers' states; else watch/ in the ledger.", "DIR")
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


def _runners(
    ledger: Ledger,
    watched: Sequence[Watched],
    folder: Path,
    learned: int,
    stack: contextlib.ExitStack,
) -> list[tuple[Runner, Watched]]:
    if learned < 0:
        raise InputError("watch.learned", f"expected an index from 0, found {learned}")
    runners = []
    for one in watched:
        place = state_folder_of(folder, one)
        made = Runner(ledger, one.chosen, one.feed, place, learned=learned)
        runners.append((stack.enter_context(made), one))
    return runners


def _follow(
    runners: Sequence[tuple[Runner, Watched]],
    pause_s: float,
    progress: Progress,
    bell: threading.Event,
    *,
    once: bool,
) -> Iterator[Told | Reached]:
    """Look, see and wait, for ever or once; what does not answer is told of, and asked again."""
    feeds = {id(one.feed): one for _, one in runners}
    due = dict.fromkeys([*feeds, *map(id, (runner for runner, _ in runners))], 0.0)
    silent: dict[int, str] = {}
    news = set(feeds)  # feeds that have more, or may have
    while True:
        now = time.monotonic()
        for key, one in feeds.items():
            woken = one.wakes is not None and one.wakes.take()
            if now < due[key] and not woken:
                continue
            yield from _asked(silent, key, one.feed, news, once=once)
            wait = _POLL_S if one.at_hand else pause_s
            due[key] = now + (max(wait, _AGAIN_S) if key in silent else wait * 0.9)
        asked = [(r, id(one.feed)) for r, one in runners if now >= due[id(r)]]
        busy = [r for r, feed in asked if feed not in silent and (feed in news or id(r) in silent)]
        news.clear()
        while busy:  # in turns, so that a log they share is decoded once
            for runner in busy:
                yield from _told(silent, id(runner), runner, once=once)
                due[id(runner)] = now + _AGAIN_S if id(runner) in silent else 0.0
            busy = [runner for runner in busy if runner.moved and id(runner) not in silent]
            if busy:
                progress(sum(r.seen for r, _ in runners), None, "events seen")
        if once:
            return
        if any(one.at_hand for one in feeds.values()):
            time.sleep(_POLL_S)
        elif any(one.wakes is not None for one in feeds.values()):
            bell.wait(pause_s)
            bell.clear()  # who rings has left word before, which is read next
        else:
            time.sleep(pause_s)


def _asked(
    silent: dict[int, str], key: int, feed: Feed, news: set[int], *, once: bool
) -> Iterator[Reached]:
    """Ask a feed, which may not answer; gives word when it begins or ends not to."""
    try:
        if feed.poll():
            news.add(key)
    except Unavailable as err:
        yield from _fell_silent(silent, key, feed.origin, err, once=once)
    else:
        yield from _answered(silent, key, feed.origin)


def _told(
    silent: dict[int, str], key: int, runner: Runner, *, once: bool
) -> Iterator[Told | Reached]:
    """Let a watcher see and record; what the ledger cannot take now waits in its outbox."""
    name = f"{runner.name}, recording"
    try:
        yield from runner.chunk()
    except Unavailable as err:
        yield from _fell_silent(silent, key, name, err, once=once)
    else:
        yield from _answered(silent, key, name)


def _fell_silent(
    silent: dict[int, str], key: int, name: str, err: Unavailable, *, once: bool
) -> Iterator[Reached]:
    if once:
        raise err
    if silent.get(key) != err.code:
        silent[key] = err.code
        yield Reached("unreachable", name, err.code, err.message)


def _answered(silent: dict[int, str], key: int, name: str) -> Iterator[Reached]:
    if silent.pop(key, None):
        yield Reached("reachable", name)

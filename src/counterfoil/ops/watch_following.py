"""Run watchers over what they read: look, see, record, and wait, each log decoded once.

What does not answer is told of once, and asked again. This module refuses to choose watchers.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from counterfoil.errors import InputError, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ops.watch_feeds import Watched, state_folder_of
from counterfoil.ports import Progress
from counterfoil.ports.watchers import Feed
from counterfoil.watch import Runner, Told

__all__ = ["Reached", "follow", "open_runners"]

_POLL_S: Final = 0.01  # two looks within the 20 ms that are promised
_AGAIN_S: Final = 1.0  # while something does not answer


@dataclass(frozen=True, slots=True)
class Reached:
    """What is watched stopped answering, or answers again. code, message: of its error."""

    event: Literal["unreachable", "reachable"]
    watches: str
    code: str = ""
    message: str = ""


def open_runners(
    ledger: Ledger,
    watched: Sequence[Watched],
    folder: Path,
    learned: int,
    stack: contextlib.ExitStack,
) -> list[tuple[Runner, Watched]]:
    """Open the watchers where they stand.

    folder: of their states, a folder for each. learned: entries below it are learned from in
    silence, where a watcher is new. Raises InputError with code watch.learned, and as `Runner`.
    """
    if learned < 0:
        raise InputError("watch.learned", f"expected an index from 0, found {learned}")
    runners = []
    for one in watched:
        place = state_folder_of(folder, one)
        made = Runner(ledger, one.chosen, one.feed, place, learned=learned)
        runners.append((stack.enter_context(made), one))
    return runners


def follow(
    runners: Sequence[tuple[Runner, Watched]],
    pause_s: float,
    progress: Progress,
    bell: threading.Event,
    *,
    once: bool,
    ended: Callable[[], bool] = lambda: False,
) -> Iterator[Told | Reached]:
    """Look, see and wait, for ever or once; what does not answer is told of, and asked again.

    pause_s: between two looks at what is elsewhere. bell: is set where a log says that there is
    more. ended: is asked at each look.
    """
    feeds = {id(one.feed): one for _, one in runners}
    due = dict.fromkeys([*feeds, *map(id, (runner for runner, _ in runners))], 0.0)
    silent: dict[int, str] = {}
    news = set(feeds)  # feeds that have more, or may have
    while not ended():
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

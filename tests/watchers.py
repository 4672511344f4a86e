"""What tests of watchers share: a watcher that counts, and ledgers with a past."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.testing.clock import ManualClock
from counterfoil.watch import Chosen, LedgerLog, LogFeed, Runner
from counterfoil.watch.threats import FLOOD
from tests.ledgers import OWNER, set_setting

__all__ = ["EVERY", "START_MS", "alerts_of", "chosen_every", "ledger_with_past", "watch_once"]

START_MS: Final = 1_700_000_000_000


class State(msgspec.Struct):
    """How many records were seen."""

    count: int = 0


class _Every:
    """Notices every n-th record, in turns for each of its groups."""

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._every, self._groups = int(settings["every"]), int(settings["groups"])

    def start(self) -> State:
        return State()

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        if event.kind in ("key", "batch", "organisation", "watcher"):
            return state, ()
        state.count += 1
        if state.count % self._every:
            return state, ()
        turn = state.count // self._every % self._groups
        noticed = Noticed(
            kind="count",
            group=f"group {turn}",
            title=f"record {state.count}",
            why=f"It is the {state.count}th.",
            score=float(state.count),
            evidence=[event.sight],
        )
        return state, [noticed]


EVERY: Final = WatcherType(
    name="every",
    version="1",
    summary="Notices every n-th record.",
    state=State,
    settings={"every": 5, "groups": 3},
    make=_Every,
    sees_alerts=True,
)


def chosen_every(every: int = 5, groups: int = 3, window_s: int = 3600) -> Chosen:
    """Choose the watcher that counts."""
    return Chosen(EVERY, {"every": every, "groups": groups}, window_s)


def ledger_with_past(folder: Path) -> Path:
    """Put a ledger into `folder` whose 60 records came 20 minutes apart, by its clock."""
    shutil.copytree(_past(60, 1_200_000), folder)
    return folder


@cache
def _past(records: int, step_ms: int) -> Path:
    parent = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder, clock = parent / "ledger", ManualClock(START_MS)
    create_ledger(folder, clock, name="test", organisation=OWNER, witness=False)
    set_setting(folder, "publish_interval_s", "0.01")
    with open_ledger(folder, clock=clock) as ledger:
        for number in range(records):
            clock.advance(step_ms)
            ledger.record({"n": number})
            ledger.publish()
    return folder


def watch_once(ledger: Ledger, folder: Path, chosen: Chosen | None = None) -> list[dict[str, Any]]:
    """Run a watcher over all that is there; gives what it told, as JSON."""
    feed = LogFeed(LedgerLog(ledger))
    feed.poll()
    with Runner(ledger, chosen or chosen_every(), feed, folder) as runner:
        return [told.to_json() for told in runner.round()]


def alerts_of(ledger: Ledger) -> list[dict[str, Any]]:
    """List what alerts in a ledger say, in order, without what differs from log to log."""
    found = []
    for view in ledger.views():
        if view.kind == "alert":
            said = view.content
            shown = [one["index"] for one in said.get("evidence", [])]
            state = said.get("state", "open")
            found.append(
                {"number": view.number, "state": state, "group": said["group"], "shown": shown}
            )
    return found


OTHER_FLOOD: Final = replace(FLOOD, version="another")
"""A watcher under a name that is taken."""

"""What watchers of threats see of simulated attacks, how soon, and how often they cry in vain.

Weeks of made-up traffic (`counterfoil.testing.traffic`), of which the last is counted as the quiet
one, then a day with one attack in it (`counterfoil.testing.attacks`). Every watcher has its
defaults, an alarm a week. Beside each stands a fixed rule. Then, on a ledger on disk, how long it
takes from an append to the alert that follows from it.

    ./dev bench threats [WORLDS] [WEEKS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

import counterfoil
from bench.measure import scratch, table
from bench.naive_watchers import NAIVE
from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.testing.attacks import ATTACKS, FAINT
from counterfoil.testing.traffic import Sent, SimulatedLog, quiet
from counterfoil.watch import Backtest, Chosen, LedgerLog, LogFeed, Runner, choose

__all__: list[str] = []

START_MS = 1_779_667_200_000  # a Monday
DAY_MS = 86_400_000
SCALE = 0.5  # of the traffic: a clerk signs six times an hour
BOTH = {**ATTACKS, **FAINT}
ROUNDS = 40


@dataclass
class Row:
    """What one watcher did in all worlds."""

    found: int = 0
    entries: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    vain: list[int] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)


@dataclass
class World:
    """Quiet traffic with one attack at its end. began, quiet_from: indices; times: of arrival."""

    log: SimulatedLog
    began: int
    quiet_from: int
    times: list[int]
    theirs: set[int]


def make_world(seed: int, weeks: int, attack: str, before: list[Sent]) -> World:
    """Mix an attack into the day after some quiet weeks."""
    day = START_MS + weeks * 7 * DAY_MS
    bad = BOTH[attack][1](day, Random(seed))
    sent = sorted(
        [*before, *quiet(seed + 500, start_ms=day, days=1, scale=SCALE), *bad],
        key=lambda one: one.at_ms,
    )
    log = SimulatedLog()
    log.append(sent)
    chosen = {id(one) for one in bad}
    theirs = {at for at, one in enumerate(sent) if id(one) in chosen}
    split = day - 7 * DAY_MS
    quiet_from = next(at for at, one in enumerate(sent) if one.at_ms >= split)
    return World(log, min(theirs), quiet_from, [one.at_ms for one in sent], theirs)


def judge(world: World, chosen: Chosen, row: Row) -> None:
    """Run one watcher over one world."""
    feed = LogFeed(world.log)
    feed.poll()
    began = time.process_time()
    tested = Backtest(chosen, feed, counted_from=world.quiet_from)
    told = [one.place for one in tested.run() if one.begins]
    row.spent.append((time.process_time() - began) / len(world.times))
    row.vain.append(sum(place < world.began for place in told))
    first = next((place for place in told if place >= world.began), None)
    if first is not None:
        row.found += 1
        row.entries.append(sum(at <= first for at in world.theirs))
        row.seconds.append((world.times[first] - world.times[world.began]) / 1000)


def main(worlds: int, weeks: int) -> None:
    """Print the tables."""
    ours = {attack: Row() for attack in BOTH}
    naive = {attack: Row() for attack in BOTH}
    entries = 0
    for seed in range(401, 401 + worlds):  # others than those that watchers were made on
        before = quiet(seed, start_ms=START_MS, days=7 * weeks, scale=SCALE)
        entries += len(before)
        for attack, (name, _) in BOTH.items():
            world = make_world(seed, weeks, attack, before)
            judge(world, choose(name), ours[attack])
            judge(world, NAIVE[name], naive[attack])
    heads = ["attack", "watcher", "found", "entries to alert", "seconds to alert", "in vain a week"]
    title = f"{worlds} worlds of {weeks} weeks, {entries // worlds:,} entries each"
    for what, attacks in ((title, ATTACKS), ("so faint that they may pass", FAINT)):
        rows = []
        for attack, (name, _) in attacks.items():
            for who, row in ((name, ours[attack]), ("  a fixed rule", naive[attack])):
                rows.append(_line(attack if who == name else "", who, row, worlds))
        table(what, [*heads, "us an entry"], rows)
    wake()


def _line(attack: str, who: str, row: Row, worlds: int) -> list[str]:
    entries = f"{statistics.median(row.entries):.0f}" if row.entries else "never"
    seconds = f"{statistics.median(row.seconds):.0f}" if row.seconds else "never"
    vain = f"{statistics.mean(row.vain):.1f} (most {max(row.vain)})"
    spent = f"{statistics.median(row.spent) * 1e6:.0f}"
    return [attack, who, f"{row.found} of {worlds}", entries, seconds, vain, spent]


class _Nothing(msgspec.Struct):
    pass


class _Marked:
    def start(self) -> _Nothing:
        return _Nothing()

    def see(self, state: _Nothing, event: WatchedEntry) -> tuple[_Nothing, Sequence[Noticed]]:
        mark = event.said.get("mark") if event.kind == "record" else None
        if mark is None:
            return state, ()
        SEEN[int(mark)] = time.perf_counter()
        return state, [Noticed("marked", str(mark), "marked", "", evidence=[event.sight])]


SEEN: dict[int, float] = {}


def wake() -> None:
    """Measure, on a ledger on disk, from an append's end to its sight and to its alert."""

    def make(_: Mapping[str, Setting]) -> _Marked:
        return _Marked()

    kind = WatcherType("marked", "1", "Marked entries.", _Nothing, {}, make)
    sight, alert = [], []
    with scratch() as folder:
        done: dict[int, float] = {}
        import threading

        stop = threading.Event()
        ready = threading.Event()

        def follow(path: Path) -> None:
            with counterfoil.open(path) as ledger:
                feed = LogFeed(LedgerLog(ledger))
                with Runner(ledger, Chosen(kind, {}, 60), feed, path / "watch" / "marked") as run:
                    while not stop.is_set():
                        if feed.poll():
                            for told in run.round():
                                done[int(told.said["group"])] = time.perf_counter()
                        ready.set()
                        time.sleep(0.01)  # as `watch run` does

        with counterfoil.open(folder / "ledger", create=True) as ledger:
            thread = threading.Thread(target=follow, args=(folder / "ledger",))
            thread.start()
            ready.wait()
            for mark in range(ROUNDS):
                ledger.record({"mark": mark})
                began = time.perf_counter()
                while mark not in done:
                    time.sleep(0.001)
                sight.append(SEEN[mark] - began)
                alert.append(done[mark] - began)
                time.sleep(0.003 * (mark % 7))
            stop.set()
            thread.join()
    rows = [
        [what, f"{statistics.median(all_) * 1000:.1f}", f"{max(all_) * 1000:.1f}"]
        for what, all_ in (("it is seen", sight), ("its alert is durable", alert))
    ]
    table(f"after an append, {ROUNDS} of them", ["until", "median ms", "most ms"], rows)


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], *("3", "5")[len(sys.argv) - 1 :]]))

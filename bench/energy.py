"""What a record, an anchor and a decision cost in CPU time, and as an estimate in joules.

CPU seconds are user and system time of the whole process; joules are measured where the machine's
own counter can be read, else an estimate by 7 W a busy core. The adaptive schedule
(`receipt_max_wait_s`) is run against the usual one on the same arrivals, in real time: bursts of
about 20 records, one every half second.

    ./dev bench energy
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import counterfoil
from bench.measure import scratch, simulated, table
from counterfoil.ledger import Ledger
from counterfoil.ledger.energy import machine_joules
from counterfoil.ops.energy import WATTS_PER_CORE
from counterfoil.ops.place import open_anchoring
from counterfoil.pace.replay_batches import p95

__all__: list[str] = []

ANCHORS = 10
BURSTS = 24


def main() -> None:
    """Measure and print the tables."""
    contents = simulated(4_000)
    with scratch() as folder:
        os.environ["COUNTERFOIL_STATE"] = str(folder / "state")
        rows = [
            ["a record, waiting for each", *_one_by_one(folder, contents[:400])],
            ["a record, many under way", *_under_way(folder, contents[:2_000])],
            ["a record, 1,000 at a time, batch-signed", *_many(folder, contents)],
            ["a decision, in the background", *_decisions(folder)],
            ["an anchor, on the ledger's own chain", *_anchors(folder)],
        ]
        how = "measured" if machine_joules() is not None else f"at {WATTS_PER_CORE:g} W a core"
        table(f"CPU time and energy, {how}", ["", "CPU ms", "mJ"], rows)
        _schedules(folder, contents)


def _spent(count: int, work: Callable[[], object]) -> list[str]:
    before, joules = time.process_time(), machine_joules()
    work()
    each = (time.process_time() - before) / count
    after = machine_joules()
    if joules is not None and after is not None:
        return [f"{1e3 * each:.3f}", f"{1e3 * (after - joules) / count:.2f}"]
    return [f"{1e3 * each:.3f}", f"{1e3 * each * WATTS_PER_CORE:.2f}"]


def _one_by_one(folder: Path, contents: list[dict[str, int | str]]) -> list[str]:
    with counterfoil.open(folder / "one", create=True) as ledger:
        return _spent(len(contents), lambda: [ledger.record(content) for content in contents])


def _under_way(folder: Path, contents: list[dict[str, int | str]]) -> list[str]:
    def work() -> None:
        for future in [ledger.record_later(content) for content in contents]:
            future.result()

    with counterfoil.open(folder / "way", create=True) as ledger:
        return _spent(len(contents), work)


def _many(folder: Path, contents: list[dict[str, int | str]]) -> list[str]:
    def work() -> None:
        for at in range(0, len(contents), 1_000):
            ledger.record_many(contents[at : at + 1_000])

    with counterfoil.open(folder / "many", create=True) as ledger:
        return _spent(len(contents), work)


def _decisions(folder: Path, count: int = 1_000) -> list[str]:
    from bench.decisions import _decide, _model, _record_model

    scorer, rows = _model(count)
    with counterfoil.open(folder / "decisions", create=True) as ledger:
        _record_model(ledger, scorer)

        def work() -> None:
            for row in rows[:count]:
                _decide(ledger, scorer, row)
            ledger.decisions.flush()

        return _spent(count, work)


def _anchors(folder: Path) -> list[str]:
    with counterfoil.open(folder / "anchors", create=True):
        pass
    _set(folder / "anchors", 'anchor_chains = ["embedded"]', "anchor_chains")
    with open_anchoring(folder / "anchors", pace=None) as ledger:
        ledger.record({"first": True})
        ledger.anchor()  # the contract and the registration

        def work() -> None:
            for number in range(ANCHORS):
                ledger.record({"number": number})
                ledger.anchor()

        return _spent(ANCHORS, work)


def _schedules(folder: Path, contents: list[dict[str, int | str]]) -> None:
    rows = []
    for wait_s in (0.0, 0.25, 1.0, 4.0):
        path = folder / f"wait-{wait_s}"
        with counterfoil.open(path, create=True):
            pass
        _set(path, f"receipt_max_wait_s = {wait_s}", "receipt_max_wait_s")
        with counterfoil.open(path) as ledger:
            waits, spent = _replay(ledger, contents)
        name = f"receipts within {wait_s:g} s" if wait_s else "as usual"
        joules = 1e3 * spent * WATTS_PER_CORE
        rows.append([name, f"{1e3 * spent:.3f}", f"{joules:.2f}", f"{1e3 * p95(waits):.0f}"])
    heads = ["", "CPU ms", "mJ, estimate", "p95 wait, durable, ms"]
    table(f"a record in {BURSTS} bursts, in real time", heads, rows)


def _replay(ledger: Ledger, contents: list[dict[str, int | str]]) -> tuple[list[float], float]:
    """Record bursts as they come; gives seconds until each is durable, and CPU s of one."""
    random, waits, futures = Random(3), list[float](), []
    before, at = time.process_time(), 0
    for _ in range(BURSTS):
        for _ in range(10 + random.randrange(20)):
            began = time.perf_counter()
            future = ledger.record_later(contents[at])
            future.add_done_callback(
                lambda _, began=began: waits.append(time.perf_counter() - began)  # type: ignore[misc]
            )
            futures.append(future)
            at += 1
            time.sleep(random.expovariate(500))
        time.sleep(0.5)
    for future in futures:
        future.result()
    return waits, (time.process_time() - before) / at


def _set(folder: Path, line: str, name: str) -> None:
    path = folder / "counterfoil.toml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line if one.startswith(f"{name} =") else one for one in lines) + "\n")


if __name__ == "__main__":
    main()

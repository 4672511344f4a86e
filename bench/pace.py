"""When to anchor and when to commit: policies beside each other on the same traces.

Anchors: of what hindsight saves over anchoring at once, the share that each policy gets on fees
that it had not seen, each start by itself; and what anchors in a row cost, hindsight being 1. Some
fees follow from real gas used by the EIP-1559 rule, others are simulated, as the rows say. Commits:
p95 wait and CPU time a record on simulated arrivals, with the cost of a commit as measured here
first; `inside` is how much dearer ours is than the cheapest other policy whose p95 wait is no
longer than ours.

    ./dev bench pace
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, pi, sin
from pathlib import Path
from random import Random
from statistics import median

import pyarrow.parquet as pq

import counterfoil
from bench.measure import scratch, simulated, table
from counterfoil.learn.forecast.basefee import next_base_fee
from counterfoil.pace.replay_batches import (
    CommitCost,
    at_once,
    fixed_interval,
    p95,
    replay_batches,
    size_or_timer,
)
from counterfoil.pace.replay_batches import counterfoil as ours
from counterfoil.pace.replay_batches import hindsight as foreseen
from counterfoil.pace.replay_fees import FeeTrace, replay_each, replay_row

__all__ = ["loads", "measured_cost", "simulated_fees"]

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
LONDON = 12_965_000
FIRST = 12_710_000
PROMISES_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
TIMERS_S = tuple(0.002 * 1.15**at for at in range(48))


@dataclass(frozen=True, slots=True)
class Fees:
    """A series of fees. step_s: seconds between two. waits: longest waits to try, steps."""

    name: str
    values: list[float]
    step_s: float
    waits: tuple[int, ...]


def simulated_fees(blocks: int, seed: int) -> list[float]:
    """Simulate base fees by the rule: demand by day and in bursts, less where the fee is high."""
    random, fee, slow, burst, left = Random(seed), 10**10, 0.0, 0.0, 0.0
    found = []
    for at in range(blocks):
        day = 0.35 * sin(2 * pi * (at % 7_200) / 7_200 - 2.0)
        slow = 0.9997 * slow + random.gauss(0, 0.012)
        burst = 0.985 * burst + (random.expovariate(1.25) if random.random() < 1 / 900 else 0.0)
        away = exp(-0.9 * (log(fee) - log(1e10) - day - slow - burst))
        wanted = 15e6 * away * (0.35 + 0.65 * random.expovariate(1)) + 0.5 * left
        used = int(min(30e6, wanted))
        left = min(max(wanted - used, 0.0), 30e6)
        found.append(float(fee))
        fee = max(next_base_fee(fee, used, 30_000_000), 7)
    return found


def fee_series() -> Iterator[Fees]:
    """Read and make the series."""
    with (DATA / "eth_blocks_recent" / "blocks_2025_01_basefee.csv").open() as stream:
        known = [float(row["base_fee_per_gas"]) for row in csv.DictReader(stream)]
    yield Fees("base fees, 81 blocks of Jan 2025", known, 12.0, (20,))
    with (DATA / "eth_blocks_recent" / "blocks_2025_07.csv").open() as stream:
        rows = [(int(row["gas_used"]), int(row["gas_limit"])) for row in csv.DictReader(stream)]
    fees = [10**9]
    for used, limit in rows[:-1]:
        fees.append(next_base_fee(fees[-1], used, limit))
    yield Fees("by the rule, 1,001 blocks of Jul 2025", list(map(float, fees)), 12.0, (25, 50))
    yield Fees("simulated base fees, 60,000 blocks", simulated_fees(60_000, 1), 12.0, (50, 300))
    with (DATA / "eth_gas_price_daily" / "avg_gas_price.csv").open() as stream:
        prices = [float(row["Value (Wei)"]) for row in csv.DictReader(stream)]
    prices = [price for price in prices if price > 0]
    yield Fees("daily gas price, 2015 to 2023", prices, 86_400.0, (7, 28))
    blocks = pq.read_table(DATA / "eth_block_fees_2021" / "block_fees.parquet")
    paid = [
        float(bundle) + float(other)
        for bundle, other in zip(
            blocks["bundle_gas_fee_gwei"].to_pylist(),
            blocks["other_gas_fee_gwei"].to_pylist(),
            strict=True,
        )
    ]
    cut = LONDON - FIRST
    for name, part in (("before", paid[:cut]), ("after", paid[cut:])):
        medians = [median(part[at : at + 100]) for at in range(0, len(part) - 99, 100)]
        yield Fees(f"block income 2021, {name} London, by 100", medians, 1_330.0, (16, 65))


def loads(seed: int = 1) -> dict[str, list[float]]:
    """Make arrivals, rising seconds: steady ones, bursts, days of five minutes, and in step."""
    random = Random(seed)
    found: dict[str, list[float]] = {}
    for rate, count in ((2.0, 4_000), (20.0, 8_000), (200.0, 20_000)):
        gaps = [random.expovariate(rate) for _ in range(count)]
        found[f"steady, {rate:g} a second"] = list(accumulate(gaps))
    found["bursts of about 20, one a second"] = _times(
        10_000, lambda _: random.expovariate(500 if random.random() < 0.95 else 1)
    )
    found["days of 5 minutes, 0.5 to 40 a second"] = _times(
        8_000, lambda now: random.expovariate(0.5 + 40 * max(0.0, sin(2 * pi * now / 300)) ** 2)
    )
    found["20 in 12 ms, every second"] = sorted(
        at + random.uniform(0, 0.012) for at in range(400) for _ in range(20)
    )
    return found


def _times(count: int, gap: Callable[[float], float]) -> list[float]:
    now, found = 0.0, []
    for _ in range(count):
        now += gap(now)
        found.append(now)
    return found


def measured_cost(rounds: int = 300) -> CommitCost:
    """Measure what a commit costs here: groups of 1 and of 32 records, nothing published."""
    contents = simulated(32)
    with scratch() as folder:
        os.environ["COUNTERFOIL_STATE"] = str(folder / "state")
        counterfoil.open(folder / "ledger", create=True).close()
        settings = folder / "ledger" / "counterfoil.toml"
        text = settings.read_text().replace("publish_interval_s = 0.2", "publish_interval_s = 60.0")
        settings.write_text(text)
        with counterfoil.open(folder / "ledger") as ledger:
            ledger.record(contents[0])
            spent = {}
            for group in (1, 32):
                cpu, wall, times = time.process_time(), time.perf_counter(), rounds // group + 20
                for _ in range(times):
                    for future in [ledger.record_later(one) for one in contents[:group]]:
                        future.result()
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                spent[group] = (cpu / times, wall / times)
    record_cpu, record_s = ((spent[32][at] - spent[1][at]) / 31 for at in (0, 1))
    return CommitCost(
        spent[1][0] - record_cpu, record_cpu, max(spent[1][1] - record_s, 1e-4), max(record_s, 1e-6)
    )


def anchors() -> None:
    """Print the share of the possible saving, and what a row of anchors costs."""
    rows, late = [], 0
    for series in fee_series():
        for wait in series.waits:
            trace = FeeTrace(series.values, wait, len(series.values) // 2, series.step_s)
            each, row = replay_each(trace), replay_row(trace)
            late += sum(one.late for found in (each, row) for one in found.values())
            once, least = each["at_once"].fee_paid, each["hindsight"].fee_paid
            names = ("fixed_interval", "threshold", "counterfoil")
            shares = [(once - each[name].fee_paid) / (once - least) for name in names]
            paid = [row[name].fee_paid / row["hindsight"].fee_paid for name in names]
            rows.append(
                [
                    f"{series.name}, {wait} steps",
                    f"{1 - least / once:.1%}",
                    *(f"{share:.1%}" for share in shares),
                    *(f"{one:.3f}" for one in (paid[0], paid[2])),
                ]
            )
    heads = ["", "possible", "fixed", "median", "ours", "row: fixed", "row: ours"]
    table(f"anchors on held-out fees; {late} deadlines missed", heads, rows)


def batches() -> None:
    """Print p95 wait and CPU a record for each policy, and how far ours is inside the front."""
    cost = measured_cost()
    rows = []
    for name, arrivals in loads().items():
        others = [replay_batches(arrivals, at_once, cost)]
        for every in TIMERS_S:
            others += [
                replay_batches(arrivals, policy, cost)
                for policy in (
                    fixed_interval(every),
                    *(size_or_timer(every, size) for size in (8, 64, 8_192)),
                )
            ]
        points = [(p95(one.waits), one.cpu_s / len(arrivals)) for one in others]
        for promise in PROMISES_S:
            found = replay_batches(arrivals, ours(promise), cost)
            timer = replay_batches(arrivals, size_or_timer(promise), cost)
            best = replay_batches(arrivals, foreseen(promise), cost)
            wait, spent = p95(found.waits), found.cpu_s / len(arrivals)
            least = min((cpu for other, cpu in points if other <= wait), default=spent)
            rows.append(
                [
                    f"{name}, {1e3 * promise:g} ms",
                    f"{1e3 * points[0][0]:.1f} / {1e6 * points[0][1]:.0f}",
                    f"{1e3 * p95(timer.waits):.1f} / {1e6 * timer.cpu_s / len(arrivals):.0f}",
                    f"{1e3 * wait:.1f} / {1e6 * spent:.0f}",
                    f"{1e3 * p95(best.waits):.1f} / {1e6 * best.cpu_s / len(arrivals):.0f}",
                    f"{spent / least - 1:+.1%}",
                ]
            )
    table(
        f"p95 wait, ms / CPU a record, µs; a commit {1e3 * cost.commit_cpu_s:.2f} ms and "
        f"{1e3 * cost.record_cpu_s:.2f} ms a record of CPU",
        ["", "at once", "timer", "ours", "hindsight", "inside"],
        rows,
    )


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if wanted in ("", "anchors"):
        anchors()
    if wanted in ("", "batches"):
        batches()

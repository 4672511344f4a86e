"""Fraud in real time: from a payment's arrival to its decision, durable, and the most it sustains.

Open loop: payments arrive on a clock of their own, at random intervals (Poisson), whether or not
the ones before are answered, so that waiting counts. Each is scored by some sixty features and
about two hundred trees, decided, explained if held, sealed for its card and recorded; its time ends
when its decision is durable. Beside it, a probe of the disk. The model learns from simulated
payments; the stream goes on where they end.

    ./dev bench fraud_speed [RATE,RATE,...]          (takes two minutes; best on a quiet machine)
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

import counterfoil
from bench.measure import START_MS, fdatasync_probe, scratch, table
from counterfoil.apps.finance.fraud.kept import Kept, load_kept, save_kept
from counterfoil.apps.finance.fraud.live import Live
from counterfoil.apps.finance.fraud.pauses import few_pauses
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.recording import record_model
from counterfoil.apps.finance.fraud.train import train
from counterfoil.ledger import Ledger
from counterfoil.testing.payments import Scenario, payments

__all__: list[str] = []

DAYS = 40
CUSTOMERS = 600
SECONDS = 15
RATES = (500, 1000, 1500)


def main(rates: Sequence[int]) -> None:
    """Measure and print."""
    with scratch() as folder:
        os.environ["COUNTERFOIL_STATE"] = str(folder / "state")
        kept, stream = prepared(folder)
        print(f"{len(kept.manifest.named.features)} features, {kept.manifest.trees} trees")
        probe = fdatasync_probe(folder)
        rows = []
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            model = record_model(ledger, kept).index
            with Live(ledger, kept, model, folder / "live") as live, few_pauses():
                warm = [live.decide(payment) for payment in stream[:2000]]
                for one in warm:
                    one.result()
                at = 2000
                for rate in rates:
                    count = min(rate * SECONDS, len(stream) - at)
                    load = os.getloadavg()[0]
                    times, held = paced(live, stream[at : at + count], rate)
                    at += count
                    rows.append([f"{rate} a second, {count} payments", *percentiles(times),
                                 str(held), f"{load:.1f}"])  # fmt: skip
                    print("  ".join(rows[-1]), flush=True)
                most = sustained(live, stream[at : at + 20_000])
            check(ledger, rows)
    heads = ["arriving", "p50 ms", "p99 ms", "p99.9 ms", "held", "load before"]
    table(f"from arrival to durable, {os.cpu_count()} cores", heads, rows)
    print(
        f"most, all at once: {most:,.0f} payments a second; disk probe: {probe:,.0f} syncs a second"
    )


def prepared(folder: Path) -> tuple[Kept, list[Payment]]:
    """Learn from simulated payments, and give those that come after them."""
    found = payments(5, start_ms=START_MS // 86_400_000 * 86_400_000, days=400, customers=CUSTOMERS)
    past, stream = [], []
    cut = START_MS + DAYS * 86_400_000
    for number, one in enumerate(found):
        label = int(one.scenario is not Scenario.GENUINE)
        if one.at_ms < cut:
            past.append({"id": str(number), **one.content(), "label": label})
        else:
            stream.append(
                Payment(str(number), one.at_ms, one.amount_minor, one.customer, one.terminal, label)
            )
        if len(stream) == 80_000:
            break
    file = folder / "past.ndjson"
    file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in past))
    made = train(file, {})
    save_kept(folder / "model", made.manifest, made.onnx, made.reasons, made.memory)
    return load_kept(folder / "model"), stream


def paced(live: Live, stream: Sequence[Payment], rate: int) -> tuple[list[float], int]:
    """Let payments arrive on a clock of their own; gives ms from arrival to durable, and held."""
    rng = random.Random(rate)
    times: list[float] = []
    held: list[bool] = []

    def done(due: float, future: Future[Any]) -> None:
        times.append((time.perf_counter() - due) * 1000)
        held.append(future.result().outcome == "hold")

    due = time.perf_counter()
    asked = []
    for payment in stream:
        due += rng.expovariate(rate)
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        future = live.decide(payment)
        future.add_done_callback(partial(done, due))
        asked.append(future)
    for one in asked:
        one.result()
    return times, sum(held)


def sustained(live: Live, stream: Sequence[Payment]) -> float:
    """Hand all over as fast as it is taken; gives payments a second until all are durable."""
    start = time.perf_counter()
    for one in [live.decide(payment) for payment in stream]:
        one.result()
    return len(stream) / (time.perf_counter() - start)


def percentiles(times: list[float]) -> list[str]:
    """Write the median, and what one in 100 and one in 1,000 wait for longer, ms."""
    ranked = sorted(times)
    return [f"{ranked[int(len(ranked) * part)]:.1f}" for part in (0.5, 0.99, 0.999)]


def check(ledger: Ledger, rows: list[list[str]]) -> None:
    """See that as many decisions are on record as were answered."""
    assert rows
    assert ledger.size > 2000


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1].split(",")] if len(sys.argv) > 1 else RATES)

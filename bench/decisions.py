"""Decisions: what recording costs whoever decides, beside the bare model call and a disk probe.

The model is LightGBM with 100 trees on 14 features. Each figure is measured in the caller's
thread: `paced` at about 200 decisions a second, as a service has them, `at once` as fast as one
thread can. In the background means that the block ends when the decision is queued; waiting, when
it is durable; as a guest, that another process owns the ledger, seals and writes. The rate is of
decisions that are durable, the inputs sealed for 1,000 people.

    ./dev bench decisions [DECISIONS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import counterfoil
from bench.measure import fdatasync_probe, scratch, table
from counterfoil.ledger import Ledger
from counterfoil.provenance.models import Scorer, open_artefact, open_scorer

__all__: list[str] = []

FEATURES = tuple(f"feature-{number:02}" for number in range(14))
PEOPLE = 1000
PAUSE_S = 0.005
PACED = 600

Decide = Callable[[dict[str, Any], int], None]


def main(decisions: int) -> None:
    """Measure and print the tables."""
    scorer, rows = _model(decisions)
    with scratch() as folder:
        os.environ["COUNTERFOIL_STATE"] = str(folder / "state")
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            _as_owner(folder, ledger, scorer, rows, decisions)
        with _owned(folder / "ledger") as guest:
            _as_guest(guest, scorer, rows[:decisions])


def _as_owner(
    folder: Path, ledger: Ledger, scorer: Scorer, rows: list[dict[str, Any]], decisions: int
) -> None:
    before = fdatasync_probe(folder)
    _record_model(ledger, scorer)
    ways: list[tuple[str, Decide]] = [
        ("the bare model call", lambda row, _: _bare(scorer, row)),
        ("in the background, inputs open", lambda row, _: _decide(ledger, scorer, row)),
        (
            "in the background, inputs sealed",
            lambda row, n: _decide(ledger, scorer, row, person=f"C-{n % PEOPLE}"),
        ),
        (
            "waiting, inputs sealed",
            lambda row, n: _decide(ledger, scorer, row, person=f"C-{n % PEOPLE}", wait=True),
        ),
    ]
    paced = [(name, _latencies(ledger, way, rows[:PACED], PAUSE_S)) for name, way in ways]
    tight = [(name, _latencies(ledger, way, rows[:decisions], 0.0)) for name, way in ways[:3]]
    rates = [(name, _rate(ledger, way, rows[:decisions])) for name, way in ways[1:3]]
    size = len(ledger.entry(_one(ledger, scorer, rows[0])))
    probe = (before + fdatasync_probe(folder)) / 2
    for title, found in ((f"paced, {PACED} decisions", paced), (f"at once, {decisions}", tight)):
        _print(f"microseconds in the caller's thread, {title}, {os.cpu_count()} cores", found)
    table(
        f"decisions durable, {decisions} by one thread; an entry of 14 sealed inputs: {size} bytes",
        ["", "decisions/s", "of the probe"],
        [
            ["fdatasync probe: appends of 4 kB, one by one", f"{probe:,.0f}", "1.00"],
            *[[name, f"{rate:,.0f}", f"{rate / probe:.2f}"] for name, rate in rates],
        ],
    )


def _as_guest(ledger: Ledger, scorer: Scorer, rows: list[dict[str, Any]]) -> None:
    def decide(row: dict[str, Any], number: int) -> None:
        _decide(ledger, scorer, row, person=f"C-{number % PEOPLE}")

    base = _latencies(ledger, lambda row, _: _bare(scorer, row), rows, 0.0)
    found = [("the bare model call", base), ("as a guest", _latencies(ledger, decide, rows, 0.0))]
    _print(f"the same at once, {len(rows)}, where another process owns the ledger", found)
    print(f"as a guest, inputs sealed: {_rate(ledger, decide, rows):,.0f} decisions/s")


@contextmanager
def _owned(folder: Path) -> Iterator[Ledger]:
    """Have another process own a ledger, and open it as its guest."""
    script = "import sys, counterfoil; l = counterfoil.open(sys.argv[1]); print(); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        owner.stdout.readline()
        with counterfoil.open(folder) as guest:
            yield guest
        owner.stdin.close()


def _model(count: int) -> tuple[Scorer, list[dict[str, Any]]]:
    lightgbm = import_module("lightgbm")
    random = np.random.default_rng(5)
    x = random.normal(size=(max(count, 4000), len(FEATURES)))
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(x[:4000], y[:4000], feature_name=list(FEATURES))
    text: str = lightgbm.train(settings, data, 100).model_to_string()
    scorer = open_scorer(open_artefact(text.encode()), outcomes=("grant", "hold"))
    return scorer, [dict(zip(FEATURES, map(float, row), strict=True)) for row in x]


def _record_model(ledger: Ledger, scorer: Scorer) -> None:
    fields = {
        "name": "credit",
        "format": "lightgbm",
        "digest": scorer.digest,
        "size": scorer.artefact.size,
        "features": list(FEATURES),
        "outcomes": list(scorer.outcomes),
        "accountable": {"name": "Ada Lovelace"},
    }
    ledger.record_statement("model", fields)


def _bare(scorer: Scorer, row: dict[str, Any]) -> None:
    scorer.score(row)


def _decide(ledger: Ledger, scorer: Scorer, row: dict[str, Any], **options: Any) -> None:
    with ledger.decision(scorer, row, purpose="credit", threshold=0.5, **options):
        pass


def _one(ledger: Ledger, scorer: Scorer, row: dict[str, Any]) -> int:
    with ledger.decision(scorer, row, person="C-1", purpose="credit", threshold=0.5) as made:
        pass
    assert made.recorded is not None
    return made.recorded.result()


def _latencies(
    ledger: Ledger, decide: Decide, rows: list[dict[str, Any]], pause_s: float
) -> list[float]:
    """Time each decision, microseconds; the queue is empty before and drained afterwards."""
    found = []
    for number, row in enumerate(rows):
        if pause_s:
            time.sleep(pause_s)
        start = time.perf_counter_ns()
        decide(row, number)
        found.append((time.perf_counter_ns() - start) / 1000)
    ledger.decisions.flush()
    return sorted(found)


def _rate(ledger: Ledger, decide: Decide, rows: list[dict[str, Any]]) -> float:
    start = time.perf_counter()
    for number, row in enumerate(rows):
        decide(row, number)
    ledger.decisions.flush()
    return len(rows) / (time.perf_counter() - start)


def _print(title: str, found: list[tuple[str, list[float]]]) -> None:
    """Print latencies; the first is what the others are compared with."""
    heads = ["", "p50", "p99", "p50 over bare", "p99 over bare"]
    table(title, heads, [[name, *_cells(times, found[0][1])] for name, times in found])


def _cells(times: list[float], base: list[float]) -> list[str]:
    p50, p99 = (times[int(len(times) * part)] for part in (0.5, 0.99))
    over = (p50 - base[len(base) // 2], p99 - base[int(len(base) * 0.99)])
    return [f"{value:,.0f}" for value in (p50, p99, *over)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)

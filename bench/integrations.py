"""Integrations: what a hook costs whoever is recorded, beside the same run without it.

Each pair is the same work in the same process, by turns, medians of several rounds. `in the way`
is measured in the caller's thread; `until durable` includes waiting for all of it to be written.

    ./dev bench integrations [COUNT]
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import counterfoil
from bench.measure import fdatasync_probe, scratch, table
from counterfoil.integrations.logs import LedgerHandler
from counterfoil.integrations.otel import CounterfoilSpanExporter
from counterfoil.integrations.sklearn import wrap
from counterfoil.ledger import Ledger

__all__: list[str] = []

ROUNDS = 5
HEADS = ["", "without µs", "with µs", "ratio", "until durable µs"]

Work = Callable[[int], None]
Done = Callable[[], Any]


def main(count: int) -> None:
    """Measure all of them; count: events a round."""
    with scratch() as folder:
        probe = fdatasync_probe(folder)
        with counterfoil.open(folder / "ledger", create=True) as ledger:
            rows = [_logging(ledger, count), _spans(ledger, count), _estimator(ledger, count)]
    table(f"{count} events a round; the disk syncs {probe:,.0f} times a second", HEADS, rows)


def _compare(name: str, count: int, plain: Work, hooked: Work, done: Done) -> list[str]:
    found: dict[str, list[float]] = {"plain": [], "hooked": [], "durable": []}
    for _ in range(ROUNDS):
        start = time.perf_counter()
        plain(count)
        middle = time.perf_counter()
        hooked(count)
        end = time.perf_counter()
        done()
        whole = time.perf_counter()
        found["plain"].append(middle - start)
        found["hooked"].append(end - middle)
        found["durable"].append(whole - middle)
    each = {key: statistics.median(times) / count * 1e6 for key, times in found.items()}
    ratio = each["hooked"] / each["plain"]
    cells = [each["plain"], each["hooked"], ratio, each["durable"]]
    return [name, *(f"{value:,.1f}" for value in cells)]


def _logging(ledger: Ledger, count: int) -> list[str]:
    quiet, told = logging.Logger("quiet"), logging.Logger("told")
    quiet.addHandler(logging.NullHandler())
    handler = LedgerHandler(ledger, queue=count * 2)
    told.addHandler(handler)

    def log(logger: logging.Logger, many: int) -> None:
        for number in range(many):
            logger.info("sold %d", number, extra={"order": number})

    row = _compare(
        "logging (to a NullHandler)",
        count,
        lambda many: log(quiet, many),
        lambda many: log(told, many),
        handler.flush,
    )
    assert handler.dropped == 0
    handler.close()
    return row


def _spans(ledger: Ledger, count: int) -> list[str]:
    exporter = CounterfoilSpanExporter(ledger)
    memory = BatchSpanProcessor(InMemorySpanExporter(), max_queue_size=count * 2)
    batches = BatchSpanProcessor(exporter, max_queue_size=count * 2)

    def trace(processor: BatchSpanProcessor) -> Work:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(processor)
        tracer = provider.get_tracer("bench")

        def spans(many: int) -> None:
            for number in range(many):
                with tracer.start_as_current_span("chat m") as span:
                    span.set_attribute("gen_ai.request.model", "m")
                    span.set_attribute("gen_ai.prompt", "a question of some length" * 8)
                    span.set_attribute("enduser.id", f"P-{number % 1000}")

        return spans

    row = _compare(
        "OpenTelemetry spans, sealed (to memory)",
        count,
        trace(memory),
        trace(batches),
        lambda: batches.force_flush(600_000),
    )
    assert exporter.dropped == 0
    return row


def _estimator(ledger: Ledger, count: int) -> list[str]:
    random = np.random.default_rng(7)
    rows = random.normal(size=(max(count, 200), 14))
    model = import_module("sklearn.linear_model").LogisticRegression()
    model.fit(rows, (rows[:, 0] > 0).astype(int))
    wrapped = wrap(model, ledger, "bench", strict=True)

    def ask(estimator: Any) -> Work:
        def one_by_one(many: int) -> None:
            for number in range(many):
                estimator.predict_proba(rows[number : number + 1])

        return one_by_one

    return _compare(
        "scikit-learn, a row a call", count, ask(model), ask(wrapped), ledger.decisions.flush
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)

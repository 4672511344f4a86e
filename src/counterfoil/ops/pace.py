"""Replay a trace: what each way of choosing the moment would have paid and made people wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated, Final

from counterfoil.errors import InputError
from counterfoil.ops.trace_files import Trace, read_trace
from counterfoil.pace.replay_batches import (
    BATCH_POLICIES,
    Batched,
    CommitCost,
    p95,
    replay_batches,
)
from counterfoil.pace.replay_fees import FeeTrace, Replayed, replay_each, replay_row
from counterfoil.ports import Channel, Param, Progress, no_progress

__all__ = [
    "ANCHOR_CPU_S",
    "Anchoring",
    "Batching",
    "PolicyFigures",
    "Simulated",
    "WaitFigures",
    "simulate",
]

ANCHOR_CPU_S: Final = 0.1
"""CPU seconds of one anchor on an embedded chain, as `bench/energy.py` measured."""

_WAIT_MAX: Final = 10**12
_STEPS: Final = 24  # the longest wait where none is given
_LEAD_S: Final = 60.0
_JUDGED_FROM: Final = 3  # a third of the rows is learned from only
_ARRIVALS_MAX: Final = 60_000
_RECEIPT_WAIT_MS: Final = 100


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """What a way of choosing the moment of anchors did.

    fee_paid: sum of the fees for one unit of gas, in the unit of the file. fee_mean: of an anchor.
    delay_*_s: seconds that what waits is not anchored. missed: how many waited longer than
    allowed. cpu_s: CPU seconds of anchors, as measured elsewhere, and of deciding, measured here.
    share_of_saving: of what hindsight saves over at once, how much this does; None where nothing
    can be saved.
    """

    fee_paid: float
    fee_mean: float
    anchors: int
    delay_mean_s: float
    delay_p95_s: float
    delay_max_s: float
    missed: int
    cpu_s: float
    share_of_saving: float | None


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Figures of anchoring. each: every start by itself; in_a_row: again and again.

    max_wait_s: the promise; lead_s: of it, kept for a block to take the anchor. begin: first row
    that is judged.
    """

    max_wait_s: float
    lead_s: float
    begin: int
    each: dict[str, PolicyFigures]
    in_a_row: dict[str, PolicyFigures]


@dataclass(frozen=True, slots=True)
class WaitFigures:
    """What a way of committing did. fee_paid is 0: commits cost time and energy only."""

    fee_paid: float
    commits: int
    delay_mean_s: float
    delay_p95_s: float
    delay_max_s: float
    missed: int
    cpu_s: float
    cpu_s_per_record: float


@dataclass(frozen=True, slots=True)
class Batching:
    """Figures of committing. receipt_wait_s: the promise. cost: what a commit was taken to cost."""

    receipt_wait_s: float
    records: int
    cost: CommitCost
    policies: dict[str, WaitFigures]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a replay found. step_s: usual seconds between two rows."""

    rows: int
    step_s: float
    anchoring: Anchoring | None
    batching: Batching | None
    notes: list[str] = field(default_factory=list)


def simulate(
    file: Annotated[
        Path, Param("CSV file (.gz, too), or - for standard input.", "FILE", holds="file")
    ],
    *,
    fee: Annotated[str | None, Param("The column with the fee of each row.", "COL")] = None,
    gas_used: Annotated[str | None, Param("The column with the gas used by blocks.", "COL")] = None,
    gas_limit: Annotated[str | None, Param("The column with blocks' gas limit.", "COL")] = None,
    arrivals: Annotated[
        str | None, Param("The column with how many records came in each row's step.", "COL")
    ] = None,
    time: Annotated[str | None, Param("The column with the times.", "COL")] = None,
    max_wait: Annotated[
        int | None, Param("Longest wait for an anchor, seconds; else 24 rows.", "SECONDS")
    ] = None,
    lead: Annotated[
        int | None, Param("Of that, kept for a block to take it; else at most 60.", "SECONDS")
    ] = None,
    receipt_wait: Annotated[
        int, Param("Longest wait of a record to be durable, milliseconds.", "MS")
    ] = _RECEIPT_WAIT_MS,
    progress: Progress = no_progress,
    channel: Channel,
) -> Simulated:
    """Replay a trace of fees or arrivals, and compare ways of choosing the moment.

    Columns that are not named are found by their usual names. Policies learn from the rows before
    alone; only hindsight sees all. Raises NotFound with code file.missing, InputError with code
    series.csv, series.column, series.order, trace.number, trace.empty or trace.wait.
    """
    for wait in (max_wait or 0, lead or 0, receipt_wait):
        _require_wait(wait)
    named = {
        "fee": fee,
        "gas_used": gas_used,
        "gas_limit": gas_limit,
        "arrivals": arrivals,
        "time": time,
    }
    trace = read_trace(file, named, channel)
    progress(trace.rows, trace.rows, "rows read")
    notes = list(trace.notes)
    anchoring = batching = None
    if trace.fees is not None:
        anchoring = _anchoring(trace, max_wait, lead)
    if trace.arrivals is not None or trace.fees is None:
        batching = _batching(trace, receipt_wait / 1_000, notes)
    return Simulated(trace.rows, trace.step_s, anchoring, batching, notes)


def _require_wait(wait: int) -> None:
    if not 0 <= wait < _WAIT_MAX:
        raise InputError(
            "trace.wait",
            f"expected a wait of 0 to {_WAIT_MAX}, found {wait}",
            hint="Give seconds, such as 600; for --receipt-wait milliseconds.",
        )


def _anchoring(trace: Trace, max_wait: float | None, lead_s: float | None) -> Anchoring:
    fees, step_s = trace.fees or [], trace.step_s
    longest_s = _STEPS * step_s if max_wait is None else max_wait
    if lead_s is None:  # rows that are coarser than blocks have room for the block in their step
        lead_s = min(_LEAD_S, longest_s / 4) if step_s <= _LEAD_S else 0.0
    horizon = min(max(int((longest_s - lead_s) / step_s + 1e-9), 0), max(len(fees) - 1, 0))
    begin = min(len(fees) // _JUDGED_FROM, len(fees) - 1 - horizon)
    replayed = FeeTrace(fees, horizon, begin, step_s, trace.arrivals)
    return Anchoring(
        longest_s,
        lead_s,
        begin,
        _figures(replay_each(replayed), step_s),
        _figures(replay_row(replayed), step_s),
    )


def _figures(found: Mapping[str, Replayed], step_s: float) -> dict[str, PolicyFigures]:
    once, least = found["at_once"].fee_paid, found["hindsight"].fee_paid
    figures = {}
    for name, one in found.items():
        anchors = len(one.stops)
        waits = [wait for wait, _ in one.waits]
        weight = sum(count for _, count in one.waits)
        total = sum(wait * count for wait, count in one.waits)
        saving = once - least
        figures[name] = PolicyFigures(
            fee_paid=one.fee_paid,
            fee_mean=one.fee_paid / max(anchors, 1),
            anchors=anchors,
            delay_mean_s=step_s * total / max(weight, 1),
            delay_p95_s=step_s * p95(waits),
            delay_max_s=step_s * max(waits, default=0),
            missed=one.late,
            cpu_s=round(anchors * ANCHOR_CPU_S + one.deciding_cpu_s, 6),
            share_of_saving=(once - one.fee_paid) / saving if saving > 0 else None,
        )
    return figures


def _batching(trace: Trace, promise_s: float, notes: list[str]) -> Batching:
    cost = CommitCost()
    came = _came(trace, notes)
    held_s = max(promise_s - cost.commit_s - 10 * cost.record_s, 0.0)
    policies = {}
    for name, make in BATCH_POLICIES.items():
        policy = make(held_s) if held_s > 0 else BATCH_POLICIES["at_once"](0.0)
        policies[name] = _waited(replay_batches(came, policy, cost), promise_s)
    return Batching(promise_s, len(came), cost, policies)


def _waited(done: Batched, promise_s: float) -> WaitFigures:
    count = max(len(done.waits), 1)
    return WaitFigures(
        fee_paid=0.0,
        commits=done.commits,
        delay_mean_s=sum(done.waits) / count,
        delay_p95_s=p95(done.waits),
        delay_max_s=max(done.waits, default=0.0),
        missed=sum(1 for wait in done.waits if wait > promise_s),
        cpu_s=done.cpu_s,
        cpu_s_per_record=done.cpu_s / count,
    )


def _came(trace: Trace, notes: list[str]) -> list[float]:
    """Tell when each record came, rising seconds; at chance within a row's step."""
    if trace.arrivals is None:
        times: Sequence[float] = trace.times or []
        return [at - times[0] for at in times[:_ARRIVALS_MAX]]
    total = sum(trace.arrivals)
    share = min(_ARRIVALS_MAX / total, 1.0) if total else 1.0
    if share < 1:
        notes.append(f"of each step the first {share:.3%} is replayed, at its full rate")
    random, found = Random(1), list[float]()  # noqa: S311  # no secret: the same each time
    for at, count in enumerate(trace.arrivals):
        due = count * share
        several = int(due) + (random.random() < due % 1)
        inside = sorted(random.random() * share * trace.step_s for _ in range(several))
        found += [at * trace.step_s + one for one in inside]
    return found

"""Say what a ledger costs in CPU time and energy, for each record, anchor and decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Layout
from counterfoil.ledger.config import load_config
from counterfoil.ledger.energy import DECIDING, Spent, read_spent
from counterfoil.ops.files import write_file
from counterfoil.ops.openmetrics import Counter, format_metrics
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ports import Param

__all__ = ["WATTS_PER_CORE", "Energy", "counters_of", "energy", "energy_of"]

WATTS_PER_CORE: Final = 7.0
"""Watts of one busy core where the machine does not tell: a server of 225 W and 32 cores."""

_WATTS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Energy:
    """What a ledger has cost, while this was counted.

    since_ms, updated_ms: Unix ms. entries: recorded meanwhile; anchors: begun; decisions: recorded.
    process_cpu_s: user and system seconds of whoever owned the ledger, whatever else they did.
    log_cpu_s: of the ledger's own threads alone, which order, store and publish; None where the
    system does not tell. cpu_s_per_entry: of the process. log_cpu_s_per_entry, cpu_s_per_anchor:
    of the ledger's threads. cpu_s_per_decision: of the thread that records decisions behind their
    callers' back, without what the callers did themselves and the log does after it; None where
    it recorded none. joules: of the process; joules_are: measured by the machine's own counter,
    or an estimate by watts_per_core.
    """

    since_ms: int
    updated_ms: int
    sessions: int
    entries: int
    anchors: int
    decisions: int
    process_cpu_s: float
    log_cpu_s: float | None
    cpu_s_per_entry: float | None
    log_cpu_s_per_entry: float | None
    cpu_s_per_anchor: float | None
    cpu_s_per_decision: float | None
    joules: float
    joules_per_entry: float | None
    joules_are: str
    watts_per_core: float


def energy(
    *,
    ledger: LedgerFolder = None,
    watts: Annotated[
        int | None, Param("Watts of one busy core, for the estimate; else 7.", "W")
    ] = None,
    openmetrics: Annotated[
        Path | None,
        Param("Write the totals here, too, for Prometheus to collect.", "FILE", holds="machine"),
    ] = None,
) -> Energy:
    """Say what a ledger has cost in CPU time and joules, in all and for each thing recorded.

    Joules are measured where the machine's counter can be read, else an estimate by its watts.
    Raises NotFound with code ledger.missing, ledger.unnamed or energy.none, InputError with code
    energy.watts, and as `write_file`.
    """
    if watts is not None and not 1 <= watts <= _WATTS_MAX:
        raise InputError(
            "energy.watts",
            f"expected 1 to {_WATTS_MAX} watts for a busy core, found {watts}",
            hint="A server's power by its cores is a fair guess.",
        )
    layout = Layout(find_ledger(ledger))
    spent = read_spent(layout)
    if spent is None:
        raise NotFound(
            "energy.none",
            "expected a ledger whose cost was counted, found none",
            hint="It is counted while something is recorded, and written down on close.",
        )
    per_core = WATTS_PER_CORE if watts is None else float(watts)
    if openmetrics is not None:
        origin = load_config(layout.config).origin
        write_file(openmetrics, format_metrics(counters_of(spent, per_core), {"ledger": origin}))
    return energy_of(spent, per_core)


def energy_of(spent: Spent, watts: float = WATTS_PER_CORE) -> Energy:
    """Work out figures from what was written down."""
    log_s = sum(spent.threads.get(name, 0.0) for name in ("sequencer", "publisher"))
    told = bool(spent.threads)
    measured_j, estimated_j = _joules(spent, watts)
    joules = measured_j + estimated_j
    return Energy(
        since_ms=spent.since_ms,
        updated_ms=spent.updated_ms,
        sessions=spent.sessions,
        entries=spent.entries,
        anchors=spent.anchors,
        decisions=spent.decisions,
        process_cpu_s=spent.process_cpu_s,
        log_cpu_s=round(log_s, 6) if told else None,
        cpu_s_per_entry=_each(spent.process_cpu_s, spent.entries),
        log_cpu_s_per_entry=_each(log_s, spent.entries) if told else None,
        cpu_s_per_anchor=_each(spent.threads["anchorer"], spent.anchors)
        if "anchorer" in spent.threads
        else None,
        cpu_s_per_decision=_each(spent.threads.get(DECIDING, 0.0), spent.behind),
        joules=round(joules, 3),
        joules_per_entry=_each(joules, spent.entries),
        joules_are="measured (RAPL, by share of work)" if _is_measured(spent) else "an estimate",
        watts_per_core=watts,
    )


def _is_measured(spent: Spent) -> bool:
    return spent.machine_j is not None and spent.machine_cpu_s > 0


def _joules(spent: Spent, watts: float) -> tuple[float, float]:
    """Work out the joules that were measured, and an estimate of those of the other CPU time."""
    counted_s = spent.machine_cpu_s if _is_measured(spent) else 0.0
    return spent.machine_j or 0.0, max(spent.process_cpu_s - counted_s, 0.0) * watts


def counters_of(spent: Spent, watts: float = WATTS_PER_CORE) -> list[Counter]:
    """Give the totals as counters for Prometheus."""
    measured, estimated = _joules(spent, watts)
    return [
        Counter(
            "counterfoil_cpu_seconds",
            "User and system time of the processes that owned the ledger.",
            {(): spent.process_cpu_s},
            unit="seconds",
        ),
        Counter(
            "counterfoil_thread_cpu_seconds",
            "CPU time of the ledger's own threads, part of the processes' time.",
            {(("thread", name),): value for name, value in sorted(spent.threads.items())},
            unit="seconds",
        ),
        Counter("counterfoil_entries", "Entries recorded meanwhile.", {(): spent.entries}),
        Counter("counterfoil_anchors", "Anchors begun meanwhile.", {(): spent.anchors}),
        Counter("counterfoil_decisions", "Decisions recorded meanwhile.", {(): spent.decisions}),
        Counter(
            "counterfoil_energy_joules",
            "Joules: by the machine's own counter, or an estimate by watts of a busy core.",
            {(("kind", "measured"),): measured, (("kind", "estimated"),): round(estimated, 6)},
            unit="joules",
        ),
    ]


def _each(total: float, count: int) -> float | None:
    return total / count if count else None

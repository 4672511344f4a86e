"""Say what a ledger costs in CPU time and energy, for each record, anchor and decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger import Layout
from counterfoil.ledger.energy import Spent, read_spent
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ports import Param

__all__ = ["WATTS_PER_CORE", "Energy", "energy", "energy_of"]

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
    of the ledger's threads. joules: of the process; joules_are: measured by the machine's own
    counter, or an estimate by watts_per_core.
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
) -> Energy:
    """Say what a ledger has cost in CPU seconds and joules, and for each entry and anchor.

    Joules are measured where the machine's counter can be read, else an estimate by its watts.
    Raises NotFound with code ledger.missing, ledger.unnamed or energy.none, InputError with code
    energy.watts.
    """
    if watts is not None and not 1 <= watts <= _WATTS_MAX:
        raise InputError(
            "energy.watts",
            f"expected 1 to {_WATTS_MAX} watts for a busy core, found {watts}",
            hint="A server's power by its cores is a fair guess.",
        )
    spent = read_spent(Layout(find_ledger(ledger)))
    if spent is None:
        raise NotFound(
            "energy.none",
            "expected a ledger whose cost was counted, found none",
            hint="It is counted while something is recorded, and written down on close.",
        )
    return energy_of(spent, WATTS_PER_CORE if watts is None else float(watts))


def energy_of(spent: Spent, watts: float = WATTS_PER_CORE) -> Energy:
    """Work out figures from what was written down."""
    log_s = sum(spent.threads.get(name, 0.0) for name in ("sequencer", "publisher"))
    told = bool(spent.threads)
    measured = spent.machine_j is not None and spent.machine_cpu_s > 0
    rest_s = spent.process_cpu_s - (spent.machine_cpu_s if measured else 0.0)
    joules = (spent.machine_j or 0.0) + max(rest_s, 0.0) * watts
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
        joules=round(joules, 3),
        joules_per_entry=_each(joules, spent.entries),
        joules_are="measured (RAPL, by share of work)" if measured else "an estimate",
        watts_per_core=watts,
    )


def _each(total: float, count: int) -> float | None:
    return total / count if count else None

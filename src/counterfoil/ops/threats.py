"""Search the tables of a chain for attacks on its users.

Every detector that is registered runs, and one for accounts near labelled ones where a list is
given. This module refuses to act on what is found: a score is a reason to look.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from counterfoil.errors import InputError
from counterfoil.ports import Finding, Param, Progress, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.metadata import EntryPoint

    from counterfoil.ports import ChainTables

__all__ = ["Threats", "threats"]

_SURE: Final = 100  # percent


@dataclass(frozen=True, slots=True)
class Threats:
    """What detectors found.

    findings: the strongest first. transactions: that were looked at. blocks: first and last
    number, or None where no transaction stands in one. detectors: name -> findings. known:
    labelled accounts of the lists; met: of these in the tables. notes: what else is to be known.
    """

    findings: list[Finding]
    transactions: int
    blocks: tuple[int, int] | None
    detectors: dict[str, int]
    known: int
    met: int
    seconds: float
    notes: list[str]


def threats(
    data: Annotated[
        tuple[Path, ...],
        Param(
            "A folder of `chain sync`, or files of one chain: Parquet, CSV, JSON.",
            "DATA",
            holds="tree",
        ),
    ],
    *,
    known: Annotated[
        tuple[Path, ...], Param("List of labelled accounts.", "FILE", holds="file")
    ] = (),
    least: Annotated[int, Param("Score from which on a finding is told, percent.", "P")] = 50,
    only: Annotated[tuple[str, ...], Param("Only this detector.", "NAME")] = (),
    progress: Progress = no_progress,
) -> Threats:
    """Find attacks on a chain's users: look-alikes, phished approvals, drains, pyramids and more.

    Detectors of other packages give what they give; ours are asked for scores of `least` on.
    Raises InputError with code threats.least, threats.detector or threats.known, and as
    `insight.opening.open_tables`.
    """
    from counterfoil.insight.opening import open_tables
    from counterfoil.insight.threats import read_known

    if not 0 <= least <= _SURE:
        raise InputError(
            "threats.least",
            f"expected a score from 0 to 100, found {least}",
            hint="From 50 on a finding is worth a look.",
        )
    began = clock.perf_counter()
    labels = read_known(known)
    chosen = _chosen(only, labels)
    with open_tables(*data) as tables:
        span = tables.sql("SELECT min(block_number), max(block_number) FROM transactions")
        first, last = (column[0].as_py() for column in span.columns)
        found: list[Finding] = []
        counts: dict[str, int] = {}
        for done, (name, run) in enumerate(chosen.items()):
            progress(done, len(chosen), "detectors done")
            ours = [one for one in run(tables, least / _SURE) if one.score * _SURE >= least]
            counts[name] = len(ours)
            found += ours
        return Threats(
            findings=sorted(found, key=lambda one: (-one.score, one.kind, one.account)),
            transactions=tables.count("transactions"),
            blocks=None if first is None else (first, last),
            detectors=counts,
            known=len(labels),
            met=_met(tables, labels),
            seconds=round(clock.perf_counter() - began, 3),
            notes=[*tables.notes, *_lacks(tables)],
        )


def _chosen(
    only: tuple[str, ...], labels: Mapping[str, str]
) -> dict[str, Callable[[ChainTables, float], Iterable[Finding]]]:
    from counterfoil.insight.detecting import detectors

    chosen: dict[str, Callable[[ChainTables, float], Iterable[Finding]]] = {
        point.name: partial(_run, point) for point in detectors()
    }
    if labels:
        chosen["bad-neighbour"] = partial(_near, labels)
    unknown = [name for name in only if name not in chosen]
    if unknown:
        raise InputError(
            "threats.detector",
            f"expected one of {', '.join(sorted(chosen))}, found {unknown[0][:60]!a}",
            hint="bad-neighbour needs a list: --known FILE.",
        )
    return {name: run for name, run in chosen.items() if not only or name in only}


def _run(point: EntryPoint, tables: ChainTables, least: float) -> Iterable[Finding]:
    """Run a registered detector; ours tell weaker findings, too, where they are asked."""
    from counterfoil.insight.detecting import findings_of

    detector = point.load()
    if "least" in signature(detector).parameters:
        found: Iterable[Finding] = detector(tables, least)
        return found
    return findings_of(tables, point)


def _near(labels: Mapping[str, str], tables: ChainTables, least: float) -> Iterable[Finding]:
    from counterfoil.insight.threats import known_bad

    return known_bad(tables, labels, least)


def _met(tables: ChainTables, labels: Mapping[str, str]) -> int:
    if not labels:
        return 0
    found = tables.sql(
        "SELECT from_address FROM transactions UNION SELECT to_address FROM transactions "
        "UNION SELECT from_address FROM token_transfers "
        "UNION SELECT to_address FROM token_transfers"
    )
    return len(labels.keys() & set(found.columns[0].to_pylist()))


def _lacks(tables: ChainTables) -> list[str]:
    """Say which tables are empty, for then some attacks cannot be seen."""
    seen = {
        "logs": "approvals are not seen",
        "token_transfers": "tokens are not seen",
        "transactions": "nothing but tokens is seen",
    }
    return [f"no {table}: {what}" for table, what in seen.items() if not tables.count(table)]

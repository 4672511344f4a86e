"""Run the detectors that packages brought in over a chain's tables, and gather what they found.

Registered through the entry point `counterfoil.chain_detectors`; see `ports.ChainDetector`. A
detector that fails with one of our errors is named in a note, and the others go on. This module
refuses to judge: a finding says why, and a person decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.insight.figures.figure import Figure, Result, made
from counterfoil.ports import ChainTables, Finding

__all__ = ["GROUP", "detectors", "findings_of", "suspicious"]

GROUP: Final = "counterfoil.chain_detectors"
"""Entry point group."""

_SHOWN: Final = 50
_EACH: Final = 1000
_HASHES: Final = 3


def detectors() -> list[EntryPoint]:
    """List the registered detectors by name."""
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def findings_of(tables: ChainTables, point: EntryPoint) -> list[Finding]:
    """Run one detector: at most 1,000 findings, the strongest first.

    Raises InputError with code insight.finding for what is none, and what the detector raises.
    """
    detector: Callable[[ChainTables], Iterable[object]] = point.load()
    found: list[Finding] = []
    for one in detector(tables):
        if not isinstance(one, Finding) or not 0 <= one.score <= 1:
            raise InputError(
                "insight.finding",
                f"expected findings with a score from 0 to 1 of {point.name}, found {one!a:.120}",
                hint="A detector yields counterfoil.ports.Finding.",
            )
        found.append(one)
        if len(found) == _EACH:
            break
    return sorted(found, key=_order)


def suspicious(tables: ChainTables) -> tuple[Result, list[str]]:
    """Run all detectors; give their findings as a figure, and notes on those that failed."""
    started = time.perf_counter()
    found: list[Finding] = []
    notes: list[str] = []
    points = detectors()
    for point in points:
        try:
            found += findings_of(tables, point)
        except CounterfoilError as err:
            notes.append(f"the detector {point.name} could not run: {err.message} ({err.code})")
    found.sort(key=_order)
    columns = ("account", "kind", "score", "why", "transactions")
    rows = [_row(one) for one in found[:_SHOWN]]
    figure = _figure(points, len(found))
    return made(figure, columns, rows, time.perf_counter() - started), notes


def _order(one: Finding) -> tuple[float, str, str]:
    return -one.score, one.account, one.kind


def _row(one: Finding) -> tuple[Any, ...]:
    return (one.account, one.kind, one.score, one.why, list(one.transactions[:_HASHES]))


def _figure(points: Sequence[EntryPoint], found: int) -> Figure:
    names = "\n".join(f"{point.name} = {point.value}" for point in points)
    if not points:
        about = "No detector is installed."
    elif found > _SHOWN:
        about = f"{found} findings; the {_SHOWN} strongest are shown."
    else:
        about = f"{found} findings."
    return Figure(
        name="suspicious-accounts",
        part="Suspicious accounts",
        title="What detectors found",
        about=f"{about} A score is a reason to look, no proof of anything.",
        query="",
        chart="findings",
        method=f"Detectors of {GROUP}:\n{names}" if names else "No detectors.",
    )

"""Compare what was recorded with what was computed again: scores to the bit, and explanations.

The same build of the same library must give the same bits; another one may differ within a stated
tolerance. This module refuses to compute either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.provenance.statements.decisions import Runtime

__all__ = ["TOLERANCE", "Difference", "Likeness", "compare_scores", "compare_shares", "same_build"]

TOLERANCE: Final = 1e-6
"""Largest difference between builds, relative to the larger of 1 and the recorded figure."""

Likeness = Literal["identical", "within-tolerance", "different"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not the same. recorded, recomputed: None where it is not there."""

    name: str
    recorded: float | None
    recomputed: float | None


def same_build(recorded: Runtime | None, now: Runtime) -> bool:
    """Tell whether the same build on a machine of the same kind computes now."""
    return recorded == now


def compare_scores(
    recorded: float, recomputed: float, tolerance: float, *, exact: bool
) -> Likeness:
    """Compare a score. exact: nothing but the same bits will do."""
    if recorded == recomputed:
        return "identical"
    if not exact and abs(recorded - recomputed) <= tolerance * max(1.0, abs(recorded)):
        return "within-tolerance"
    return "different"


def compare_shares(
    recorded: Mapping[str, float], recomputed: Mapping[str, float], tolerance: float
) -> tuple[Likeness, tuple[Difference, ...]]:
    """Compare the base and shares of an explanation, by name; the largest difference first."""
    differences = [
        Difference(name, recorded.get(name), recomputed.get(name))
        for name in {**recorded, **recomputed}
        if recorded.get(name) != recomputed.get(name)
    ]
    if not differences:
        return "identical", ()
    differences.sort(key=_size, reverse=True)
    within = all(
        _size(one) <= tolerance * max(1.0, abs(one.recorded or 0.0)) for one in differences
    )
    return ("within-tolerance" if within else "different"), tuple(differences)


def _size(one: Difference) -> float:
    if one.recorded is None or one.recomputed is None:
        return float("inf")
    return abs(one.recorded - one.recomputed)

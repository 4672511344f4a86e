"""What a scorer asks of the library that runs a model: values for rows, and reasons if it can.

One engine a format; `Scorer` does what is the same for all. This module refuses to run anything.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from counterfoil.provenance.models.inputs import Columns
from counterfoil.provenance.statements.decisions import Runtime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Contributions", "Engine", "Linear", "runtime_of"]

_WIDE: Final = ("avx512f", "avx2", "avx", "asimd", "neon")


@dataclass(frozen=True, slots=True)
class Contributions:
    """What an engine says of one raw score: base + sum(shares) is it. unit: such as `log-odds`."""

    method: str
    unit: str
    base: float
    shares: list[float]


@dataclass(frozen=True, slots=True)
class Linear:
    """A model that is linear in its features: raw = intercept + coefficients . values.

    mean: what the features are compared with, where the model knows it; what: says where from.
    """

    coefficients: list[float]
    intercept: float
    unit: str
    mean: list[float] | None = None
    what: str = ""


class Engine(Protocol):
    """Runs one model.

    columns: its features. outcomes: what it can say; none for a number. runtime: what runs it.
    unit: of its values, `probability` or `score`.
    """

    columns: Columns
    outcomes: tuple[str, ...]
    runtime: Runtime
    unit: str

    def values(self, rows: Sequence[Sequence[Any]]) -> Floats:
        """Compute (n, k) values of n checked rows: one an outcome, or one for a number."""

    def contributions(self, row: Sequence[Any], target: int) -> Contributions | None:
        """Explain the raw score of an outcome exactly; None where it cannot."""

    def linear(self, target: int) -> Linear | None:
        """Read the model's coefficients for an outcome; None where it is not linear."""


@cache
def runtime_of(package: str) -> Runtime:
    """Describe a library on this machine: its widest vector unit is part of what it computes."""
    return Runtime(package, version(package), machine=_machine())


def _machine() -> str:
    flags: set[str] = set()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                flags = set(line.partition(":")[2].split())
                break
    except OSError:
        pass  # not Linux: the architecture says it
    wide = next((name for name in _WIDE if name in flags), "")
    return f"{platform.system()} {platform.machine()} {wide}".rstrip()

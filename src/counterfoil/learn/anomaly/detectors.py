"""The detectors that come with the package, and those that others bring in.

This module refuses to choose by how a detector did on anybody's labels.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from counterfoil.errors import InputError
from counterfoil.learn.anomaly.ensemble import Ensemble
from counterfoil.learn.anomaly.forests import CutForest
from counterfoil.learn.anomaly.gaussian import WindowedGaussian
from counterfoil.learn.anomaly.halfspace import HalfSpaceTrees
from counterfoil.learn.anomaly.levels import Level
from counterfoil.learn.anomaly.seasonal import SeasonalResidual
from counterfoil.ports import Detector

__all__ = ["GROUP", "auto", "detector", "gaussian", "half_space_trees", "random_cut_forest"]

GROUP: Final = "counterfoil.detectors"
"""Entry point group."""


def auto() -> Ensemble:
    """Make the detector that is used unless another is named: shape, season and level.

    Chosen once, among all mixes of up to four of eight models, by the Numenta Anomaly Benchmark's
    score with each folder of series left out in turn; `docs/guides/anomalies.md` has the figures.
    """
    return Ensemble({"shape": lambda: CutForest(4), "season": SeasonalResidual, "level": Level})


def random_cut_forest() -> Ensemble:
    """Make a random cut forest over shapes of 8 values, ranked among what came before."""
    return Ensemble({"shape of 8": lambda: CutForest(8, trees=50)}, repeat=True)


def half_space_trees() -> Ensemble:
    """Make half-space trees over shapes of 8 values, ranked among what came before."""
    return Ensemble({"half-space trees": lambda: HalfSpaceTrees(8)}, repeat=True)


def gaussian() -> Ensemble:
    """Make a windowed Gaussian, ranked among what came before."""
    return Ensemble({"gaussian": WindowedGaussian}, repeat=True)


def detector(name: str) -> Detector:
    """Make a detector by the name of its entry point.

    Raises InputError with code learn.detector for a name that nobody registered.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise InputError(
            "learn.detector",
            f"expected one of {', '.join(sorted(found))}, found {name!a}",
            hint="Packages bring detectors in through the entry point counterfoil.detectors.",
        )
    made: Detector = found[name].load()()
    return made

"""The forecasters that packages brought in, through the entry point `counterfoil.forecasters`.

This module refuses to choose one by how it did on anybody's series.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from counterfoil.errors import InputError
from counterfoil.ports import Forecaster

__all__ = ["GROUP", "forecaster"]

GROUP: Final = "counterfoil.forecasters"
"""Entry point group."""


def forecaster(name: str) -> Forecaster:
    """Make a forecaster by the name of its entry point.

    Raises InputError with code learn.forecaster for a name that nobody registered.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise InputError(
            "learn.forecaster",
            f"expected one of {', '.join(sorted(found))}, found {name!a}",
            hint="Packages bring forecasters in through the entry point counterfoil.forecasters.",
        )
    made: Forecaster = found[name].load()()
    return made

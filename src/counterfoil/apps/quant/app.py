"""The quant app, as it is registered: names of what it brings, none of it loaded.

Its story commits forecasts before their outcome and proves afterwards that none was left out; see
`story`. No money and no goods move by a forecast, so that it has no contract.
"""

from __future__ import annotations

from typing import Final

from counterfoil.ports import App

__all__ = ["APP"]

APP: Final = App(
    name="quant",
    summary="Forecasts committed before the outcome: a track record that cannot be made up.",
    demo="counterfoil.apps.quant.story:demo",
    learning="counterfoil.apps.quant.learning:learning",
    predicates=(
        "counterfoil.apps.quant.records:COMMITMENT",
        "counterfoil.apps.quant.records:REVEAL",
        "counterfoil.apps.quant.records:CUT",
    ),
    extra="quant",
)
"""What the entry point `counterfoil.apps` names."""

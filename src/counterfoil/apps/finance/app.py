"""The finance app, as it is registered: names of what it brings, none of it loaded.

Its story is one of card payments: a model learns which are fraud, decides a stream, an escrow holds
what it says, a person decides, and everything is proven offline; see `story`.
"""

from __future__ import annotations

from typing import Final

from counterfoil.ports import App

__all__ = ["APP"]

APP: Final = App(
    name="finance",
    summary="Payments: fraud, sanctions and names, messages, laundering in graphs.",
    demo="counterfoil.apps.finance.story:demo",
    learning="counterfoil.apps.finance.learning:learning",
    predicates=("counterfoil.apps.finance.held.records:ESCROWED_PAYMENT",),
    groups=("case", "rules"),
    contracts=("decision_gate", "escrow"),
    attempts="counterfoil.apps.finance.attempts:attempts",
    explained=("hold",),
    personal=(
        "card_count_1d",
        "card_mean_7d",
        "card_mean_30d",
        "card_since_h",
        "card_hour_share",
        "card_of_median",
    ),
    extra="chain,finance",
)
"""What the entry point `counterfoil.apps` names."""

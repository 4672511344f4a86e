"""The supply app, as it is registered: names of what it brings, none of it loaded.

Its story goes from a farm to a shop: four organisations witness each other, a fridge fails, a
contract orders and pays on proven decisions, a lie is caught, and a shopper checks; see `story`.
"""

from __future__ import annotations

from typing import Final

from counterfoil.ports import App

__all__ = ["APP"]

APP: Final = App(
    name="supply",
    summary="Supply chains: events, traces, spoilage, delay, demand, routes, orders, labels.",
    demo="counterfoil.apps.supply.story:demo",
    learning="counterfoil.apps.supply.learning:learning",
    predicates=(
        "counterfoil.apps.supply.events.records:SUPPLY_EVENT",
        "counterfoil.apps.supply.events.records:SUPPLY_MASTER",
        "counterfoil.apps.supply.events.sensors:SENSOR_BATCH",
        "counterfoil.apps.supply.events.sensors:SENSOR_DEVICE",
        "counterfoil.apps.supply.records:SUPPLY_OUTCOME",
        "counterfoil.apps.supply.shopper.listing:SUPPLY_LABEL",
        "counterfoil.apps.supply.orders.records:SUPPLY_AGREEMENT",
        "counterfoil.apps.supply.orders.records:SUPPLY_ORDER",
    ),
    contracts=("decision_gate", "escrow", "reorder_desk"),
    attempts="counterfoil.apps.supply.attempts:attempts",
    replay="counterfoil.apps.supply.replaying:replay",
    extra="chain,supply",
)
"""What the entry point `counterfoil.apps` names."""

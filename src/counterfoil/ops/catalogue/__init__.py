"""The catalogue of operations, a file for each subject; listing them loads none."""

from typing import Final

from counterfoil.ops.catalogue import (
    access,
    acting,
    agents,
    apps,
    cases,
    chain,
    chain_threats,
    checks,
    data,
    finance,
    lineage,
    log,
    models,
    pace,
    parties,
    people,
    quant,
    scitt,
    supply,
    supply_forecasts,
    supply_plans,
    watch,
)
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    *log.OPERATIONS,
    *data.OPERATIONS,
    *models.OPERATIONS,
    *people.OPERATIONS,
    *checks.OPERATIONS,
    *lineage.OPERATIONS,
    *parties.OPERATIONS,
    *watch.OPERATIONS,
    *pace.OPERATIONS,
    *chain.OPERATIONS,
    *chain_threats.OPERATIONS,
    *finance.OPERATIONS,
    *cases.OPERATIONS,
    *apps.OPERATIONS,
    *quant.OPERATIONS,
    *supply.OPERATIONS,
    *supply_forecasts.OPERATIONS,
    *supply_plans.OPERATIONS,
    *acting.OPERATIONS,
    *agents.OPERATIONS,
    *access.OPERATIONS,
    *scitt.OPERATIONS,
)
"""Every operation, in the order in which help lists them."""
